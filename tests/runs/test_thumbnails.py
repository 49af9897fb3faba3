"""Small pictures are kept, so that a report can be drawn again when the images are gone."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.files import write_json
from leanlung.foundations.tables import read_table
from leanlung.runs import open_run
from leanlung.runs.folder import RunFolder
from leanlung.runs.reporting import draw_again, write_report
from leanlung.runs.results import results_of
from leanlung.runs.thumbnails import LARGEST, SIDE, jpeg, thumbnails
from leanlung.studies.manifest import read_manifest


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> RunFolder:
    shutil.copytree(finished, tmp_path / finished.name)
    return open_run(tmp_path / finished.name)


def studies(folder: RunFolder) -> tuple:
    return read_manifest(folder.cohort).studies


def test_a_picture_is_small_grey_and_upright() -> None:
    image = np.zeros((400, 200), np.float32)
    image[:200] = 1.0
    data = jpeg(image)
    assert len(data) <= LARGEST
    with Image.open(io.BytesIO(data)) as found:
        assert (found.size, found.mode) == ((SIDE // 2, SIDE), "L")
        pixels = np.asarray(found, dtype=float)
    assert pixels[: SIDE // 2 - 8].min() > 245
    assert pixels[SIDE // 2 + 8 :].max() < 10


def test_a_small_film_is_not_blown_up_and_noise_still_fits() -> None:
    noise = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    assert len(jpeg(noise)) <= LARGEST
    with Image.open(io.BytesIO(jpeg(noise[:48, :30]))) as found:
        assert found.size == (30, 48)


def test_pictures_are_made_once_and_then_need_no_image(copy: RunFolder) -> None:
    wanted = [study.study_id for study in studies(copy)[:3]]
    first = thumbnails(copy, wanted)
    assert list(first) == wanted
    assert [row["study_id"] for row in read_table(copy.thumbnails / "films.csv")] == wanted
    copy.cohort.unlink()
    assert thumbnails(copy, wanted) == first


def test_an_image_that_is_gone_or_unknown_has_none(copy: RunFolder) -> None:
    copy.cohort.write_text(
        copy.cohort.read_text(encoding="utf-8").replace(".png,/", ".png,/gone/"),
        encoding="utf-8",
    )
    wanted = [studies(copy)[0].study_id, "nobody"]
    assert thumbnails(copy, wanted) == {}
    assert not copy.thumbnails.exists()


def test_another_picture_of_the_same_name_is_not_shown(copy: RunFolder) -> None:
    """Whoever overwrote a film would otherwise show one patient for another."""
    rows = copy.cohort.read_text(encoding="utf-8")
    one, other = studies(copy)[:2]
    copy.cohort.write_text(
        rows.replace(str(one.image), "X").replace(str(other.image), str(one.image)),
        encoding="utf-8",
    )
    assert thumbnails(copy, [other.study_id]) == {}


def flipped(copy: RunFolder) -> None:
    """Write into a run that a study changed sides."""
    results = results_of(copy)
    case = {
        "study_id": studies(copy)[0].study_id, "patient_id": "p000", "label": "upper",
        "before": "upper", "after": "lower", "direction": "newly_wrong", "missed": False,
        "share_before": 0.8, "share_after": 0.1, "other_studies": [studies(copy)[1].study_id],
        "change": -0.7,
    }  # fmt: skip
    results["seeds"]["0"]["flips"]["cases"] = [case]
    write_json(copy.metrics, results)


def test_a_report_shows_who_changed_sides_and_is_drawn_again_without_images(
    copy: RunFolder,
) -> None:
    flipped(copy)
    write_report(copy)
    html = copy.report.read_text(encoding="utf-8")
    assert html.count("<img ") == 2
    copy.cohort.write_text("image_path,label,patient_id\nx.png,upper,p\n", encoding="utf-8")
    assert draw_again(copy.path) == copy.report
    assert copy.report.read_text(encoding="utf-8") == html
    shutil.rmtree(copy.thumbnails)
    write_report(copy)
    html = copy.report.read_text(encoding="utf-8")
    assert "<img " not in html
    assert "1 of 1 pictures are no longer there" in html


def test_what_is_no_finished_run_is_not_drawn(copy: RunFolder, tmp_path: Path) -> None:
    copy.metrics.unlink()
    assert draw_again(copy.path) is None
    assert draw_again(tmp_path / "manifest.csv") is None


def test_a_recipe_may_keep_films_off_the_page(copy: RunFolder) -> None:
    flipped(copy)
    recipe = json.loads(copy.resolved.read_text())
    write_json(copy.resolved, recipe | {"report": {"films": False}})
    write_report(copy)
    html = copy.report.read_text(encoding="utf-8")
    assert "The recipe keeps films off this page." in html
    assert studies(copy)[0].study_id in html
    assert "<img " not in html
    assert not copy.thumbnails.exists()
