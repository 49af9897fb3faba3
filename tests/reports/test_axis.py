"""An axis places values in percent of its width, and has few, round ticks."""

import pytest

from leanlung.reports.axis import Axis
from leanlung.statistics import Estimate


def test_a_value_stands_where_its_share_of_the_axis_is():
    axis = Axis(-1.0, 3.0)
    assert [axis.place(value) for value in (-1.0, 0.0, 1.0, 3.0)] == [0.0, 25.0, 50.0, 100.0]


def test_an_axis_around_values_holds_all_of_them_and_a_little_more():
    axis = Axis.around([0.0, None, -0.5, 0.25])
    assert axis.low < -0.5
    assert axis.high > 0.25
    assert axis.high - axis.low == pytest.approx(0.75 * 1.08)


@pytest.mark.parametrize(
    ("low", "high", "texts", "minor"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"], ["0.2", "0.6", "1"]),
        (-0.11, 0.35, ["−0.1", "0", "0.1", "0.2", "0.3"], ["−0.1", "0.1", "0.3"]),
        (-0.021, 0.004, ["−0.02", "−0.015", "−0.01", "−0.005", "0"], ["−0.015", "−0.005"]),
        (-1.0, 1.0, ["−1", "−0.5", "0", "0.5", "1"], ["−0.5", "0.5"]),
    ],
)
def test_ticks_are_round_and_zero_keeps_its_label(low, high, texts, minor):
    axis = Axis(low, high)
    assert [tick.text for tick in axis.ticks] == texts
    assert [tick.text for tick in axis.ticks if tick.minor] == minor
    for tick in axis.ticks:
        value = float(tick.text.replace("−", "-"))
        assert tick.place == pytest.approx(100 * (value - low) / (high - low), abs=0.01)


def test_a_strip_has_no_width_without_an_interval_and_is_left_out_without_a_value():
    axis = Axis(0.0, 1.0)
    known = Estimate("accuracy", 0.25, None, None, 0.95, "none", 3, 3)
    strip = axis.strip(known, "chosen")
    assert (strip.low, strip.value, strip.high) == (25.0, 25.0, 25.0)
    unknown = Estimate("accuracy", None, None, None, 0.95, "none", 3, 3)
    assert axis.strip(unknown, "chosen") is None
