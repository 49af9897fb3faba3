"""A schedule says what share is gone after each round."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    SCHEDULES,
    Cosine,
    LowestShare,
    OneShot,
    Polynomial,
    Schedule,
    Steady,
    UnitScores,
)


@pytest.mark.parametrize(
    ("round_", "gone"), [(0, 0.0), (1, 0.02), (24, 0.48), (25, 0.50), (99, 0.50)]
)
def test_steady_removes_two_percent_a_round_up_to_half(round_: int, gone: float) -> None:
    assert Steady(share=0.02, ceiling=0.5)(round_) == pytest.approx(gone)


def test_steady_of_what_remains_needs_ten_more_rounds_to_reach_half() -> None:
    schedule = Steady(share=0.02, ceiling=0.5, of="remaining")
    assert schedule(34) < 0.5 <= schedule(35)


def test_twenty_five_rounds_of_what_remains_leave_sixty_percent() -> None:
    """What torch.nn.utils.prune does with amount=0.02, 25 times: 39.7 % gone, not half."""
    schedule = Steady(share=0.02, ceiling=0.5, of="remaining")
    left = 1.0
    for _ in range(25):
        left *= 0.98
    assert schedule(25) == pytest.approx(1 - left) == pytest.approx(0.397, abs=5e-4)


def test_one_shot_takes_everything_in_the_first_round() -> None:
    assert [OneShot(0.5)(round_) for round_ in (0, 1, 2)] == [0.0, 0.5, 0.5]


@given(
    st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.sampled_from(["original", "remaining"])
)
def test_no_schedule_falls_or_leaves_the_range(share: float, ceiling: float, of: str) -> None:
    for schedule in (Steady(share, ceiling, of), OneShot(share)):
        curve = [schedule(round_) for round_ in range(12)]
        assert curve[0] == 0.0
        assert curve == sorted(curve)
        assert curve[-1] < 1.0


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(SurgeryError, match="is a share between 0 and 1"):
        OneShot(share)


def test_a_percentage_is_told_what_to_write() -> None:
    with pytest.raises(SurgeryError, match=r"share .* got 2 \(for 2 % write 0.02\)"):
        Steady(share=2.0, ceiling=0.5)


def test_the_registry_names_every_schedule() -> None:
    assert set(SCHEDULES.values()) == {Steady, OneShot, Polynomial, Cosine}


# By hand: 0.5 + (0 - 0.5) * (1 - t / 1000) ** 3, as PolynomialDecay of TF-MOT gives it.
@pytest.mark.parametrize(
    ("step", "gone"),
    [(0, 0.0), (100, 0.1355), (500, 0.4375), (900, 0.4995), (1000, 0.5), (9999, 0.5)],
)
def test_the_cubic_schedule_by_hand(step: int, gone: float) -> None:
    assert Polynomial(final=0.5, last=1000)(step) == pytest.approx(gone, abs=1e-15)


def test_the_cubic_schedule_from_a_share_to_another() -> None:
    """0.8 + (0.2 - 0.8) * (1 - 1/2) ** 3 = 0.725 half way from step 2000 to 4000."""
    schedule = Polynomial(initial=0.2, final=0.8, first=2000, last=4000)
    found = [schedule(step) for step in (1999, 2000, 3000, 4000, 4001)]
    assert found == pytest.approx([0.0, 0.2, 0.725, 0.8, 0.8])


def test_a_power_of_one_is_a_straight_line() -> None:
    schedule = Polynomial(final=0.4, last=4, power=1)
    assert [schedule(t) for t in range(5)] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_the_cosine_is_half_way_half_way() -> None:
    """(1 + cos(pi / 4)) / 2 = 0.853553 of the way is to come after a quarter."""
    schedule = Cosine(final=0.5, last=4)
    found = [schedule(t) for t in (0, 1, 2, 3, 4, 5)]
    assert found == pytest.approx([0.0, 0.0732233, 0.25, 0.4267767, 0.5, 0.5], abs=1e-7)
    assert Cosine(final=0.5, last=9, first=3, initial=0.1)(2) == 0.0


@given(
    st.floats(0.001, 0.999),
    st.floats(0, 1),
    st.integers(0, 5),
    st.integers(1, 9),
    st.floats(0.1, 9),
)
def test_schedules_with_an_end_rise_from_the_first_share_to_the_last(
    final: float, part: float, first: int, length: int, power: float
) -> None:
    initial = part * final
    span = {"initial": initial, "final": final, "first": first, "last": first + length}
    for schedule in (Polynomial(**span, power=power), Cosine(**span)):
        curve = [schedule(round_) for round_ in range(first, first + length + 3)]
        assert curve[0] == pytest.approx(initial)
        assert all(b >= a - 1e-12 for a, b in pairwise(curve))
        assert curve[-1] == pytest.approx(final)
        assert schedule(first + length) == final


@pytest.mark.parametrize("kind", [Polynomial, Cosine])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"final": 0.5, "last": 0}, "first comes before last, from 0 on; got first = 0 and la"),
        ({"final": 0.5, "last": 3, "first": -1}, "got first = -1 and last = 3"),
        (
            {"final": 0.3, "last": 3, "initial": 0.4},
            "never falls; initial = 0.4 is above final",
        ),
        ({"final": 50, "last": 3}, r"final is a share .* \(for 50 % write 0.5\)"),
        ({"final": 0.5, "last": 3, "initial": -0.1}, "initial is a share"),
    ],
)
def test_what_is_no_schedule_is_refused(kind: type, wrong: dict, message: str) -> None:
    with pytest.raises(SurgeryError, match=message):
        kind(**wrong)


@pytest.mark.parametrize("power", [0.0, -1.0, float("nan"), float("inf")])
def test_a_power_that_is_none_is_refused(power: float) -> None:
    with pytest.raises(SurgeryError, match="power is a number above 0"):
        Polynomial(final=0.5, last=3, power=power)


def test_a_function_of_ones_own_is_a_schedule() -> None:
    def ever_slower(round_: int) -> float:
        return 0.5 - 0.5 / 2**round_

    mine: Schedule = ever_slower
    scores = UnitScores("mine", {"only": torch.arange(16.0)})
    cut = LowestShare("network", mine)
    assert cut(scores, 1, {"only": 16}).units == {"only": (0, 1, 2, 3)}
    assert cut(scores, 2, {"only": 16}).units == {"only": (0, 1)}


def test_before_the_first_round_nothing_is_gone_whatever_a_schedule_says() -> None:
    scores = UnitScores("mine", {"only": torch.arange(10.0)})
    cut = LowestShare("network", lambda _round: 0.3)
    assert len(cut(scores, 1, {"only": 10})) == 3
    assert len(cut(scores, 2, {"only": 10})) == 0
