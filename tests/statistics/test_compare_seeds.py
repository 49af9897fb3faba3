"""Several seeds on the same patients: the spread between them is stated and counted."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import compare_seeds, measure, seeds_sentence
from leanlung.statistics.seeds_spread import SeedsSpread


def trained(chance, seeds, skill=1.0, *, skip=0, **options):
    """A model trained with several seeds; another one has other seeds of chance (skip)."""
    model = "small" if skip else "large"
    return {
        str(seed): chance(120, seed=seed + skip, skill=skill, model=model, **options)
        for seed in seeds
    }


def compared(baselines, candidates, metric="accuracy", margin=0.1, resamples=100, **options):
    [found] = compare_seeds(
        baselines, candidates, [metric], margin=margin, resamples=resamples, **options
    )
    return found


def answered(answers, model, wrong, n=60):
    """Two classes; wrong on the studies given."""
    labels = np.arange(n) % 2
    return answers(
        labels, np.where(np.isin(np.arange(n), list(wrong)), 1 - labels, labels), model=model
    )


def test_the_reach_is_the_root_of_two_squared_reaches():
    # By tables of Student's t at 0.975: 2.00995 for 49 degrees of freedom, 4.30265 for 2.
    spread = SeedsSpread(-0.02, 0.01, 0.02 * math.sqrt(3), 3, 50, "")
    reach = math.hypot(2.00995 * 0.01, 4.30265 * 0.02)
    assert spread.interval(0.95) == pytest.approx((-0.02 - reach, -0.02 + reach), abs=1e-6)
    assert (spread.seeds_error, spread.error) == pytest.approx((0.02, 0.01 * 5**0.5))


@pytest.mark.parametrize(
    ("patients_error", "between", "freedom"), [(0.0, 0.04, 3), (0.03, 0.0, 19)]
)
def test_where_one_part_makes_all_the_spread_it_is_a_plain_t(patients_error, between, freedom):
    spread = SeedsSpread(0.01, patients_error, between, 4, 20, "")
    error = patients_error or between / 2
    expected = stats.t.interval(0.9, freedom, 0.01, error)
    assert spread.interval(0.9) == pytest.approx(expected)
    limit = 0.01 - 1.3 * error
    assert spread.p_at_most(limit) == pytest.approx(stats.t.sf(1.3, freedom), rel=1e-6)


def test_seeds_are_compared_one_by_one_and_the_mean_is_judged(answers):
    large = {"a": answered(answers, "large", range(4)), "b": answered(answers, "large", [])}
    small = {"a": answered(answers, "small", range(10)), "b": answered(answers, "small", [9])}
    found = compared(large, small)
    differences = [one.difference for one in found.by_seed]
    assert differences == pytest.approx([-6 / 60, -1 / 60])
    assert [one.seed for one in found.by_seed] == ["a", "b"]
    assert found.comparison.difference.value == pytest.approx(-3.5 / 60)
    assert found.between_seeds == pytest.approx(np.std(differences, ddof=1))
    assert found.seeds_error == pytest.approx(2.5 / 60)
    names = (found.comparison.baseline.name, found.comparison.difference.name)
    assert names == ("large", "small minus large")
    told = seeds_sentence(found)
    assert "from -0.1000 to -0.0167" in told
    assert "2 of them a loss" in told
    assert "Two seeds say next to nothing" in told


def test_the_error_from_patients_is_that_of_the_mean_over_seeds(answers):
    # Every patient's mean difference is known, so the error is that of a mean of 60 numbers.
    large = {str(s): answered(answers, "large", range(4 * s, 4 * s + 6)) for s in range(3)}
    small = {str(s): answered(answers, "small", range(9 * s, 9 * s + 12)) for s in range(3)}
    right = [
        np.mean([one.predicted == one.labels for one in side.values()], axis=0)
        for side in (large, small)
    ]
    found = compared(large, small, resamples=4000)
    assert found.patients_error == pytest.approx(stats.sem(right[1] - right[0]), rel=0.04)


def test_the_interval_is_that_of_its_parts(chance):
    found = compared(trained(chance, range(4)), trained(chance, range(4), 0.8, skip=10))
    difference = found.comparison.difference
    reach = math.hypot(
        stats.t.ppf(0.975, 119) * found.patients_error,
        stats.t.ppf(0.975, 3) * found.seeds_error,
    )
    assert (difference.low, difference.high) == pytest.approx(
        (difference.value - reach, difference.value + reach)
    )
    assert difference.method.startswith("mean of 4 seeds, patients (bootstrap, 100 resamples")
    assert (difference.studies, difference.patients) == (120, 120)


def test_a_p_below_half_of_what_the_level_leaves_goes_with_the_verdict(chance):
    large, small = trained(chance, range(5)), trained(chance, range(5), 0.9, skip=10)
    for margin in np.linspace(0.01, 0.5, 15):
        found = compared(large, small, margin=float(margin))
        assert (found.p_non_inferiority < 0.025) == (found.comparison.verdict == "non_inferior")


def test_seeds_that_agree_leave_what_patients_leave_and_seeds_that_do_not_widen_it(answers):
    large = {str(s): answered(answers, "large", range(6)) for s in range(3)}
    alike = {str(s): answered(answers, "small", range(3, 12)) for s in range(3)}
    unlike = {
        str(s): answered(answers, "small", range(3, last)) for s, last in enumerate((6, 12, 18))
    }
    one, other = compared(large, alike), compared(large, unlike)
    assert one.between_seeds == 0.0
    assert other.comparison.difference.value == one.comparison.difference.value
    widths = [
        each.comparison.difference.high - each.comparison.difference.low
        for each in (one, other)
    ]
    assert widths[1] > 1.5 * widths[0]


def test_one_table_stands_beside_every_seed_of_the_other(chance):
    alone = {"unpruned": chance(120)}
    small = trained(chance, range(3), 0.9, skip=10)
    found = compared(alone, small)
    assert [one.seed for one in found.by_seed] == ["0", "1", "2"]
    assert len({one.baseline for one in found.by_seed}) == 1
    [expected] = measure(chance(120), metrics=["accuracy"], resamples=100)
    assert found.comparison.baseline == replace(expected, name="large")
    turned = compared(small, alone).comparison.difference
    assert turned.value == pytest.approx(-found.comparison.difference.value)
    assert turned.low == pytest.approx(-found.comparison.difference.high)


def test_where_nothing_varies_n_patients_still_leave_room(answers):
    same = {str(s): answered(answers, "large", range(6)) for s in range(3)}
    found = compared(same, same)
    assert (found.between_seeds, found.patients_error) == (0.0, 0.0)
    reach = 1 - 0.025 ** (1 / 60)
    difference = found.comparison.difference
    assert (difference.low, difference.high) == pytest.approx((-reach, reach))
    assert "rule of three" in difference.method


def test_patients_with_several_studies_are_drawn_whole(chance):
    large = trained(chance, range(3), patients=30)
    small = trained(chance, range(3), 0.9, skip=10, patients=30)
    found = compared(large, small)
    assert found.comparison.difference.patients == 30
    assert "patient-cluster bootstrap" in found.comparison.difference.method


def test_order_of_studies_and_of_seeds_changes_nothing(chance):
    large, small = trained(chance, range(3)), trained(chance, range(3), 0.9, skip=10)
    order = np.random.default_rng(0).permutation(120)
    moved = {name: small[name].rows(order) for name in reversed(small)}
    one, other = compared(large, small), compared(large, moved)
    assert other.comparison.difference == one.comparison.difference
    assert other.by_seed == one.by_seed


def test_several_metrics_share_the_draws(chance):
    large, small = trained(chance, range(3)), trained(chance, range(3), 0.9, skip=10)
    both = compare_seeds(large, small, ["accuracy", "macro_auc"], margin=0.1, resamples=100)
    assert both[0] == compared(large, small)
    assert both[1] == compared(large, small, "macro_auc")


def test_what_is_undefined_for_a_seed_has_no_verdict(answers):
    one_class = answers([0] * 10, [0] * 10)
    found = compared({"a": one_class, "b": one_class}, {"a": one_class}, "sensitivity:covid")
    assert found.comparison.verdict == "inconclusive"
    assert found.comparison.difference.value is None
    assert found.between_seeds is None
    assert found.p_non_inferiority is None
    assert found.by_seed[0].difference is None
    assert "undefined" in seeds_sentence(found)
    json.dumps(found.as_dict(), allow_nan=False)


def test_json_holds_the_comparison_with_seeds_and_spread_beside_it(chance):
    found = compared(trained(chance, range(3)), trained(chance, range(3), 0.9, skip=10))
    entries = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert {"metric", "baseline", "candidate", "difference", "margin", "verdict"} < set(entries)
    assert set(entries["spread"]) == {"between_seeds", "seeds_error", "patients_error"}
    assert [one["seed"] for one in entries["seeds"]] == ["0", "1", "2"]


def test_names_of_networks_that_differ_by_seed_are_told_in_short(chance):
    large = {str(s): chance(120, seed=s, model=f"round-{s}") for s in range(3)}
    found = compared(large, {"x": chance(120, seed=9, model="small")})
    assert found.comparison.baseline.name == "round-0 and 2 more"


@pytest.mark.parametrize(
    ("baselines", "candidates", "told"),
    [
        (["0"], ["0"], "two or more of one"),
        ([], ["0", "1"], "two or more of one"),
        (["0", "1"], ["0", "2"], r"seeds \['1'\] only of the baseline and \['2'\]"),
    ],
)
def test_seeds_that_do_not_pair_are_refused(chance, baselines, candidates, told):
    with pytest.raises(StatisticsError, match=told):
        compared(trained(chance, baselines and map(int, baselines)),
                 trained(chance, map(int, candidates)))  # fmt: skip


def test_a_seed_on_other_studies_is_refused(chance):
    small = {"0": chance(120), "1": chance(90)}
    with pytest.raises(StatisticsError, match="cannot be paired"):
        compared(trained(chance, range(2)), small)


@pytest.mark.parametrize("options", [{"margin": 1.0}, {"level": 95.0}, {"resamples": 10}])
def test_numbers_out_of_range_are_refused(chance, options):
    with pytest.raises(StatisticsError):
        compared(trained(chance, range(2)), trained(chance, range(2)), **options)
