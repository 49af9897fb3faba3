"""Layers keep their minimum, multiples of what runtimes like, and what is left alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import AtMost, LowestShare, OneShot, Polynomial, Steady, UnitScores
from leanlung.pruning.bounds import Bounds, without_left_alone


def scores(**by_layer: list[float]) -> UnitScores:
    return UnitScores(
        "mine", {n: torch.tensor(v, dtype=torch.float64) for n, v in by_layer.items()}
    )


def widths(found: UnitScores) -> dict[str, int]:
    return {name: len(values) for name, values in found.by_layer.items()}


# From 30: 22 wanted is 24 aligned to 8; 8 is the least; a layer of 6 is narrower than 8.
@pytest.mark.parametrize(
    ("width", "wanted", "align", "minimum", "after"),
    [
        (30, 8, 8, 1, 24),
        (30, 5, 8, 1, 30),
        (30, 29, 8, 1, 8),
        (30, 29, 8, 9, 16),
        (6, 5, 8, 1, 6),
        (8, 7, 8, 1, 8),
        (64, 32, 16, 1, 32),
        (64, 31, 4, 1, 36),
        (11, 3, 1, 1, 8),
        (11, 30, 1, 4, 4),
        (3, 3, 1, 4, 3),
        (10, -2, 4, 1, 10),
    ],
)
def test_widths_by_hand(width: int, wanted: int, align: int, minimum: int, after: int) -> None:
    assert Bounds(minimum, align).width_after(width, wanted) == after


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.floats(0, 1), min_size=1, max_size=40),
        min_size=1,
    ),
    st.floats(0.01, 0.99),
    st.sampled_from(["layer", "network", "at_most"]),
    st.sampled_from([1, 4, 8, 16]),
    st.integers(1, 9),
)
def test_aligned_widths_are_multiples_and_never_too_narrow_and_no_worse_unit_stays(
    by_layer: dict[str, list[float]], share: float, kind: str, align: int, minimum: int
) -> None:
    found = scores(**by_layer)
    cut = (
        AtMost(share, minimum, align=align)
        if kind == "at_most"
        else LowestShare(kind, OneShot(share), minimum, align=align)
    )
    removal = cut(found, 1, widths(found))
    for name, values in by_layer.items():
        gone = removal.units.get(name, ())
        after = len(values) - len(gone)
        assert not gone or after % align == 0
        assert after >= min(len(values), max(minimum, align))
        stay = [value for place, value in enumerate(values) if place not in gone]
        assert not gone or max(values[place] for place in gone) <= min(stay)
        if kind == "at_most":
            assert all(values[place] <= share for place in gone)
    if kind == "network":
        assert len(removal) <= share * sum(map(len, by_layer.values())) + 1e-6


def test_aligned_rounds_over_the_network_make_up_for_what_did_not_fit() -> None:
    """5 % of 64 is 3.2 units a round: no block of 4 in round 1, one in 2 (6.4), two by 3."""
    left = torch.arange(64.0)
    cut = LowestShare("network", Steady(share=0.05, ceiling=0.5), align=4)
    sizes = []
    for round_ in range(1, 6):
        removal = cut(UnitScores("mine", {"only": left}), round_, {"only": 64})
        left = left[len(removal) :]
        sizes.append(len(left))
    assert sizes == [64, 60, 56, 52, 48]


def test_blocks_compete_by_the_mean_of_their_scores() -> None:
    a, b = [0.0, 0.0, 0.0, 8.0, 9, 9, 9, 9], [1.0, 1.0, 1.0, 1.0, 9, 9, 9, 9]
    cut = LowestShare("network", OneShot(0.25), align=4)
    removal = cut(scores(a=a, b=b), 1, {"a": 8, "b": 8})
    assert removal.units == {"b": (0, 1, 2, 3)}


def test_a_layer_that_has_to_stay_does_not_stop_the_others() -> None:
    """b is as narrow as it may be; of 18 units 5 are to go: 2 leave a at 8, 3 do not fit."""
    found = scores(a=[5.0] * 10, b=[0.0] * 8)
    cut = LowestShare("network", OneShot(0.3), align=8)
    removal = cut(found, 1, widths(found))
    assert removal.units == {"a": (0, 1)}
    assert removal.spared == ("b", "a")


def test_layers_left_alone_lose_nothing_and_do_not_count() -> None:
    found = scores(stem=[0.0] * 4, **{"body.0": [1.0] * 6, "body.1": [2.0] * 4})
    for scope in ("layer", "network"):
        cut = LowestShare(scope, OneShot(0.5), leave_alone=("stem", "body.1"))
        assert cut(found, 1, widths(found)).units == {"body.0": (0, 1, 2)}
    removal = AtMost(1.0, leave_alone=("stem",))(found, 1, widths(found))
    assert removal.units == {"body.0": (0, 1, 2, 3, 4)}
    assert removal.spared == ("body.0",)


def test_patterns_leave_whole_families_alone() -> None:
    names = ["features.0", "features.3", "classifier"]
    assert without_left_alone(names, ("features.*",)) == ["classifier"]
    assert without_left_alone(names, ()) == names


def test_a_layer_that_does_not_exist_is_refused_with_what_was_meant() -> None:
    found = scores(**{"features.0": [1.0], "classifier": [1.0]})
    cut = LowestShare("layer", OneShot(0.5), leave_alone=("clasifier",))
    with pytest.raises(SurgeryError, match="fits 'clasifier'; did you mean 'classifier'"):
        cut(found, 1, widths(found))
    with pytest.raises(SurgeryError, match=r"fits 'q\*'; there are features.0, classifier"):
        AtMost(0.5, leave_alone=("q*",))(found, 1, widths(found))
    with pytest.raises(SurgeryError, match="fits every layer; nothing could be removed"):
        LowestShare("layer", OneShot(0.5), leave_alone=("*",))(found, 1, widths(found))


def test_what_is_no_alignment_or_minimum_is_refused() -> None:
    with pytest.raises(SurgeryError, match=r"one of \[1, 4, 8, 16\]; got align = 3"):
        LowestShare("layer", OneShot(0.5), align=3)
    with pytest.raises(SurgeryError, match="at least one unit; got minimum = 0"):
        AtMost(0.5, minimum=0)


def test_scores_at_or_below_the_limit_go() -> None:
    found = scores(a=[0.1, 0.2, 0.3], b=[0.2, 0.1, 0.1], c=[0.5, 0.6])
    removal = AtMost(0.2)(found, 7, {"a": 9, "b": 9, "c": 9})
    assert removal.units == {"a": (0, 1), "b": (1, 2)}  # the best of b stays
    assert removal.spared == ("b",)


@pytest.mark.parametrize("limit", [float("nan"), float("inf")])
def test_a_limit_that_is_no_score_is_refused(limit: float) -> None:
    with pytest.raises(SurgeryError, match="limit is a score"):
        AtMost(limit)


def test_normalised_scores_compete_by_their_share_of_their_layer() -> None:
    """Norms 10 and 100 (1 + 1 + 49 + 49): a's 0.2, 0.4 are more than b's 0.1, 0.1."""
    found = scores(a=[2.0, 4.0, 4.0, 8.0], b=[10.0, 10.0, 70.0, 70.0], silent=[0.0, 0.0])
    plain = LowestShare("network", OneShot(0.3))(found, 1, widths(found))
    assert plain.units == {"a": (0, 1), "silent": (0,)}
    cut = LowestShare("network", OneShot(0.3), normalise="layer")
    assert cut(found, 1, widths(found)).units == {"b": (0, 1), "silent": (0,)}


def test_normalising_within_a_layer_is_refused() -> None:
    with pytest.raises(SurgeryError, match="changes no rank within a layer"):
        LowestShare("layer", OneShot(0.5), normalise="layer")


def test_a_schedule_may_reach_its_end_before_the_last_round() -> None:
    cut = LowestShare("layer", Polynomial(final=0.5, last=2), align=4)
    left = torch.arange(32.0)
    for round_, width in ((1, 20), (2, 16), (3, 16)):
        removal = cut(UnitScores("mine", {"only": left}), round_, {"only": 32})
        left = left[len(removal) :]
        assert len(left) == width
