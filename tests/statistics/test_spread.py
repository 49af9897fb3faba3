"""Where nothing varies, n patients still leave room for a difference; the p says how much."""

from __future__ import annotations

import pytest

from leanlung.statistics.spread import UnseenSpread


def test_the_interval_and_the_p_tell_the_same():
    spread = UnseenSpread(0.0, 149)
    low, high = spread.interval(0.95)
    assert low == pytest.approx(-(1 - 0.025 ** (1 / 149)))
    assert high == -low
    assert spread.p_at_most(low) == pytest.approx(0.025)
    assert spread.p_at_least(high) == pytest.approx(0.025)
    assert spread.p_at_most(0.0) == spread.p_at_least(0.0) == 1.0


def test_nothing_reaches_beyond_the_widest():
    spread = UnseenSpread(-1.0, 3, widest=1.0)
    assert spread.interval(0.95)[0] == -1.0
    assert UnseenSpread(0.0, 3).p_at_most(-1.0) == 0.0


def test_its_error_is_what_one_patient_makes():
    assert UnseenSpread(0.0, 20, widest=2.0).error == 0.1
