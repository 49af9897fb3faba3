"""An ensemble is used elsewhere exactly as it was saved, or not at all."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from leanlung.ensembles import Mean, OutOfFold, Vote, Weighted, fit_stacking
from leanlung.exports import (
    Bundle,
    EnsembleBundle,
    answer,
    load_bundle,
    load_ensemble,
    load_model,
    save_bundle,
    save_ensemble,
)
from leanlung.exports.ensemble_size import ensemble_size
from leanlung.exports.seen import Seen, ids_sha256
from leanlung.foundations.errors import BundleError, DataRefused, StorageError, UsageError
from leanlung.networks import NetworkSpec, build, size_of
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.pruning import magnitude
from leanlung.pruning.masks import impose, keep_largest, kernels, masked_size_of
from leanlung.statistics import Predictions, Readout

CLASSES = ("normal", "bacterial", "covid")


@pytest.fixture
def members(bundle: Bundle) -> dict[str, Bundle]:
    """A pruned member, and one of another size that names its outputs in another order."""
    torch.manual_seed(1)
    spec = NetworkSpec("separable_cnn", classes=3, size=24)
    network = build(spec)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    other = Bundle(
        "other",
        network.eval(),
        spec,
        ("covid", "normal", "bacterial"),
        PixelSpec(size=24),
        PixelStatistics(0.5, 0.3),
    )
    return {"small": bundle, "other": other}


@pytest.fixture
def ensemble(members: dict[str, Bundle]) -> EnsembleBundle:
    seen = Seen(12, 9, ids_sha256(["b", "a"]), frozenset({"0" * 64, "f" * 64}))
    return EnsembleBundle(
        "both",
        members,
        CLASSES,
        Weighted((0.75, 0.25), "log_loss"),
        readout=Readout.of(validation()[0]),
        seen=seen,
        history=({"step": "ensemble", "about": "two together"},),
        metrics={"size": ensemble_size(members, Weighted((0.75, 0.25)))},
    )


def validation(prefix: str = "v") -> list[Predictions]:
    generator = np.random.default_rng(len(prefix))
    labels = np.arange(30) % 3
    ids = tuple(f"{prefix}{row}" for row in range(30))
    found = []
    for name in ("small", "other"):
        shares = generator.uniform(size=(30, 3))
        shares[np.arange(30), labels] += 0.5
        shares /= shares.sum(axis=1, keepdims=True)
        found.append(Predictions(name, CLASSES, ids, ids, labels, shares))
    return found


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    paths = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 30), dtype=np.uint8)
        paths.append(tmp_path / f"film-{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def shares(model: Bundle | EnsembleBundle, films: list[Path]) -> np.ndarray:
    return np.array([list(one.probabilities.values()) for one in answer(model, films)])


def test_it_answers_with_all_members_each_in_its_own_way(
    ensemble: EnsembleBundle, films: list[Path]
) -> None:
    first, second = ensemble.members.values()
    by_name = [answer(one, films) for one in (first, second)]
    expected = [
        [0.75 * a.probabilities[name] + 0.25 * b.probabilities[name] for name in CLASSES]
        for a, b in zip(*by_name, strict=True)
    ]
    found = answer(ensemble, films)
    assert [list(one.probabilities) for one in found] == [list(CLASSES)] * 3
    np.testing.assert_allclose(shares(ensemble, films), expected, rtol=1e-12)
    assert all(one.calibrated for one in found)
    assert [one.label for one in found] == [CLASSES[int(np.argmax(row))] for row in expected]


def test_an_image_that_cannot_be_read_is_told_once(
    ensemble: EnsembleBundle, films: list[Path]
) -> None:
    films[1].write_bytes(b"no")
    found = answer(ensemble, films)
    assert [bool(one.problem) for one in found] == [False, True, False]


def test_it_comes_back_bit_for_bit(
    ensemble: EnsembleBundle, films: list[Path], tmp_path: Path
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    back = load_model(tmp_path / "e")
    assert isinstance(back, EnsembleBundle)
    np.testing.assert_array_equal(shares(back, films), shares(ensemble, films))
    for name in ("name", "classes", "combiner", "readout", "seen", "history", "metrics"):
        assert getattr(back, name) == getattr(ensemble, name)
    assert list(back.members) == ["small", "other"]
    alone = load_bundle(tmp_path / "e" / "members" / "other")
    np.testing.assert_array_equal(
        shares(alone, films), shares(ensemble.members["other"], films)
    )


def test_load_model_loads_a_bundle_too(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    assert isinstance(load_model(tmp_path / "b"), Bundle)
    with pytest.raises(BundleError, match="a bundle of one network"):
        load_ensemble(tmp_path / "b")
    with pytest.raises(BundleError, match="no bundle"):
        load_model(tmp_path)


def test_a_stacking_is_stored_without_a_pickle(
    ensemble: EnsembleBundle, films: list[Path], tmp_path: Path
) -> None:
    learnt = [OutOfFold(one, np.arange(30) % 3) for one in validation("train")]
    stacked = replace(ensemble, combiner=fit_stacking(learnt, validation()), metrics={})
    save_ensemble(tmp_path / "e", stacked)
    names = sorted(path.name for path in (tmp_path / "e").iterdir())
    assert names == [
        "README.md", "chosen-on.json", "config.json", "members", "metrics.json",
        "stacking.safetensors",
    ]  # fmt: skip
    back = load_ensemble(tmp_path / "e")
    np.testing.assert_array_equal(shares(back, films), shares(stacked, films))


@pytest.mark.parametrize("combiner", [Vote(), Mean()])
def test_what_was_chosen_on_nothing_has_no_readout(
    members: dict[str, Bundle], films: list[Path], tmp_path: Path, combiner: Vote | Mean
) -> None:
    save_ensemble(tmp_path / "e", EnsembleBundle("plain", members, CLASSES, combiner))
    back = load_ensemble(tmp_path / "e")
    assert back.readout is None
    assert back.seen is None
    assert answer(back, films)[0].calibrated == {}
    card = (tmp_path / "e" / "README.md").read_text(encoding="utf-8")
    assert ("shares of votes" in card) == (combiner == Vote())


def test_its_size_is_the_sum_of_its_members(members: dict[str, Bundle]) -> None:
    sizes = [size_of(one.network, one.spec.size) for one in members.values()]
    total = ensemble_size(members, Mean())["sum"]
    for name in ("stored", "nonzero", "macs", "file_bytes"):
        assert total[name] == sum(getattr(one, name) for one in sizes)
    learnt = [OutOfFold(one, np.arange(30) % 3) for one in validation("train")]
    stacking = fit_stacking(learnt, validation())
    with_it = ensemble_size(members, stacking)["sum"]
    assert with_it["stored"] - total["stored"] == 6 * 9 + 9 + 9 * 3 + 3
    assert with_it["macs"] - total["macs"] == 6 * 9 + 9 * 3


def test_a_masked_member_counts_as_it_is_stored(members: dict[str, Bundle]) -> None:
    small = members["small"]
    mask = keep_largest(magnitude(small.network, kernels(small.network)), 0.5)
    impose(small.network, mask)
    members["small"] = replace(small, mask=mask)
    found = ensemble_size(members, Mean())
    packed = masked_size_of(small.network, mask).masked_bytes
    other = found["members"]["other"]["file_bytes"]
    assert found["sum"]["masked_bytes"] == packed + other
    assert found["sum"]["nonzero"] < found["sum"]["stored"]


def test_the_card_adds_up(ensemble: EnsembleBundle, tmp_path: Path) -> None:
    measured = {"accuracy": 0.9, "balanced_accuracy": 0.8, "macro_auc": None}
    measured |= {"log_likelihood": -0.3}
    metrics = {**ensemble.metrics, "validation": {"small": measured, "both": measured}}
    save_ensemble(tmp_path / "e", replace(ensemble, metrics=metrics))
    card = (tmp_path / "e" / "README.md").read_text(encoding="utf-8")
    total = metrics["size"]["sum"]
    for told in (
        "Not a medical device",
        "2 networks that",
        "a weighted mean of their probabilities",
        "| small | 0.750 |",
        f"| together | | {total['stored']:,} | {total['nonzero']:,} | {total['macs']:,} |",
        "| both | 0.9000 | 0.8000 | – | -0.3000 |",
        "12 images of 9 patients. The ensemble was chosen on them",
        "- ensemble: two together",
    ):
        assert told in card
    assert "Made up" not in card


def test_one_member_of_phantoms_stamps_it(
    ensemble: EnsembleBundle, members: dict[str, Bundle], tmp_path: Path
) -> None:
    drawn = {**members, "other": replace(members["other"], made_up=True)}
    save_ensemble(tmp_path / "e", replace(ensemble, members=drawn))
    assert "Made up" in (tmp_path / "e" / "README.md").read_text(encoding="utf-8")
    assert load_model(tmp_path / "e").made_up


@pytest.mark.parametrize("name", ["", "..", "../evil", "a/b", "a\\b", "C:x", " a", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused(bundle: Bundle, name: str) -> None:
    with pytest.raises(UsageError, match="a name without slashes"):
        EnsembleBundle("e", {"a": bundle, name: bundle}, CLASSES, Mean())


def test_members_know_the_same_classes(bundle: Bundle) -> None:
    strange = replace(bundle, classes=("normal", "bacterial", "tb"))
    with pytest.raises(UsageError, match="strange: its classes are"):
        EnsembleBundle("e", {"a": bundle, "strange": strange}, CLASSES, Mean())


def test_where_one_network_is_wanted_its_members_are_named(
    ensemble: EnsembleBundle, tmp_path: Path
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    with pytest.raises(UsageError, match=r"one of its members: .*other, .*members/small"):
        load_bundle(tmp_path / "e")


def changed(folder: Path, **fields: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"members": ["small"]},
        {"members": ["small", "../small"]},
        {"members": 2},
        {"classes": ["normal", "covid"]},
        {"combiner": {"combiner": "median"}},
        {"combiner": {"combiner": "weighted", "weights": [1.0], "chosen_by": "given"}},
        {"combiner": {"combiner": "weighted", "weights": ["a", "b"], "chosen_by": "given"}},
        {"combiner": {"combiner": "stacking", "seed": 0}},
        {"combiner": ["mean"]},
        {"chosen_on": {"studies": 3}},
        {"temperature": {"value": -1}},
        {"sha256": None},
    ],
)
def test_a_damaged_config_is_refused(
    ensemble: EnsembleBundle, tmp_path: Path, fields: dict[str, Any]
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    changed(tmp_path / "e", **fields)
    with pytest.raises(BundleError, match=r"damaged ensemble|incomplete ensemble"):
        load_ensemble(tmp_path / "e")


@pytest.mark.parametrize(
    "name", ["members/small/config.json", "members/other", "chosen-on.json", "config.json"]
)
def test_an_incomplete_ensemble_is_refused(
    ensemble: EnsembleBundle, tmp_path: Path, name: str
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    (tmp_path / "e" / name).rename(tmp_path / "away")
    with pytest.raises(BundleError, match=f"{Path(name).name}.* is missing; copy|no bundle"):
        load_model(tmp_path / "e")


@pytest.mark.parametrize("name", ["members/small/config.json", "chosen-on.json"])
def test_a_file_of_another_ensemble_is_refused(
    ensemble: EnsembleBundle, tmp_path: Path, name: str
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    with (tmp_path / "e" / name).open("a") as file:
        file.write(" ")
    with pytest.raises(BundleError, match="not the file this ensemble was saved with"):
        load_ensemble(tmp_path / "e")


def test_weights_of_another_member_are_refused(
    ensemble: EnsembleBundle, tmp_path: Path
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    place = tmp_path / "e" / "members"
    there = (place / "other" / "model.safetensors").read_bytes()
    (place / "small" / "model.safetensors").write_bytes(there)
    with pytest.raises(BundleError, match="not the file this bundle was saved with"):
        load_ensemble(tmp_path / "e")


def test_an_ensemble_from_a_newer_version_is_refused(
    ensemble: EnsembleBundle, tmp_path: Path
) -> None:
    save_ensemble(tmp_path / "e", ensemble)
    changed(tmp_path / "e", format=99, leanlung="9.0")
    with pytest.raises(BundleError, match=r"format 99, made by leanlung 9.0; .* upgrade"):
        load_ensemble(tmp_path / "e")


def test_a_full_disk_leaves_the_old_one_and_nothing_half_written(
    ensemble: EnsembleBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_ensemble(tmp_path / "e", ensemble)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        save_ensemble(tmp_path / "e", replace(ensemble, name="second"))
    assert load_ensemble(tmp_path / "e").name == "both"
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_pictures_that_were_seen_are_known_again() -> None:
    from leanlung.studies.pictures.hashes import pixel_sha256

    image = np.full((4, 4), 0.5, dtype=np.float32)
    seen = Seen(1, 1, ids_sha256(["a"]), frozenset({pixel_sha256(image)}))
    seen.require_other(image * np.float32(0.5), Path("x.png"), "both")
    with pytest.raises(DataRefused, match=r"x.png: both was put together on this very picture"):
        seen.require_other(image, Path("x.png"), "both")
    assert ids_sha256(["a", "b"]) == ids_sha256(["b", "a"]) != ids_sha256(["a"])
