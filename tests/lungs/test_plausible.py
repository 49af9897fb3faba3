"""A mask is plausible if two lungs could look like it; otherwise the reason is told."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.lungs import clean, problem_of


def reason(mask: np.ndarray) -> str:
    return problem_of(clean(mask))


def rectangles(*places: tuple[int, int, int, int]) -> np.ndarray:
    """Rows from, to and columns from, to, on a film of 100 x 100."""
    mask = np.zeros((100, 100), np.uint8)
    for top, bottom, left, right in places:
        mask[top:bottom, left:right] = 1
    return mask


LEFT, RIGHT = (20, 80, 15, 40), (20, 80, 60, 85)


def test_two_lungs_are_plausible(chest: np.ndarray) -> None:
    assert reason(rectangles(LEFT, RIGHT)) == ""
    assert reason(chest) == ""


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (rectangles(), "no lung was found"),
        (rectangles((45, 55, 30, 45), (45, 55, 55, 70)), "0.03 of the film"),
        (np.ones((100, 100), np.uint8), "1.00 of the film"),
        (rectangles(LEFT), "one piece"),
        (rectangles((20, 80, 5, 45), (30, 50, 60, 70)), "has 0.08 of the larger"),
        (rectangles((20, 80, 35, 48), (20, 80, 51, 64)), "0.16 of the width apart"),
        (rectangles((2, 42, 15, 45), (58, 98, 55, 85)), "0.56 of the height"),
        (rectangles((0, 35, 5, 30), (0, 35, 45, 70)), "off the film's centre"),
        (
            rectangles(LEFT, RIGHT, (2, 12, 2, 42), (2, 12, 55, 95)),
            "0.21 of it lies scattered",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_figure_found(mask: np.ndarray, told: str) -> None:
    assert told in reason(mask)


def test_lungs_that_just_touch_are_two() -> None:
    assert reason(rectangles(LEFT, RIGHT, (45, 47, 40, 60))) == ""


def test_cleaning_keeps_the_two_largest_pieces_and_fills_their_holes() -> None:
    mask = rectangles(LEFT, RIGHT, (5, 8, 50, 53))
    mask[40:50, 20:30] = 0
    cleaned = clean(mask)
    assert np.array_equal(cleaned.mask, rectangles(LEFT, RIGHT).astype(bool))
    assert cleaned.scattered == pytest.approx(9 / (60 * 25 * 2 + 9))


def test_cleaning_nothing_gives_nothing() -> None:
    cleaned = clean(np.zeros((8, 8)))
    assert not cleaned.mask.any()
    assert cleaned.scattered == 0.0
