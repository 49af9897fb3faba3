"""Networks are explained on films from the command line, and told apart by figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.ensembles import Weighted
from leanlung.exports import Bundle, EnsembleBundle, save_bundle, save_ensemble
from leanlung.foundations.tables import read_table, write_table
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics

if TYPE_CHECKING:
    from typer.testing import Result


def bundle(seed: int, name: str, classes: tuple[str, ...] = ("upper", "lower")) -> Bundle:
    torch.manual_seed(seed)
    spec = NetworkSpec("separable_cnn", 2, size=32)
    statistics = PixelStatistics(0.4, 0.2)
    return Bundle(name, build(spec).eval(), spec, classes, PixelSpec(size=32), statistics)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles a, b and c, whose classes are the other way round, and an ensemble of two."""
    folder = tmp_path_factory.mktemp("bundles")
    for seed, name in enumerate("abc"):
        order = ("lower", "upper") if name == "c" else ("upper", "lower")
        save_bundle(folder / name, bundle(seed, name, order))
    members = {"b": bundle(1, "b"), "c": bundle(2, "c", ("lower", "upper"))}
    both = EnsembleBundle("both", members, ("upper", "lower"), Weighted((0.75, 0.25)))
    save_ensemble(folder / "both", both)
    return folder


def explained(*words: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, words), "--resamples", "200"])


