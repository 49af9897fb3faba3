"""Attention over training and depth, and of raw beside masked images, on the same films."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from typer.testing import CliRunner, Result

from leanlung.attention import Panel, find_layer, overlay, spread_layers
from leanlung.cli.app import app
from leanlung.exports import Bundle, save_bundle
from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import read_table, write_table
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import ImageSet, PixelSpec, PixelStatistics
from leanlung.runs import Options, run
from leanlung.runs.folder import kept_epoch
from leanlung.runs.stages import fitting
from leanlung.training import TrainingPlan, fit

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.networks import Classifier


def explained(*words: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, words), "--resamples", "200"])


def told(*words: object) -> dict[str, Any]:
    result = explained(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def tower() -> nn.Module:
    """Eight convolutions, each with its activation, pooled after every second."""
    layers: list[nn.Module] = []
    for n in range(8):
        layers += [nn.Conv2d(1 if n == 0 else 4, 4, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if n in (1, 3, 5) else []
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()


def test_depths_are_spread_evenly_and_end_with_the_deepest_maps() -> None:
    network, images = tower(), torch.rand(1, 1, 32, 32)
    # Convolutions are at 0 2 | 5 7 | 10 12 | 15 17; of eight, numbers 2, 4, 6 and 8, each with
    # the activation behind it and without the pooling that follows.
    found = spread_layers(network, images, 4)
    assert [layer.name for layer in found] == ["3", "8", "13", "18"]
    assert [layer.shape[1] for layer in found] == [32, 16, 8, 4]
    assert spread_layers(network, images, 1) == (find_layer(network, images),)
    assert len(spread_layers(network, images, 99)) == 8


def test_a_grid_has_its_rows_below_each_other() -> None:
    film = np.zeros((20, 30), dtype=np.float32)
    bright = np.ones((20, 30), dtype=np.float32)
    panels = [Panel("a"), Panel("b"), Panel("c", film=bright)]
    drawn = np.frombuffer(overlay(film, panels, {}, columns=2), np.uint8)
    picture = cv2.imdecode(drawn, cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (2 * (20 + 18), 2 * 30, 3)
    assert (picture[20 + 36 :, :30] == 255).all()  # c shows a film of its own
    assert not picture[38:, 30:].any()


RECIPE = ("prune.rounds=0", "train.epochs=4", "train.keep_epochs=[1, 3, 9]")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, small_films: Path) -> Path:
    """A finished run that kept epochs 1 and 3; 9 was never reached."""
    options = Options(
        data=small_films / "data", out=tmp_path_factory.mktemp("kept"), device="cpu",
        changes=(*RECIPE, "report.films=false"),
    )  # fmt: skip
    return run(small_films / "small.toml", options).path


def test_epochs_are_kept_beside_the_fitted_network_and_others_told(kept: Path) -> None:
    fitted = kept / "seed-0" / "2-fit" / "separable_cnn"
    assert sorted(path.name for path in (fitted / "epochs").iterdir()) == [
        "epoch-01",
        "epoch-03",
    ]
    candidate = json.loads((fitted / "candidate.json").read_text())
    assert (candidate["epochs_kept"], candidate["epochs_not_reached"]) == ([1, 3], [9])
    first, third = (load_file(kept_epoch(fitted, n)) for n in (1, 3))
    assert first.keys() == third.keys() == load_file(fitted / "network.safetensors").keys()
    assert any(not torch.equal(first[name], third[name]) for name in first)


def test_a_fit_keeps_the_network_as_each_epoch_leaves_it() -> None:
    images = ImageSet(
        torch.arange(8 * 64, dtype=torch.uint8).reshape(8, 8, 8) % 251,
        torch.arange(8),
        torch.tensor([0, 1] * 4),
    )
    plan = TrainingPlan(epochs=3, batch=4, keep_epochs=(1, 3))
    taken: dict[int, torch.Tensor] = {}

    def keep(network: nn.Module, number: int) -> None:
        taken[number] = network.get_parameter("1.weight").detach().clone()

    def fitted(epochs: int, **more: Any) -> torch.Tensor:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
        asked = plan.model_copy(update={"epochs": epochs})
        fit(
            network, images, plan=asked, statistics=PixelStatistics(0.5, 0.2), channels=1,
            validate=lambda _: {"log_likelihood": 0.0}, seeds=Seeds(1), keep="last",
            device=torch.device("cpu"), **more,
        )  # fmt: skip
        return network.get_parameter("1.weight").detach()

    last = fitted(3, keep_epoch=keep)
    assert sorted(taken) == [1, 3]
    torch.testing.assert_close(taken[3], last, rtol=0, atol=0)
    torch.testing.assert_close(taken[1], fitted(1, keep_epoch=lambda *_: None), rtol=0, atol=0)
    with pytest.raises(TrainingError, match="keep_epochs keeps epochs"):
        fitted(1)


def test_a_fit_interrupted_goes_on_with_the_epochs_it_had_kept(
    kept: Path, small_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(
        data=small_films / "data", out=tmp_path, device="cpu", until="fit",
        changes=(*RECIPE, "report.films=false"),
    )  # fmt: skip
    numbers: list[int] = []
    whole = fitting.store

    def stopped(file: Path, network: Classifier) -> None:
        numbers.append(int(file.parent.name.removeprefix("epoch-")))
        if numbers == [1, 3]:  # in the third epoch, before anything of it is written
            raise KeyboardInterrupt
        whole(file, network)

    monkeypatch.setattr(fitting, "store", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(small_films / "small.toml", options)
    again = run(small_films / "small.toml", options).path
    assert numbers == [1, 3, 3]  # the first was not fitted again
    there, here = (path / "seed-0" / "2-fit" / "separable_cnn" for path in (kept, again))
    for number in (1, 3):
        expected, found = (load_file(kept_epoch(fit, number)) for fit in (there, here))
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


def test_epochs_and_layers_make_a_grid_and_a_table(
    kept: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    common = ["--data", small_films / "data", "--boxes", lesions, "--limit", 5, "--overlays", 2]
    found = told(kept, "--epochs", "--depths", 2, *common, "--out", tmp_path / "grid")
    layers = [found["layers"][name] for name in found["models"]]
    assert layers[:2] == layers[2:]
    assert len(set(layers)) == 2
    assert any("before epochs [9]" in note for note in found["told"])
    table = read_table(tmp_path / "grid" / "layers.csv")
    assert [row["network"] for row in table if row["measure"] == "share"] == [
        "epoch 1", "epoch 1", "epoch 3", "epoch 3"
    ]  # fmt: skip
    [first] = [
        m
        for m in found["models"][f"epoch 1, {layers[0]}"]["measures"]
        if (m["region"], m["measure"]) == ("boxes", "iou")
    ]
    [row] = [
        row
        for row in table
        if (row["network"], row["layer"], row["measure"]) == ("epoch 1", layers[0], "iou")
    ]
    assert float(row["value"]) == pytest.approx(first["estimate"]["value"])
    assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    drawn = sorted((tmp_path / "grid" / "overlays").glob("*.png"))
    assert len(drawn) == 2
    picture = cv2.imread(str(drawn[0]))
    assert picture is not None
    assert picture.shape == (2 * (48 + 18), 3 * 48, 3)  # film and two layers; two epochs
    # The deepest layer of an epoch is what it gives when no layer is named.
    plain = told(kept, "--epochs", *common, "--out", tmp_path / "plain")
    shares = {
        name: [m["estimate"]["value"] for m in one["measures"]]
        for name, one in (plain["models"] | found["models"]).items()
    }
    assert shares["epoch 3"] == pytest.approx(shares[f"epoch 3, {layers[1]}"])


def test_layers_named_make_columns_of_every_network_and_pairs(
    kept: Path, small_films: Path, tmp_path: Path
) -> None:
    spec = NetworkSpec("separable_cnn", 2, size=32)
    for seed, name in enumerate("ab"):
        torch.manual_seed(seed)
        bundle = Bundle(
            name, build(spec).eval(), spec, ("upper", "lower"), PixelSpec(size=32),
            PixelStatistics(0.4, 0.2),
        )  # fmt: skip
        save_bundle(tmp_path / name, bundle)
    shown = spread_layers(build(spec).eval(), torch.zeros(1, 3, 32, 32), 2)
    names = [word for layer in shown for word in ("--layer", layer.name)]
    found = told(
        tmp_path / "b", "--baseline", tmp_path / "a", *names, "--limit", 2,
        "--data", small_films / "data", "--out", tmp_path / "out",
    )  # fmt: skip
    expected = [f"{name}, {layer.name}" for name in "ba" for layer in shown]
    assert list(found["models"]) == expected
    for flags, message in (
        (["--layer", shown[0].name, "--depths", 2], "give one of them"),
        (["--depths", 2, "--method", "lime"], "LIME looks at no layer"),
        (["--epochs"], "--epochs looks at one run"),
    ):
        result = explained(
            tmp_path / "b", tmp_path / "a", *flags,
            "--data", small_films / "data", "--out", tmp_path / "no",
        )  # fmt: skip
        assert result.exit_code == 2, result.output
        assert message in result.stderr


def test_a_run_that_kept_no_epoch_says_what_to_do(
    finished: Path, small_films: Path, tmp_path: Path
) -> None:
    result = explained(
        finished, "--epochs", "--data", small_films / "data", "--out", tmp_path / "no"
    )
    assert result.exit_code == 2
    assert "set train.keep_epochs" in result.stderr


def test_raw_and_masked_networks_stand_side_by_side(small_films: Path, tmp_path: Path) -> None:
    """One reads whole films, one the lungs on black; each panel shows what was read."""
    mask = np.zeros((48, 48), dtype=np.uint8)
    mask[10:40, 8:40] = 255
    mask[20:30, 20:28] = 0  # within the box, and no lung
    Image.fromarray(mask).save(tmp_path / "mask.png")
    rows = read_table(small_films / "data" / "manifest.csv")
    for row in rows:
        row |= {
            "image_path": str(small_films / "data" / row["image_path"]),
            "mask_path": str(tmp_path / "mask.png"),
        }
    write_table(tmp_path / "films.csv", list(rows[0]), rows)
    torch.manual_seed(0)
    spec = NetworkSpec("separable_cnn", 2, size=32)
    raw = Bundle(
        "raw", build(spec).eval(), spec, ("upper", "lower"), PixelSpec(size=32),
        PixelStatistics(0.4, 0.2),
    )  # fmt: skip
    pixels = PixelSpec(size=32, crop="lungs", outside="black", margin=0.0)
    save_bundle(tmp_path / "raw", raw)
    save_bundle(tmp_path / "masked", replace(raw, name="masked", pixels=pixels))
    found = told(
        tmp_path / "masked", "--baseline", tmp_path / "raw", "--data", tmp_path / "films.csv",
        "--limit", 4, "--overlays", 1, "--class", "upper", "--out", tmp_path / "out",
    )  # fmt: skip
    assert found["films"] == 4
    assert {(d["baseline"], d["model"]) for d in found["differences"]} == {("raw", "masked")}
    chance = {
        (row["model"], float(row["chance"]))
        for row in read_table(tmp_path / "out/attention.csv")
    }
    lung = 30 * 32 - 10 * 8
    assert chance == {("raw", lung / 48**2), ("masked", lung / (30 * 32))}
    [drawn] = (tmp_path / "out" / "overlays").glob("*.png")
    picture = cv2.imread(str(drawn))
    assert picture is not None
    film, masked, whole = (picture[18:, 48 * n : 48 * (n + 1)] for n in range(3))
    assert film[:9].any()
    assert whole[:9].any()
    assert not masked[:9].any()  # black above the lungs, where its map is zero too
    assert not masked[23:27, 22:26].any() or masked[23:27, 22:26, 2].any()  # but for heat
