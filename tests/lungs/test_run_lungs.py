"""Lungs of a run: films cropped by found masks, what stays whole told, bundles alike."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from leanlung.exports import Bundle, answer, load_bundle, save_bundle
from leanlung.foundations.errors import BundleError, RecipeError, StudyError
from leanlung.lungs import PairSet, Segmenter, SegmenterPlan, fit_segmenter, save_segmenter
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics, prepare
from leanlung.runs import Silent, read_recipe, segmenters
from leanlung.runs.bundle_images import decoded
from leanlung.runs.gathering import Gathered, gather
from leanlung.studies.manifest import read_manifest
from leanlung.studies.pictures import decode

RECIPE = """
name = "lungs"
[data]
classes = ["a", "b"]
[split]
train = 0.5
validation = 0.25
test = 0.25
look_alikes = "together"
[pixels]
size = 32
crop = "lungs"
margin = 0.0
[network]
backbone = "separable_cnn"
"""
FOUND = ["lungs.source=segmenter", "lungs.segmenter=finder"]


@pytest.fixture
def data(bright_lungs: Path, finder: Segmenter) -> Path:
    save_segmenter(bright_lungs / "finder", finder)
    (bright_lungs.parent / "lungs.toml").write_text(RECIPE)
    return bright_lungs


def gathered(data: Path, *changes: str) -> Gathered:
    recipe = read_recipe(data.parent / "lungs.toml", changes)
    return gather(recipe, data, data.parent / "out", allow=True, progress=Silent())


def image_of(found: Gathered, study: str) -> np.ndarray:
    return found.images[found.rows[study]].numpy()


def test_films_are_cropped_to_the_lungs_a_segmenter_finds(data: Path) -> None:
    found = gathered(data, *FOUND)
    assert len(found.cohort.studies) == 24
    # Nothing but black background is above or beside lungs that fill the box.
    film = decode(data / "05.png")
    rows, columns = np.nonzero(film > 100 / 255)
    box = film[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    wanted = cv2.resize(box, (32, 32), interpolation=cv2.INTER_AREA) * 255
    assert np.abs(image_of(found, "05.png") - wanted).mean() < 10
    whole = cv2.resize(film, (32, 32), interpolation=cv2.INTER_AREA) * 255
    assert np.abs(image_of(found, "05.png") - whole).mean() > 30


def test_films_without_plausible_lungs_stay_whole_counted_and_listed(data: Path) -> None:
    found = gathered(data, *FOUND)
    told = found.as_dict()["lungs"]
    assert (told["source"], told["cropped"], told["whole"]) == ("segmenter", 21, 3)
    assert told["whole_by_class"] == {"a": 3, "b": 0}
    assert sum(told["whole_by_part"].values()) == 3
    assert told["whole_studies"][2] == {"study": "08.png", "reason": "no lung was found"}
    assert len(told["segmenter"]["fingerprint"]) == 64
    film = decode(data / "08.png")
    assert np.array_equal(image_of(found, "08.png"), prepare(film, PixelSpec(size=32)))


def test_masks_are_found_once_and_decide_the_fingerprint(data: Path, finder: Segmenter) -> None:
    first = gathered(data, *FOUND)
    masks = sorted((data.parent / "out/cache").glob("lungs-*/*.png"))
    assert len(masks) == 21
    before = [path.stat().st_mtime_ns for path in masks]
    again = gathered(data, *FOUND)
    assert [path.stat().st_mtime_ns for path in masks] == before
    assert again.fingerprint == first.fingerprint
    masks[0].unlink()
    assert gathered(data, *FOUND).fingerprint == first.fingerprint
    assert masks[0].is_file()
    with torch.no_grad():
        dict(finder.network.named_parameters())["answer.bias"][0] = -1.2  # only the brightest
    save_segmenter(data / "finder", Segmenter(finder.network))
    other = gathered(data, *FOUND)
    assert other.fingerprint != first.fingerprint
    assert not torch.equal(other.images, first.images)


def test_outside_the_lungs_may_be_black(data: Path) -> None:
    seen = image_of(gathered(data, *FOUND, "pixels.outside=black"), "05.png")
    kept = image_of(gathered(data, *FOUND), "05.png")
    assert (seen == 0).mean() > 0.2
    assert (kept == 0).mean() == 0.0
    assert kept[16, 4] == seen[16, 4] > 100


def test_without_masks_films_stay_whole_and_that_is_told(data: Path) -> None:
    told = gathered(data).as_dict()["lungs"]
    assert (told["source"], told["cropped"], told["whole"]) == ("masks", 0, 24)
    assert told["whole_studies"][0]["reason"] == "the data name no lung mask"
    assert gathered(data, "pixels.crop=none").as_dict()["lungs"] is None


def test_a_mask_of_another_shape_makes_its_film_unusable_and_is_named(data: Path) -> None:
    cv2.imwrite(str(data / "mask.png"), np.full((128, 64), 255, np.uint8))
    lines = (data / "manifest.csv").read_text().splitlines()
    lines = [f"{line},{'mask.png' if line[:2] == '05' else ''}" for line in lines]
    lines[0] = "image_path,label,patient_id,mask_path"
    (data / "manifest.csv").write_text("\n".join(lines) + "\n")
    found = gathered(data)
    [bad] = found.cohort.unreadable
    assert "05.png with lung mask" in bad.reason
    assert "a lung mask of 128 x 64 pixels beside an image of 128 x 128" in bad.reason


def test_a_segmenter_may_be_fitted_on_the_way(data: Path, pairs_table: Path) -> None:
    changes = [
        "lungs.source=segmenter", f"lungs.pairs={pairs_table}", "lungs.fit.epochs=1",
        "lungs.fit.width=2", "lungs.fit.fold=8", "lungs.fit.levels=2",
    ]  # fmt: skip
    found = gathered(data, *changes)
    assert found.lungs is not None
    assert found.lungs.segmenter is not None
    assert found.lungs.segmenter.fitted["epochs"] == 1
    [folder] = (data.parent / "out/cache").glob("segmenter-*")
    weights = folder / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert gathered(data, *changes).fingerprint == found.fingerprint
    assert weights.stat().st_mtime_ns == before
    assert not list(folder.glob("checkpoint*"))


def test_a_segmenter_is_fitted_where_the_networks_of_the_run_are(
    data: Path, pairs_table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fitted_here(loaded: PairSet, plan: SegmenterPlan, **given: Any) -> Segmenter:
        asked.append(given.pop("device"))
        return fit_segmenter(loaded, plan, **given)

    monkeypatch.setattr(segmenters, "fit_segmenter", fitted_here)
    changes = [
        "lungs.source=segmenter", f"lungs.pairs={pairs_table}", "lungs.fit.epochs=1",
        "lungs.fit.width=2", "lungs.fit.fold=8", "lungs.fit.levels=2",
    ]  # fmt: skip
    recipe = read_recipe(data.parent / "lungs.toml", changes)
    place = torch.device("cuda", 0)
    gather(recipe, data, data.parent / "out", allow=True, progress=Silent(), device=place)
    assert asked == [place]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["lungs.source=segmenter"], "folder of a segmenter or pairs"),
        (["lungs.segmenter=finder"], "not used; set source"),
        ([*FOUND, "pixels.crop=none"], "set pixels.crop to 'lungs'"),
        (["lungs.fit.epochs=0"], "lungs.fit.epochs"),
    ],
)
def test_a_section_that_contradicts_itself_is_refused(
    data: Path, changes: list[str], told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        read_recipe(data.parent / "lungs.toml", changes)


def test_a_segmenter_that_is_not_there_is_told_with_the_places_looked_in(data: Path) -> None:
    with pytest.raises(StudyError, match=r"segmenter: nothing there .*data/none and none"):
        gathered(data, "lungs.source=segmenter", "lungs.segmenter=none")


@pytest.fixture
def bundle(finder: Segmenter) -> Bundle:
    spec = NetworkSpec(backbone="separable_cnn", classes=2, channels=1, size=32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build(spec).eval()
    return Bundle(
        name="lungs",
        network=network,
        spec=spec,
        classes=("a", "b"),
        pixels=PixelSpec(size=32, crop="lungs", margin=0.0),
        statistics=PixelStatistics(0.5, 0.25),
        segmenter=finder,
    )


def test_a_bundle_takes_its_segmenter_along_and_answers_alike(
    bundle: Bundle, data: Path, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "bundle", bundle)
    again = load_bundle(tmp_path / "bundle")
    assert json.loads((tmp_path / "bundle/config.json").read_text())["format"] == 3
    films = [data / "05.png", data / "08.png"]
    here, there = answer(bundle, films), answer(again, films)
    assert here == there
    assert [one.whole for one in here] == ["", "no lung was found"]
    # The same images as in a run, so the same answers as for those.
    cohort = read_manifest(data / "manifest.csv")
    read = decoded(again, [s for s in cohort.studies if s.study_id in {"05.png", "08.png"}])
    found = gathered(data, *FOUND)
    assert np.array_equal(read.images[0].numpy(), image_of(found, "05.png"))
    assert np.array_equal(read.images[1].numpy(), image_of(found, "08.png"))


def test_a_bundle_with_another_segmenter_is_refused(
    bundle: Bundle, tiny: Segmenter, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "bundle", bundle)
    save_segmenter(tmp_path / "bundle/lungs", tiny)
    with pytest.raises(BundleError, match="not the segmenter this bundle was saved with"):
        load_bundle(tmp_path / "bundle")


def test_bundles_that_crop_nothing_are_written_as_ever(bundle: Bundle, tmp_path: Path) -> None:
    plain = replace(bundle, segmenter=None, pixels=PixelSpec(size=32))
    save_bundle(tmp_path / "bundle", plain)
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    assert config["format"] == 1
    assert "lungs" not in config
    assert set(config["pixels"]) == {"size", "crop", "margin", "median", "standardise"}
    assert not (tmp_path / "bundle/lungs").exists()
