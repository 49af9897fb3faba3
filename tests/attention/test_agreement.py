"""Measures of agreement on maps of four by four places, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.attention import overlap, overlap_of_equal_area, pointing, share_inside

VALUES = np.array(
    [[0.0, 0.0, 0.1, 0.2], [0.0, 0.1, 0.4, 0.6], [0.0, 0.1, 0.8, 1.0], [0.0, 0.0, 0.2, 0.5]],
    dtype=np.float32,
)  # sums to 4.0
LESION = np.zeros((4, 4), dtype=np.bool_)
LESION[1:3, 1:3] = True  # 0.1 + 0.4 + 0.1 + 0.8
ALL = np.ones((4, 4), dtype=np.bool_)
RIGHT = np.zeros((4, 4), dtype=np.bool_)
RIGHT[:, 2:] = True
NOTHING = np.zeros((4, 4), dtype=np.float32)


def test_the_share_inside_is_a_sum_by_a_sum_beside_the_regions_area() -> None:
    assert share_inside(VALUES, LESION, ALL) == pytest.approx((1.4 / 4.0, 4 / 16))


def test_chance_looks_only_at_what_the_network_was_shown() -> None:
    # of the 8 places of the right half, 2 are lesion
    assert share_inside(VALUES, LESION, RIGHT).chance == pytest.approx(2 / 8)


@pytest.mark.parametrize(("tolerance", "hit", "near"), [(0.0, 0.0, 4), (0.25, 1.0, 12)])
def test_a_peak_beside_the_lesion_hits_within_the_tolerance(
    tolerance: float, hit: float, near: int
) -> None:
    # 0.25 of four places is one: the twelve places that touch the lesion by a side, or are it
    assert pointing(VALUES, LESION, ALL, tolerance) == pytest.approx((hit, near / 16))


def test_of_several_peaks_the_share_that_hits_counts() -> None:
    values = NOTHING.copy()
    values[1, 1] = values[0, 0] = values[2, 2] = values[3, 3] = 1.0
    assert pointing(values, LESION, ALL, 0.0).value == 0.5


def test_overlap_marks_from_half_the_peak_on() -> None:
    # marked: 0.6, 0.8, 1.0, 0.5; of these 0.8 is lesion; seven places are either
    found = overlap(VALUES, LESION, ALL)
    assert found.value == pytest.approx(1 / 7)
    # by chance 1/4 of 1/4 of the places are both, and 1/4 + 1/4 - 1/16 either
    assert found.chance == pytest.approx((1 / 16) / (7 / 16))


def test_overlap_of_equal_area_marks_as_many_places_as_the_lesion_has() -> None:
    # the four highest are 1.0, 0.8, 0.6 and 0.5
    assert overlap_of_equal_area(VALUES, LESION, ALL).value == pytest.approx(1 / 7)
    three = LESION.copy()
    three[1, 1] = False
    # the three highest: 1.0, 0.8, 0.6; one of them lesion, five either
    assert overlap_of_equal_area(VALUES, three, ALL).value == pytest.approx(1 / 5)


def test_a_map_that_is_the_lesion_is_perfect() -> None:
    values = LESION.astype(np.float32)
    for measure in (share_inside, pointing, overlap, overlap_of_equal_area):
        assert measure(values, LESION, ALL).value == 1.0


def test_a_map_of_zeros_points_nowhere_and_has_no_share() -> None:
    assert share_inside(NOTHING, LESION, ALL).value is None
    for measure in (pointing, overlap, overlap_of_equal_area):
        assert measure(NOTHING, LESION, ALL).value == 0.0


def test_the_chance_level_is_what_maps_at_random_reach() -> None:
    generator = np.random.default_rng(0)
    found = []
    for _ in range(400):
        values = generator.permutation(VALUES.ravel()).reshape(4, 4)
        found.append([share_inside(values, LESION, ALL), pointing(values, LESION, ALL, 0.25)])
    reached = np.array(found, dtype=np.float64)  # (draws, measures, value and chance)
    np.testing.assert_allclose(reached[..., 0].mean(axis=0), reached[0, :, 1], atol=0.03)
