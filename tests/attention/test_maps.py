"""Maps come back to where they belong on the film, and add up over an ensemble."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.attention import AttentionMap, combine, on_film, seen_box
from leanlung.foundations.errors import PixelError, UsageError
from leanlung.pixels import PixelSpec, prepare


def attention(values: object, study: str = "film") -> AttentionMap:
    return AttentionMap(study, "ill", np.asarray(values, dtype=np.float32), "grad-cam", "trunk")


def lungs() -> np.ndarray:
    mask = np.zeros((60, 100), dtype=np.float32)
    mask[10:40, 20:80] = 1.0
    return mask


def test_a_film_shown_whole_is_covered_whole() -> None:
    box = seen_box((60, 100), PixelSpec(size=16), lungs())
    found = on_film(attention([[0.0, 1.0], [0.0, 0.0]]), (60, 100), box)
    assert found.values.shape == (60, 100)
    assert np.unravel_index(found.values.argmax(), (60, 100))[0] < 30
    assert found.values[:15, 75:].min() == 1.0
    assert found.values[45:, :25].max() == 0.0


def test_a_film_cropped_to_the_lungs_is_covered_there_alone() -> None:
    spec = PixelSpec(size=16, crop="lungs", margin=0.0)
    found = on_film(attention(np.ones((8, 8))), (60, 100), seen_box((60, 100), spec, lungs()))
    assert np.array_equal(found.values, lungs())


def test_a_bright_spot_comes_back_to_where_it_was() -> None:
    film = np.zeros((60, 100), dtype=np.float32)
    film[30:34, 66:70] = 1.0
    spec = PixelSpec(size=32, crop="lungs", margin=0.1)
    seen = prepare(film, spec, lungs()).astype(np.float32) / 255
    found = on_film(attention(seen), film.shape, seen_box((60, 100), spec, lungs()))
    row, column = np.unravel_index(found.values.argmax(), film.shape)
    assert abs(row - 31.5) <= 2
    assert abs(column - 67.5) <= 2


def test_a_film_without_a_mask_is_seen_whole() -> None:
    assert seen_box((60, 100), PixelSpec(crop="lungs"), None) == (0, 60, 0, 100)


def test_an_ensemble_averages_maps_of_sum_one() -> None:
    wide = attention([[1.0, 1.0], [1.0, 1.0]])  # a quarter in each place
    narrow = attention([[0.0, 0.0], [0.0, 1.0]])
    found = combine([wide, narrow])
    # 0.125 in three places, 0.625 in the last, which becomes 1
    np.testing.assert_allclose(found.values, [[0.2, 0.2], [0.2, 1.0]], rtol=1e-6)
    # by 3 and 1: 0.1875 in three places, 0.4375 in the last
    weighted = combine([wide, narrow], [3.0, 1.0])
    np.testing.assert_allclose(weighted.values[0, 0], 0.1875 / 0.4375, rtol=1e-6)
    assert found.layer == "trunk, trunk"


def test_an_empty_map_leaves_the_others_as_they_are() -> None:
    narrow = attention([[0.0, 0.5], [0.0, 1.0]])
    empty = attention(np.zeros((2, 2)))
    np.testing.assert_allclose(combine([empty, narrow]).values, narrow.values)
    assert combine([empty, empty]).empty


@pytest.mark.parametrize(
    ("others", "weights"),
    [
        ([attention(np.ones((3, 3)))], None),
        ([attention(np.ones((2, 2)), "another")], None),
        ([attention(np.ones((2, 2)))], [1.0]),
        ([attention(np.ones((2, 2)))], [1.0, -1.0]),
        ([attention(np.ones((2, 2)))], [0.0, 0.0]),
    ],
)
def test_maps_and_weights_that_do_not_fit_are_refused(
    others: list[AttentionMap], weights: list[float] | None
) -> None:
    with pytest.raises(UsageError, match="expected"):
        combine([attention(np.ones((2, 2))), *others], weights)


@pytest.mark.parametrize("values", [np.ones(4), np.full((2, 2), np.nan), -np.ones((2, 2))])
def test_a_map_is_a_plane_of_shares(values: np.ndarray) -> None:
    with pytest.raises(PixelError, match=r"\(height, width\) in \[0, 1\] was expected"):
        attention(values)
