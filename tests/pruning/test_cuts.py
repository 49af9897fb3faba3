"""The lowest scores go, exactly as many as the schedule says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import LowestShare, OneShot, Steady, UnitScores


def scores(**by_layer: list[float]) -> UnitScores:
    return UnitScores(
        "mine", {n: torch.tensor(v, dtype=torch.float64) for n, v in by_layer.items()}
    )


def widths(found: UnitScores) -> dict[str, int]:
    return {name: len(values) for name, values in found.by_layer.items()}


def test_the_lowest_go_from_each_layer() -> None:
    found = scores(a=[0.4, 0.1, 0.3, 0.2], b=[9.0, 7.0, 8.0, 6.0])
    removal = LowestShare("layer", OneShot(0.5))(found, 1, widths(found))
    assert removal.units == {"a": (1, 3), "b": (1, 3)}


def test_over_the_network_all_layers_compete() -> None:
    found = scores(a=[0.4, 0.1, 0.3, 0.2], b=[9.0, 0.25, 8.0, 6.0])
    removal = LowestShare("network", OneShot(0.5))(found, 1, widths(found))
    assert removal.units == {"a": (1, 2, 3), "b": (1,)}


def test_equal_scores_go_by_place_and_running_order() -> None:
    found = scores(a=[0.0] * 4, b=[0.0] * 4)
    originals = widths(found)
    assert LowestShare("layer", OneShot(0.5))(found, 1, originals).units == {
        "a": (0, 1),
        "b": (0, 1),
    }
    assert LowestShare("network", OneShot(0.5))(found, 1, originals).units == {
        "a": (0, 1, 2),
        "b": (0,),
    }


@pytest.mark.parametrize(
    ("pool", "step", "after_ten"),
    [(5_248, 104, 1_040), (6_528, 130, 1_300), (18_240, 364, 3_640)],
)
def test_two_percent_over_the_network_is_what_the_papers_code_takes(
    pool: int, step: int, after_ten: int
) -> None:
    """VGG-16, VGG-19 and Inception-V3 with the 1,024-map head: 104, 130 and 364 a round."""
    cut = LowestShare("network", Steady(share=0.02, ceiling=0.5))
    left = pool
    for round_ in range(1, 11):
        removal = cut(scores(all=[0.0] * left), round_, {"all": pool})
        assert len(removal) == step
        left -= len(removal)
    assert pool - left == after_ten


@pytest.mark.parametrize("width", [11, 32, 64, 100, 512])
def test_half_in_twenty_five_rounds_is_half_of_every_layer(width: int) -> None:
    """Exact on the original width: the nearest whole number after each round, no drift."""
    cut = LowestShare("layer", Steady(share=0.02, ceiling=0.5))
    left = width
    for round_ in range(1, 26):
        left -= len(cut(scores(only=[1.0] * left), round_, {"only": width}))
        exact = 2 * round_ * width  # hundredths of units gone
        assert abs(100 * (width - left) - exact) <= 50
    assert left == width - (width + 1) // 2


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.floats(0, 1), min_size=1, max_size=12),
        min_size=1,
    ),
    st.floats(0.01, 0.99),
    st.sampled_from(["layer", "network"]),
    st.integers(1, 3),
)
def test_every_layer_keeps_its_minimum_and_nothing_higher_goes_before_something_lower(
    by_layer: dict[str, list[float]], share: float, scope: str, minimum: int
) -> None:
    found = scores(**by_layer)
    removal = LowestShare(scope, OneShot(share), minimum)(found, 1, widths(found))
    for name, values in by_layer.items():
        gone = removal.units.get(name, ())
        assert len(values) - len(gone) >= min(minimum, len(values))
        stay = [value for place, value in enumerate(values) if place not in gone]
        assert not gone or max(values[place] for place in gone) <= min(stay)


def test_a_layers_last_unit_is_kept_and_told() -> None:
    found = scores(a=[0.1], b=[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    removal = LowestShare("network", OneShot(0.5))(found, 1, widths(found))
    assert removal.units == {"b": (0, 1, 2, 3)}
    assert removal.spared == ("a",)
    removal = LowestShare("layer", OneShot(0.9))(found, 1, widths(found))
    assert removal.spared == ("a",)
    assert removal.units == {"b": (0, 1, 2, 3, 4, 5)}


def test_a_round_with_nothing_to_take_is_empty() -> None:
    found = scores(a=[0.1, 0.2])
    cut = LowestShare("layer", OneShot(0.5))
    assert len(cut(scores(a=[0.2]), 2, {"a": 2})) == 0
    assert not LowestShare("network", Steady(0.02, 0.5))(found, 1, {"a": 2})


def test_a_minimum_below_one_is_refused() -> None:
    with pytest.raises(SurgeryError, match="at least one unit; got minimum = 0"):
        LowestShare("layer", OneShot(0.5), minimum=0)
