"""A strip: slices in reading order, and under each a bar as long as its share."""

import cv2
import numpy as np
import pytest

from leanlung.attention.strip import BAR, FILLED, TICK, Tile, strip
from leanlung.foundations.errors import UsageError


def tile(share: float, grey: float = 0.5) -> Tile:
    return Tile.of("z", share, np.full((120, 120), grey, np.float32))


def read(data: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found)


def test_bars_are_as_long_as_their_shares_and_the_threshold_is_a_tick() -> None:
    for share, orange in ((0.0, 0), (0.25, 30), (1.0, 120)):
        drawn = read(strip([tile(share)], "", threshold=0.5))
        bar = drawn[20 + 16 + 120 + BAR // 2, :120]  # caption, title, slice
        filled = (bar == FILLED).all(axis=1)
        assert tuple(bar[60]) == TICK
        assert filled.sum() == orange - (1 if share > 0.5 else 0)


def test_tiles_stand_in_reading_order() -> None:
    greys = [0.1, 0.3, 0.5, 0.7, 0.9]
    drawn = read(strip([tile(0.0, grey) for grey in greys], ""))
    wide, high = 124, 16 + 120 + BAR + 4
    columns = drawn.shape[1] // wide
    assert columns == 3  # the root of 1.6 times five, rounded up
    middles = [
        drawn[20 + high * (n // columns) + 80, wide * (n % columns) + 60, 0] / 255
        for n in range(len(greys))
    ]
    assert middles == pytest.approx(greys, abs=0.005)


def test_nothing_is_no_strip() -> None:
    with pytest.raises(UsageError, match="no slices"):
        strip([], "")
