"""BCa is that of SciPy, whose way there is its own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import bca_interval
from leanlung.statistics.bca import acceleration
from leanlung.statistics.bootstrap import patient_draws, patients_left_out


def resampled_mean(sample, resamples, seed):
    draws = np.array(list(patient_draws(len(sample), resamples=resamples, seed=seed)))
    return draws @ sample / len(sample)


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_that_of_scipy_on_the_same_resamples(seed, level):
    sample = np.random.default_rng(seed).exponential(size=30)
    left_out = np.array([np.delete(sample, index).mean() for index in range(30)])
    found = stats.bootstrap(
        (sample,), np.mean, confidence_level=level, n_resamples=3000, method="BCa", rng=seed
    )
    drawn = found.bootstrap_distribution
    expected = found.confidence_interval.low, found.confidence_interval.high
    assert bca_interval(sample.mean(), drawn, left_out, level) == pytest.approx(expected)


def test_a_skewed_sample_moves_it_towards_the_long_tail():
    sample = np.random.default_rng(0).exponential(size=40)
    drawn = resampled_mean(sample, 2000, 0)
    left_out = np.array([np.delete(sample, index).mean() for index in range(40)])
    low, high = bca_interval(sample.mean(), drawn, left_out)
    plain = np.quantile(drawn, [0.025, 0.975])
    assert acceleration(left_out) > 0
    assert low > plain[0]
    assert high > plain[1]


def test_leaving_out_groups_tells_the_skew_of_many_patients_nearly_as_well():
    sample = np.random.default_rng(0).exponential(size=4000)
    groups = np.array(
        [weights @ sample / weights.sum() for weights in patients_left_out(4000, seed=0)]
    )
    singly = (sample.sum() - sample) / 3999
    assert len(groups) == 400
    assert acceleration(groups) == pytest.approx(acceleration(singly), abs=0.005)


def test_of_few_patients_each_is_left_out_once():
    left = np.array(list(patients_left_out(7, seed=0)))
    assert left.shape == (7, 7)
    assert (left.sum(axis=0) == 6).all()
    assert (left.sum(axis=1) == 6).all()


def test_what_is_undefined_is_left_out():
    sample = np.random.default_rng(3).normal(size=20)
    drawn = resampled_mean(sample, 500, 0)
    left_out = np.array([np.delete(sample, index).mean() for index in range(20)])
    holes = np.concatenate([drawn, [np.nan] * 9]), np.concatenate([left_out, [np.nan]])
    assert bca_interval(sample.mean(), *holes) == bca_interval(sample.mean(), drawn, left_out)


@pytest.mark.parametrize("drawn", [np.full(5, np.nan), np.ones(5)])
def test_without_spread_there_is_none(drawn):
    assert bca_interval(1.0, drawn, np.ones(3)) is None


def test_a_level_in_percent_is_refused():
    with pytest.raises(StatisticsError, match=r"for 95 % write 0\.95"):
        bca_interval(0.5, np.arange(9.0), np.arange(9.0), 95)