def told(*words: object) -> dict[str, Any]:
    result = explained(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_two_bundles_are_compared_on_the_same_films(
    bundles: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = told(
        bundles / "b", "--baseline", bundles / "a", "--data", small_films / "data",
        "--out", out, "--boxes", lesions, "--overlays", 3,
    )  # fmt: skip
    assert (found["films"], found["patients"]) == (60, 30)
    assert found["without"] == {"lungs": 60, "boxes": 40, "masks": 60}
    assert found["layers"] == {"b": "trunk", "a": "trunk"}
    rows = read_table(out / "attention.csv")
    assert len(rows) == 20 * 4 * 2
    assert {row["model"] for row in rows} == {"a", "b"}
    share: dict[str, dict[str, float]] = {"a": {}, "b": {}}
    for row in rows:
        if row["measure"] == "share" and row["value"]:  # a fresh network's map may be empty
            share[row["model"]][row["study_id"]] = float(row["value"])
    both = set(share["a"]) & set(share["b"])
    assert len(both) > 5
    [averaged] = [m for m in found["models"]["b"]["measures"] if m["measure"] == "share"]
    assert averaged["estimate"]["value"] == pytest.approx(np.mean(list(share["b"].values())))
    assert averaged["chance"] == pytest.approx(40 * 24 / 48**2)
    [difference] = [d for d in found["differences"] if d["measure"] == "share"]
    wanted = np.mean([share["b"][study] - share["a"][study] for study in both])
    assert difference["difference"]["value"] == pytest.approx(wanted)
    assert difference["difference"]["studies"] == len(both)
    assert json.loads((out / "attention.json").read_text()) == found
    drawn = sorted((out / "overlays").glob("*.png"))
    assert len(drawn) == 3
    picture = cv2.imread(str(drawn[0]))
    assert picture is not None
    assert picture.shape == (48 + 18, 3 * 48, 3)


def test_a_map_lies_the_same_way_round_as_its_film(
    bundles: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    # of every film, both classes together see all of it: asked about either, shares add up
    shares = {}
    for name in ("upper", "lower"):
        told(
            bundles / "a", "--data", small_films / "data", "--out", tmp_path / name,
            "--boxes", lesions, "--class", name, "--overlays", 0,
        )  # fmt: skip
        rows = read_table(tmp_path / name / "attention.csv")
        assert {row["of_class"] for row in rows} == {name}
        shares[name] = [row["value"] for row in rows]
    assert shares["upper"] != shares["lower"]
    assert not (tmp_path / "upper" / "overlays").exists()


def test_an_ensemble_stands_beside_its_members_by_its_weights(
    bundles: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    common = ["--data", small_films / "data", "--boxes", lesions, "--limit", 6]
    found = told(
        bundles / "both", "--baseline", bundles / "a", *common, "--out", tmp_path / "one"
    )
    assert list(found["models"]) == ["both/b", "both/c", "a", "both"]
    assert {(d["baseline"], d["model"]) for d in found["differences"]} == {("a", "both")}
    assert found["left_out"] == {"beyond --limit": 54}
    rows = read_table(tmp_path / "one" / "attention.csv")
    assert len({row["study_id"] for row in rows}) == 6
    of = {
        (row["study_id"], row["model"]): float(row["value"])
        for row in rows
        if row["measure"] == "share" and row["value"]
    }
    studies = {study for study, _ in of}
    assert len(studies) > 0
    for study in studies:  # a share of a mean of maps of sum one is the mean of the shares
        b, c = of.get((study, "both/b")), of.get((study, "both/c"))
        wanted = (c if b is None else b) if b is None or c is None else 0.75 * b + 0.25 * c
        assert of[study, "both"] == pytest.approx(wanted, abs=1e-5)


def test_several_bundles_are_looked_at_together(
    bundles: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    found = told(
        bundles / "b", bundles / "c", "--data", small_films / "data", "--boxes", lesions,
        "--limit", 3, "--class", "predicted", "--out", tmp_path / "out",
    )  # fmt: skip
    assert list(found["models"]) == ["b", "c", "ensemble"]
    rows = read_table(tmp_path / "out" / "attention.csv")
    together = [row for row in rows if row["model"] == "ensemble"]
    assert len(together) == 3 * 4
    assert all(row["of_class"] == row["predicted"] for row in rows)


def test_a_run_is_compared_with_its_unpruned_network_and_the_opening_written_down(
    finished: Path, small_films: Path, lesions: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    for path in finished.iterdir():
        if path.name != "openings.jsonl":
            (copy / path.name).symlink_to(path)
    (copy / "openings.jsonl").write_bytes((finished / "openings.jsonl").read_bytes())
    before = (copy / "openings.jsonl").read_text().count("\n")
    common = [copy, "--data", small_films / "data", "--boxes", lesions, "--overlays", 0]
    unseen = told(*common, "--part", "validation", "--out", tmp_path / "validation")
    assert (copy / "openings.jsonl").read_text().count("\n") == before
    assert set(unseen["parts"]) == {"validation"}
    found = told(*common, "--out", tmp_path / "out")
    assert (copy / "openings.jsonl").read_text().count("\n") == before + 1
    assert (
        found["parts"] == {"train": 30, "validation": 15, "test": 15}
        or sum(found["parts"].values()) == 60
    )
    assert "the network learnt from" in " ".join(found["told"])
    assert "unpruned" in found["models"]


def test_lung_masks_and_boxes_that_do_not_fit_are_told(
    bundles: Path, small_films: Path, tmp_path: Path
) -> None:
    rows = read_table(small_films / "data" / "manifest.csv")[:3]
    (tmp_path / "masks").mkdir()
    full, half = np.zeros((30, 48), np.uint8), np.zeros((24, 24), np.uint8)
    half[:12] = 255
    for row, mask in zip(rows, (full, half, half), strict=True):
        cv2.imwrite(str(tmp_path / "masks" / Path(row["image_path"]).name), mask)
    film = small_films / "data" / rows[1]["image_path"]
    box = {"path": film, "x": 40, "y": 0, "w": 20, "h": 9}
    write_table(tmp_path / "boxes.csv", list(box), [box])
    result = explained(
        bundles / "a", "--data", small_films / "data", "--boxes", tmp_path / "boxes.csv",
        "--masks", tmp_path / "masks", "--limit", 3, "--out", tmp_path / "out",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "2 with lungs, 0 with boxes" in result.stdout
    assert "a lung mask of 48 x 30 pixels beside a film of 48 x 48" in result.stdout
    assert "a box within it was expected" in result.stdout
    found = json.loads((tmp_path / "out" / "attention.json").read_text())
    assert len(found["problems"]) == 2
    [lungs] = found["models"]["a"]["measures"]
    assert (lungs["region"], lungs["measure"], lungs["chance"]) == ("lungs", "share", 0.5)


def test_a_network_that_is_shown_the_lungs_alone_looks_nowhere_else(
    small_films: Path, tmp_path: Path
) -> None:
    spec = PixelSpec(size=32, crop="lungs", margin=0.0)
    save_bundle(tmp_path / "cropped", replace(bundle(0, "cropped"), pixels=spec))
    upper = np.zeros((48, 48), np.uint8)
    upper[:24] = 255
    (tmp_path / "masks").mkdir()
    for film in (small_films / "data" / "films").iterdir():
        cv2.imwrite(str(tmp_path / "masks" / film.name), upper)
    found = told(
        tmp_path / "cropped", "--data", small_films / "data", "--masks", tmp_path / "masks",
        "--class", "predicted", "--out", tmp_path / "out", "--limit", 8, "--overlays", 0,
    )  # fmt: skip
    [lungs] = found["models"]["cropped"]["measures"]
    assert lungs["estimate"]["studies"] > 0
    # the half that is lung is all that it was shown, so chance would find it too
    assert (lungs["estimate"]["value"], lungs["chance"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a", "--method", "gradcam"], 2, "did you mean 'grad-cam'"),
        (["a", "--class", "uper"], 2, "did you mean 'upper'"),
        (["a", "--layer", "trunck"], 1, "did you mean 'trunk'"),
        (["a", "--layer", "trunk", "--method", "lime"], 2, "LIME looks at no layer"),
        (["a", "--part", "tests"], 2, "did you mean 'test'"),
        (["a", "--finding", "opacity"], 2, "give them with --boxes"),
        (["a", "a"], 2, "given twice"),
        (["a", "b", "--baseline", "c"], 2, "1 baselines for 2 models"),
        (["nowhere"], 2, "no run folder"),
        (["a", "--resamples", "3"], 2, "resamples are too few"),
        (["a", "--part", "test"], 1, "none of 60 films can be explained"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    bundles: Path, small_films: Path, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    paths = [bundles / word if word in {"a", "b", "c", "nowhere"} else word for word in words]
    words = [*map(str, paths), "--data", str(small_films / "data"), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, ["explain", *words])
    assert result.exit_code == code, result.output
    assert said in result.output.replace("\n", " ")


def test_films_of_other_classes_are_counted_unless_a_class_is_named(
    bundles: Path, small_films: Path, tmp_path: Path
) -> None:
    rows = read_table(small_films / "data" / "manifest.csv")[:4]
    rows[0]["label"] = "other"
    for row in rows:
        row["image_path"] = str(small_films / "data" / row["image_path"])
    write_table(tmp_path / "manifest.csv", list(rows[0]), rows)
    common = [bundles / "a", "--data", tmp_path / "manifest.csv", "--overlays", 0]
    found = told(*common, "--out", tmp_path / "label")
    assert found["left_out"] == {"label 'other' is no class of the networks": 1}
    assert told(*common, "--class", "upper", "--out", tmp_path / "upper")["films"] == 4


def test_an_onnx_file_has_nothing_to_look_into(small_films: Path, tmp_path: Path) -> None:
    (tmp_path / "quick").mkdir()
    config = {"kind": "onnx", "format": 4, "name": "net int8"}
    (tmp_path / "quick" / "config.json").write_text(json.dumps(config))
    result = explained(
        tmp_path / "quick",
        "--data",
        small_films / "data/manifest.csv",
        "--out",
        tmp_path / "out",
    )
    assert result.exit_code == 2
    assert "explain the bundle it was made of" in result.stderr
    assert not (tmp_path / "out").exists()
