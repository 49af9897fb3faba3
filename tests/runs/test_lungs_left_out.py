"""Films without a lung mask may be left out of a run: counted, listed, and the run goes on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import RecipeError, StudyError
from leanlung.reports.cohort import data_flow
from leanlung.runs import Silent, read_recipe
from leanlung.runs.gathering import Gathered, gather
from leanlung.runs.lungs import LungsSection

BARE = ("000-0", "001-1", "004-0")
CROPPED = ("pixels.crop=lungs", "pixels.outside=black", "split.look_alikes=together")


def with_masks(films: Path, bare: tuple[str, ...]) -> None:
    """Give every film a mask of two rectangles, except the bare ones."""
    mask = np.zeros((48, 48), dtype=np.uint8)
    mask[8:40, 6:20] = mask[8:40, 28:42] = 255
    Image.fromarray(mask).save(films / "mask.png")
    head, *lines = (films / "manifest.csv").read_text().splitlines()
    rows = [
        f"{line},{'' if any(name in line for name in bare) else 'mask.png'}" for line in lines
    ]
    (films / "manifest.csv").write_text("\n".join([f"{head},mask_path", *rows]) + "\n")


def gathered(recipe_file: Path, films: Path, *changes: str) -> Gathered:
    recipe = read_recipe(recipe_file, [*CROPPED, *changes])
    out = recipe_file.parent / "out"
    return gather(recipe, films, out, allow=True, progress=Silent())


def test_they_stay_whole_unless_asked_for(films: Path, recipe_file: Path) -> None:
    with_masks(films, BARE)
    found = gathered(recipe_file, films)
    assert len(found.cohort.studies) == 60
    told = found.as_dict()["lungs"]
    assert told["whole"] == len(BARE)
    assert "left_out" not in told


def test_they_are_left_out_counted_and_listed(films: Path, recipe_file: Path) -> None:
    with_masks(films, BARE)
    found = gathered(recipe_file, films, "lungs.without=leave_out")
    told = found.as_dict()
    assert told["studies"] == 60 - len(BARE)
    assert not {s.study_id for s in found.cohort.studies} & {f"films/{n}.png" for n in BARE}
    lungs = told["lungs"]
    assert (lungs["whole"], lungs["left_out"]) == (0, len(BARE))
    assert lungs["left_out_by_class"] == {"lower": 1, "upper": 2}
    assert {one["study"] for one in lungs["left_out_studies"]} == {
        f"films/{name}.png" for name in BARE
    }
    (remark,) = (one for one in data_flow(told).remarks if "no lung mask" in one[0])
    assert remark[1] == "3: upper 2, lower 1"
    assert len(remark[2]) == len(BARE)


def test_where_no_film_has_a_mask_it_says_so(films: Path, recipe_file: Path) -> None:
    with pytest.raises(StudyError, match="none of 60 films has a lung mask"):
        gathered(recipe_file, films, "lungs.without=leave_out")


def test_it_needs_films_that_are_cropped(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match=r"lungs\.without: films are not cropped"):
        read_recipe(recipe_file, ["lungs.without=leave_out"])


def test_a_section_that_says_nothing_of_it_is_written_as_before() -> None:
    assert "without" not in LungsSection().model_dump()
    assert LungsSection(without="leave_out").model_dump()["without"] == "leave_out"
