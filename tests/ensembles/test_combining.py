"""Votes, means and weighted means, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leanlung.ensembles import COMBINERS, Mean, Vote, Weighted, mean, vote, weighted
from leanlung.foundations.errors import UsageError


def one(*rows: list[float]) -> np.ndarray:
    """Several models on one study."""
    return np.array(rows)[:, np.newaxis, :]


def test_the_class_with_most_votes_has_their_share() -> None:
    found = vote(one([0.6, 0.4, 0.0], [0.5, 0.3, 0.2], [0.0, 0.1, 0.9]))
    np.testing.assert_allclose(found, [[2 / 3, 0, 1 / 3]], rtol=1e-12)


def test_a_tie_of_two_goes_to_the_higher_mean() -> None:
    """One vote each and a casting one: the mean of the second class is 0.55."""
    np.testing.assert_allclose(vote(one([0.6, 0.4], [0.3, 0.7])), [[1 / 3, 2 / 3]], rtol=1e-12)


def test_a_tie_of_three_goes_to_the_highest_mean() -> None:
    found = vote(one([0.5, 0.4, 0.1], [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]))
    np.testing.assert_allclose(found, [[1 / 4, 2 / 4, 1 / 4]], rtol=1e-12)


def test_only_those_that_lead_are_cast_for() -> None:
    """Votes 2, 2 and 1: the third class has the highest mean and does not win."""
    found = vote(
        one([0.4, 0.2, 0.4], [0.4, 0.2, 0.4], [0.2, 0.4, 0.4], [0.1, 0.5, 0.4], [0, 0, 1])
    )
    np.testing.assert_allclose(found, [[2 / 6, 3 / 6, 1 / 6]], rtol=1e-12)


def test_of_equally_likely_classes_a_member_votes_for_the_first() -> None:
    np.testing.assert_allclose(vote(one([0.5, 0.5], [0.5, 0.5])), [[1, 0]])


def test_a_mean_and_a_weighted_mean_are_what_they_say() -> None:
    both = one([0.2, 0.8], [0.6, 0.4])
    np.testing.assert_allclose(mean(both), [[0.4, 0.6]], rtol=1e-12)
    np.testing.assert_allclose(weighted(both, (0.75, 0.25)), [[0.3, 0.7]], rtol=1e-12)


shares = arrays(
    np.float64, (4, 6, 3), elements=st.sampled_from([0.0, 1e-300, 0.1, 0.2, 0.5, 0.7, 1.0])
).map(lambda found: (found + 1e-12) / (found + 1e-12).sum(axis=2, keepdims=True))


@given(shares, arrays(np.float64, 4, elements=st.floats(0.01, 1.0)))
def test_whatever_is_combined_stays_probabilities(
    probabilities: np.ndarray, weights: np.ndarray
) -> None:
    by_weights = weighted(probabilities, weights / weights.sum())
    for found in (vote(probabilities), mean(probabilities), by_weights):
        assert found.shape == (6, 3)
        assert found.min() >= 0.0
        assert found.max() <= 1.0
        np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


@given(shares)
def test_a_vote_is_won_by_a_class_with_the_most_votes(probabilities: np.ndarray) -> None:
    votes = np.stack([np.bincount(v, minlength=3) for v in probabilities.argmax(axis=2).T])
    won = vote(probabilities).argmax(axis=1)
    assert (votes[np.arange(6), won] == votes.max(axis=1)).all()


def test_certainty_of_all_members_stays_a_probability() -> None:
    """0.1 + 0.2 + 0.7 is a little less than one in floating point, 0.7 + 0.2 + 0.1 is not."""
    sure = np.tile([1.0, 0.0], (3, 1, 1))
    for weights in ((0.1, 0.2, 0.7), (0.7, 0.2, 0.1), (1 / 3, 1 / 3, 1 / 3)):
        assert weighted(sure, weights).max() <= 1.0


@pytest.mark.parametrize("weights", [(0.5, 0.6), (-0.1, 1.1), (float("nan"), 1.0), ()])
def test_weights_that_are_none_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="shares in \\[0, 1\\] that sum to one"):
        Weighted(weights)


def test_weights_that_nearly_sum_to_one_are_made_to() -> None:
    assert sum(Weighted((0.3333333, 0.3333333, 0.3333333)).weights) == pytest.approx(1, 1e-15)


def test_values_combine_as_the_functions_do() -> None:
    both = one([0.2, 0.8], [0.9, 0.1])
    np.testing.assert_array_equal(Vote().combine(both), vote(both))
    np.testing.assert_array_equal(Mean().combine(both), mean(both))
    by = Weighted((0.75, 0.25))
    np.testing.assert_array_equal(by.combine(both), weighted(both, (0.75, 0.25)))
    with pytest.raises(UsageError, match="2 weights for 3 members"):
        by.require_fit(3, 2)


def test_every_combiner_is_known_by_its_own_name() -> None:
    assert {name: kind.name for name, kind in COMBINERS.items()} == {
        name: name for name in ("vote", "mean", "weighted", "stacking")
    }
