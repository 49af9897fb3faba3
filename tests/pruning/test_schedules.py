"""A schedule says what share is gone after each round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import SCHEDULES, OneShot, Steady


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
    assert set(SCHEDULES.values()) == {Steady, OneShot}
