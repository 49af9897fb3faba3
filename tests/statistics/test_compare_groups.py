"""Each group is the comparison of its own studies; the worst of many is no surprise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, compare
from leanlung.statistics.compare_groups import compare_groups
from leanlung.statistics.groups import FEWEST


def cells(predictions, column="sex", values=("F", "M")):
    return {
        column: {
            name: values[row % len(values)] for row, name in enumerate(predictions.study_ids)
        }
    }


def by_name(table):
    return {group.name: group for group in table.groups}


@pytest.mark.parametrize("patients", [None, 60])
def test_a_group_is_compared_as_if_there_were_no_others(chance, patients):
    large, small = (
        chance(120, patients=patients, seed=seed, model=name)
        for seed, name in enumerate(("large", "small"))
    )
    table = compare_groups(large, small, cells(large), [("sex",)], margin=0.05, resamples=200)
    inside = np.arange(120) % 2 == 0
    alone = compare(large.subset(inside), small.subset(inside), margin=0.05, resamples=200)
    women = by_name(table)["sex=female"]
    assert women.comparison == alone
    assert (women.studies, women.patients) == (60, alone.difference.patients)
    assert women.positives == {
        name: len(
            {large.patient_ids[row] for row in np.flatnonzero(inside & (large.labels == n))}
        )
        for n, name in enumerate(large.classes)
    }


def test_intersections_part_what_both_columns_part(chance):
    large, small = chance(240, model="large"), chance(240, seed=1, model="small")
    both = cells(large) | cells(large, "view", ("AP", "AP", "PA", "PA"))
    table = compare_groups(
        large, small, both, [("sex",), ("sex", "view")], margin=0.05, resamples=200
    )
    assert list(by_name(table)) == [
        "sex=female", "sex=male", "sex=female, view=AP", "sex=female, view=PA",
        "sex=male, view=AP", "sex=male, view=PA",
    ]  # fmt: skip
    assert sum(group.studies for group in table.groups[2:]) == 240


@pytest.mark.parametrize(
    ("metric", "family"), [("macro_auc", "auc"), ("accuracy", "sensitivity")]
)
def test_a_class_is_compared_beside_the_others(chance, metric, family):
    large, small = chance(150, model="large"), chance(150, seed=1, model="small")
    table = compare_groups(
        large, small, {}, [("class",)], metric=metric, margin=0.05, resamples=200
    )
    whole = compare(large, small, metric=f"{family}:class-1", margin=0.05, resamples=200)
    group = by_name(table)["class=class-1"]
    assert group.comparison == whole
    assert group.studies == 50  # those of the class, though all are needed to measure it


def test_a_class_within_a_sex_is_compared_beside_the_others_of_that_sex(chance):
    large, small = chance(240, model="large"), chance(240, seed=1, model="small")
    inside = np.arange(240) % 2 == 0
    table = compare_groups(large, small, cells(large), [("sex", "class")], margin=0.05)
    alone = compare(
        large.subset(inside), small.subset(inside), metric="auc:class-0", margin=0.05
    )
    assert by_name(table)["sex=female, class=class-0"].comparison == alone


def test_few_patients_are_too_few_and_still_shown(chance):
    large, small = chance(120, model="large"), chance(120, seed=1, model="small")
    rare = {"view": dict.fromkeys(large.study_ids, "PA") | {"study-3": "AP"}}
    table = compare_groups(large, small, rare, [("view",)], margin=0.05, metric="accuracy")
    few = by_name(table)["view=AP"]
    assert few.comparison is None
    assert few.too_few == f"1 of the {FEWEST} patients that accuracy has to rest on"
    assert (few.p, few.p_holm) == (None, None)
    assert "1 more are too small to say" in table.told


def test_ten_patients_with_many_images_are_ten(chance):
    """Nine patients are too few however many images they have; ten are enough."""
    for patients, spoken_of in ((9, False), (10, True)):
        large, small = (
            chance(90, patients=patients, seed=seed, model=str(seed)) for seed in range(2)
        )
        (group,) = compare_groups(
            large, small, cells(large, values=("F",)), [("sex",)],
            metric="accuracy", margin=0.05, resamples=200,
        ).groups  # fmt: skip
        assert (group.comparison is not None) is spoken_of


def test_a_group_of_one_class_has_no_auc(chance):
    large, small = chance(120, model="large"), chance(120, seed=1, model="small")
    source = {
        "source": {
            name: large.classes[label]
            for name, label in zip(large.study_ids, large.labels, strict=True)
        }
    }
    table = compare_groups(large, small, source, [("source",)], margin=0.05)
    for group in table.groups:
        assert group.too_few.startswith("undefined: it takes studies of two classes; without")
    assert (table.worst, table.worst_difference) == (None, None)
    assert table.told.endswith("too few to say")
    by_accuracy = compare_groups(
        large, small, source, [("source",)], metric="accuracy", margin=0.05, resamples=200
    )
    assert all(group.comparison for group in by_accuracy.groups)


def test_the_worst_group_is_the_one_that_was_made_worse(chance):
    large = chance(300, model="large", skill=3.0)
    shares = large.probabilities.copy()
    worse = np.arange(300) % 5 == 2
    shares[worse] = shares[worse][:, [1, 2, 0]]
    small = replace(large, model="small", probabilities=shares)
    table = compare_groups(
        large, small, cells(large, "site", "abcde"), [("site",)], margin=0.02
    )
    assert table.worst is not None
    assert table.worst.name == "site=c"
    alone = table.worst.comparison.difference
    assert table.worst_difference.value == alone.value
    assert table.worst_difference.level == pytest.approx(1 - 0.05 / 5)
    assert table.worst_difference.low < alone.low
    assert table.told.startswith("worst of 5 groups: site=c, macro_auc ")


def test_p_values_are_corrected_for_all_groups_spoken_of(chance):
    large, small = chance(300, model="large"), chance(300, seed=1, model="small", skill=0.9)
    both = cells(large) | cells(large, "view", ("AP", "PA", "PA"))
    table = compare_groups(large, small, both, [("sex",), ("view",)], margin=0.2)
    ps = sorted(group.p for group in table.groups)
    worked = np.maximum.accumulate([min(1.0, (4 - i) * p) for i, p in enumerate(ps)])
    assert sorted(group.p_holm for group in table.groups) == pytest.approx(worked)


def test_of_twenty_harmless_groups_the_worst_is_seldom_called_worse(chance):
    """Labels of groups are drawn at random: the wide interval of the worst holds zero."""
    large, small = chance(600, model="large"), chance(600, seed=1, model="small")
    found = 0
    for seed in range(40):
        drawn = np.random.default_rng(seed).integers(12, size=600)
        groups = {"site": dict(zip(large.study_ids, map(str, drawn), strict=True))}
        table = compare_groups(large, small, groups, [("site",)], margin=0.05)
        found += table.worst_difference.high < 0.0
    assert found <= 4


@pytest.mark.parametrize("patients", [None, 80])
def test_p_and_verdict_never_disagree(chance, patients):
    """Over margins from hopeless to generous p passes a half of 5 % where the verdict does."""
    large, small = (
        chance(160, patients=patients, seed=seed, model=str(seed), skill=2.0)
        for seed in range(2)
    )
    shown = []
    for margin in (0.02, 0.05, 0.1, 0.2, 0.4):
        table = compare_groups(
            large, small, cells(large), [("sex",)], metric="accuracy", margin=margin
        )
        for group in table.groups:
            shown.append(group.comparison.verdict == "non_inferior")
            assert (group.p < 0.025) is shown[-1]
    assert set(shown) == {True, False}


def test_it_can_be_written_as_json(chance):
    large, small = chance(60, model="large"), chance(60, seed=1, model="small")
    told = json.loads(
        json.dumps(
            compare_groups(large, small, cells(large), [("sex",)], margin=0.05).as_dict()
        )
    )
    assert set(told) == {
        "metric", "margin", "level", "fewest_patients", "groups", "worst",
        "worst_difference", "told",
    }  # fmt: skip
    assert set(told["groups"][0]) == {
        "by", "values", "name", "metric", "studies", "patients", "positives", "comparison",
        "too_few", "p", "p_holm",
    }  # fmt: skip


def test_an_unknown_metric_or_column_is_refused(chance):
    with pytest.raises(StatisticsError, match="no metric 'auc_macro'"):
        compare_groups(chance(), chance(), {}, [("class",)], metric="auc_macro", margin=0.1)
    with pytest.raises(StatisticsError, match="no column 'view'"):
        compare_groups(chance(), chance(), {}, [("view",)], margin=0.1)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_the_studies_changes_nothing(order):
    generator = np.random.default_rng(0)
    shares = generator.dirichlet((1, 1), size=(2, 60))
    names = tuple(f"study-{row}" for row in range(60))
    large, small = (
        Predictions(model, ("normal", "covid"), names, names, np.arange(60) % 2, one)
        for model, one in zip(("large", "small"), shares, strict=True)
    )
    turned = large.rows(np.array(order))
    sexes = cells(large, values=("F", "F", "M"))
    plain = compare_groups(large, small, sexes, [("sex",)], margin=0.1)
    again = compare_groups(turned, small, sexes, [("sex",)], margin=0.1)
    for one, other in zip(plain.groups, again.groups, strict=True):
        assert one.name == other.name
        assert one.comparison.difference.low == pytest.approx(other.comparison.difference.low)
