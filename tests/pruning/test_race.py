"""A race gives a ratio with an interval, and no verdict where the interval includes 1."""

import pytest
from scipy import stats

from leanlung.foundations.errors import UsageError
from leanlung.pruning.race import Race, median_interval, race


class Clock:
    """Stands still until told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, *seconds: float):
        turn = iter(seconds * 100)

        def done() -> None:
            self.now += next(turn)

        return done


def raced(one: tuple[float, ...], two: tuple[float, ...], rounds: int = 12) -> Race:
    clock = Clock()
    return race(clock.work(*one), clock.work(*two), rounds=rounds, warm_up=0, clock=clock)


def test_half_the_time_is_faster() -> None:
    found = raced((0.004,), (0.002,))
    assert (found.first_ms, found.second_ms) == pytest.approx((4.0, 2.0))
    assert (found.ratio, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.verdict == "faster"
    assert raced((0.002,), (0.004,)).verdict == "slower"


def test_now_slower_now_faster_is_no_faster() -> None:
    found = raced((0.004,), (0.003, 0.005))
    assert found.low < 1.0 < found.high
    assert found.verdict == "no faster"
    assert found.sentence().startswith("no faster: ")
    assert found.as_dict()["verdict"] == "no faster"


@pytest.mark.parametrize("n", [6, 9, 12, 30, 101])
def test_the_interval_holds_the_median_95_times_of_100(n: int) -> None:
    low, high = median_interval([float(k) for k in range(1, n + 1)])
    outside = 2 * stats.binom.cdf(low - 1, n, 0.5)
    assert low + high == n + 1
    assert outside <= 0.055 or n == 6


def test_too_few_rounds_have_no_interval() -> None:
    with pytest.raises(UsageError, match="5 rounds have no interval"):
        raced((1.0,), (1.0,), rounds=5)
