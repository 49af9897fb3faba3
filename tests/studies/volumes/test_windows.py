"""Windows, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.foundations.errors import UsageError
from leanlung.studies.volumes import WINDOWS, shown, window_of


@pytest.mark.parametrize(
    ("name", "black", "white"),
    [("lung", -1350, 150), ("mediastinum", -160, 240), ("covid19_ct", -1250, 250)],
)
def test_the_named_windows_end_where_the_field_has_them(
    name: str, black: float, white: float
) -> None:
    assert (WINDOWS[name].low, WINDOWS[name].high) == (black, white)


def test_the_ends_are_black_and_white_and_the_level_is_grey() -> None:
    values = np.array([[-3000.0, -1350.0, -600.0, 150.0, 3000.0]])
    assert shown(values, WINDOWS["lung"]).tolist() == [[0, 0, 128, 255, 255]]  # 127.5 to even


def test_between_the_ends_grey_grows_in_proportion() -> None:
    # (-1000 + 1350) / 1500 * 255 = 59.5, (-500 + 1350) / 1500 * 255 = 144.5; half to even.
    assert shown(np.array([-1000, -500], np.int16), WINDOWS["lung"]).tolist() == [60, 144]


def test_an_own_window_is_level_and_width() -> None:
    own = window_of("40:400")
    assert (own.low, own.high) == (-160, 240)
    assert window_of(own.name) == own


@pytest.mark.parametrize("text", ["lungs", "40", "40:0", "40:-5", ""])
def test_another_word_is_no_window(text: str) -> None:
    with pytest.raises(UsageError, match="level:width"):
        window_of(text)
