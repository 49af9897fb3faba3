"""Dice and IoU by hand; means by source with an interval over patients."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.foundations.errors import PixelError
from leanlung.lungs import Overlap, agreement, overlap


def test_dice_and_iou_of_masks_that_share_two_of_four_and_three_pixels() -> None:
    found = np.array([[1, 1, 1, 1], [0, 0, 0, 0]])
    drawn = np.array([[0, 0, 255, 255], [255, 0, 0, 0]])
    assert overlap(found, drawn) == Overlap(2 * 2 / (4 + 3), 2 / 5)
    assert overlap(found, found) == Overlap(1.0, 1.0)
    assert overlap(found, 1 - found) == Overlap(0.0, 0.0)


def test_two_empty_masks_agree() -> None:
    assert overlap(np.zeros((2, 2)), np.zeros((2, 2))) == Overlap(1.0, 1.0)


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(PixelError, match="the same size was expected"):
        overlap(np.zeros((2, 2)), np.zeros((2, 3)))


def test_means_are_over_films_and_intervals_over_patients() -> None:
    overlaps = [Overlap(d, d / 2) for d in (0.9, 0.9, 0.6, 0.8)]
    a, b, both = agreement(overlaps, ["p", "p", "q", "r"], ["A", "A", "A", "B"], resamples=200)
    assert (a.source, a.films, a.patients) == ("A", 3, 2)
    assert a.dice.value == pytest.approx(0.8)
    assert a.iou.value == pytest.approx(0.4)
    # Two patients: both the one, both the other, or each once.
    assert (a.dice.low, a.dice.high) == pytest.approx((0.6, 0.9))
    assert "patient-cluster bootstrap" in a.dice.method
    assert b.dice.value == pytest.approx(0.8)
    assert (b.source, b.dice.low) == ("B", None)
    assert (both.source, both.films, both.patients) == ("all sources", 4, 3)
    assert both.dice.value == pytest.approx(0.8)


def test_of_one_source_nothing_is_pooled() -> None:
    found = agreement([Overlap(0.9, 0.8)] * 3, ["p", "q", "r"], ["A"] * 3, resamples=100)
    assert [one.source for one in found] == ["A"]
    assert found[0].lowest == pytest.approx(0.9)
