"""Boxes and masks are put on the pixels of their film, or told not to fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.attention import LesionBox, inside_boxes, inside_mask, read_lesions
from leanlung.foundations.errors import PixelError, StudyError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "path,x,y,w,h,image_width,image_height,mask,roi_class\n"


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "roi").mkdir()
    (folder / "roi" / "m.png").touch()
    (folder / "roi" / "boxes.csv").write_text(header + "\n".join(rows) + "\n")
    return folder / "roi" / "boxes.csv"


def test_a_box_holds_the_pixels_whose_centres_lie_in_it() -> None:
    # from 0.5 to 2.4 across: the centres 0.5 and 1.5; from 1 to 3 down: 1.5 and 2.5
    found = inside_boxes([LesionBox(0.5, 1.0, 1.9, 2.0)], (4, 5))
    wanted = np.zeros((4, 5), dtype=np.bool_)
    wanted[1:3, 0:2] = True
    assert np.array_equal(found, wanted)


def test_several_boxes_are_one_region() -> None:
    found = inside_boxes([LesionBox(0, 0, 2, 2), LesionBox(1, 1, 2, 2)], (4, 4))
    assert found.sum() == 7


def test_a_box_drawn_on_a_larger_copy_is_scaled() -> None:
    found = inside_boxes([LesionBox(100, 50, 100, 100, (400.0, 200.0))], (20, 40))
    wanted = np.zeros((20, 40), dtype=np.bool_)
    wanted[5:15, 10:20] = True
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize(
    ("box", "told"),
    [
        (LesionBox(3, 0, 4, 2), "a box within it was expected"),
        (LesionBox(-2, 0, 4, 2), "a box within it was expected"),
        (LesionBox(1.6, 1.6, 0.2, 0.2), "a box within it was expected"),
        (LesionBox(0, 0, 2, 2, (100.0, 50.0)), "the same proportions, were expected"),
    ],
)
def test_a_box_that_cannot_be_of_the_film_is_told(box: LesionBox, told: str) -> None:
    with pytest.raises(PixelError, match=told):
        inside_boxes([box], (4, 4))


def test_a_mask_comes_to_the_size_of_its_film() -> None:
    mask = np.zeros((2, 3), dtype=np.uint8)
    mask[0, 2] = 255
    found = inside_mask(mask, (4, 6), "a lung mask")
    assert found[:2, 4:].all()
    assert found.sum() == 4


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (np.zeros((4, 4)), "a lung mask is empty"),
        (np.ones((4, 4)), "a lung mask is full"),
        (np.eye(4, 6), "a lung mask of 6 x 4 pixels beside a film of 4 x 4"),
    ],
)
def test_a_mask_that_cannot_be_of_the_film_is_told(mask: np.ndarray, told: str) -> None:
    with pytest.raises(PixelError, match=told):
        inside_mask(mask, (4, 4), "a lung mask")


def test_rows_of_a_table_are_gathered_by_film(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        "a.png,1,2,3,4,10,20,roi/m.png,opacity",
        "a.png,5,6,1,1,10,20,roi/m.png,effusion",
        "b.png,0,0,2,2,,,,opacity",
    )
    found = read_lesions(table)
    of_a = found[tmp_path / "a.png"]
    assert of_a.boxes[0] == LesionBox(1, 2, 3, 4, (10.0, 20.0), "opacity")
    assert len(of_a.boxes) == 2
    assert of_a.masks == (tmp_path / "roi" / "m.png",)
    assert found[tmp_path / "b.png"].boxes[0].drawn_on is None
    some = read_lesions(table, ["effusion"])
    assert set(some) == {tmp_path / "a.png", tmp_path / "roi" / "a.png"}
    assert len(some[tmp_path / "a.png"].boxes) == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a.png,1,2,x,4,,,,", "line 2: w is 'x'; a number"),
        ("a.png,1,2,0,4,,,,", "sides above zero were expected"),
        (",1,2,3,4,,,,", "line 2: no film"),
        ("a.png,1,2,3,4,,,roi/n.png,", "no mask 'roi/n.png'"),
    ],
)
def test_a_row_that_cannot_be_used_is_told(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(StudyError, match=told):
        read_lesions(written(tmp_path, row))


def test_a_table_without_boxes_and_an_unknown_finding_are_told(tmp_path: Path) -> None:
    table = written(tmp_path, "a.png,1,2,3,4,,,,opacity")
    with pytest.raises(UsageError, match="did you mean 'opacity'"):
        read_lesions(table, ["opacities"])
    table.write_text("path,label\na.png,ill\n")
    with pytest.raises(StudyError, match="no column 'x'"):
        read_lesions(table)
