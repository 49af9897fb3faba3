"""Flips are counted and shown, whom the smaller model newly misses first."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, clopper_pearson
from leanlung.statistics.flips import flips, healthy_class

CLASSES = ("normal", "pneumonia", "covid")


def answered(rows, model, patients=None):
    """Rows of true class, answered class and the probability of the answer."""
    shares = np.zeros((len(rows), 3))
    for row, (_, answer, share) in enumerate(rows):
        shares[row] = (1 - share) / 2
        shares[row, CLASSES.index(answer)] = share
    return Predictions(
        model,
        CLASSES,
        tuple("abcdefgh"[: len(rows)]),
        tuple(patients or "abcdefgh"[: len(rows)]),
        np.array([CLASSES.index(label) for label, _, _ in rows]),
        shares,
    )


BEFORE = [
    ("covid", "covid", 0.9), ("covid", "covid", 0.6), ("normal", "normal", 0.9),
    ("covid", "pneumonia", 0.8), ("pneumonia", "normal", 0.7), ("normal", "normal", 0.8),
    ("pneumonia", "pneumonia", 0.9), ("covid", "pneumonia", 0.8),
]  # fmt: skip
AFTER = [
    ("covid", "normal", 0.6), ("covid", "normal", 0.9), ("normal", "covid", 0.98),
    ("covid", "normal", 0.7), ("pneumonia", "pneumonia", 0.7), ("normal", "normal", 0.5),
    ("pneumonia", "covid", 0.9), ("covid", "covid", 0.5),
]  # fmt: skip


def test_cases_worked_by_hand():
    found = flips(answered(BEFORE, "large"), answered(AFTER, "small"))
    assert found.healthy == "normal"
    assert [(case.study_id, case.direction, case.missed) for case in found.cases] == [
        ("a", "newly_wrong", True),  # 0.9 to 0.2
        ("b", "newly_wrong", True),  # 0.6 to 0.05
        ("d", "newly_missed", True),  # wrong before, but as a disease
        ("c", "newly_wrong", False),  # 0.9 to 0.01: a false alarm
        ("g", "newly_wrong", False),  # 0.9 to 0.05
        ("e", "newly_right", False),  # 0.15 to 0.7
        ("h", "newly_right", False),  # 0.1 to 0.5
    ]
    first = found.cases[0]
    assert (first.label, first.before, first.after) == ("covid", "covid", "normal")
    assert (first.share_before, first.share_after) == (0.9, pytest.approx(0.2))
    assert first.change == pytest.approx(-0.7)


def test_counts_worked_by_hand():
    every, normal, pneumonia, covid = flips(
        answered(BEFORE, "large"), answered(AFTER, "small")
    ).counts
    assert [
        (one.of_class, one.studies, one.newly_wrong, one.newly_right, one.missed)
        for one in (every, normal, pneumonia, covid)
    ] == [("all", 8, 4, 2, 3), ("normal", 2, 1, 0, 0), ("pneumonia", 2, 1, 1, 0),
          ("covid", 4, 2, 1, 3)]  # fmt: skip
    assert every.share_worse == pytest.approx(4 / 6)
    assert (every.low, every.high) == clopper_pearson(4, 6)


def test_without_a_healthy_class_the_largest_loss_comes_first():
    large, small = answered(BEFORE, "large"), answered(AFTER, "small")
    names = ("nothing", "pneumonia", "covid")
    found = flips(*(replace(each, classes=names) for each in (large, small)))
    assert found.healthy is None
    assert [case.study_id for case in found.cases] == ["c", "g", "a", "b", "e", "h"]
    assert not any(case.missed for case in found.cases)
    named = flips(*(replace(each, classes=names) for each in (large, small)), healthy="nothing")
    assert [case.study_id for case in named.cases][:3] == ["a", "b", "d"]


def test_the_patients_other_studies_are_named():
    patients = ["p1", "p2", "p1", "p3", "p4", "p5", "p6", "p1"]
    found = flips(answered(BEFORE, "large", patients), answered(AFTER, "small", patients))
    others = {case.study_id: case.other_studies for case in found.cases}
    assert others["a"] == ("c", "h")
    assert others["b"] == ()


def test_a_patient_has_one_vote():
    """p1 has a and c worse and h better: one patient worse off; b and h are even."""
    patients = ["p1", "p2", "p1", "p3", "p4", "p5", "p6", "p2"]
    every = flips(
        answered(BEFORE, "large", patients), answered(AFTER, "small", patients)
    ).counts[0]
    assert (every.newly_wrong, every.newly_right) == (4, 2)
    assert (every.patients_worse, every.patients_better) == (2, 1)


@pytest.mark.parametrize("seed", range(4))
def test_with_one_study_a_patient_it_is_mcnemars_exact_test(chance, seed):
    large = chance(150, model="large")
    small = chance(150, model="small", seed=seed + 1, skill=0.7)
    every = flips(large, small).counts[0]
    right = [each.predicted == each.labels for each in (large, small)]
    table = [[(right[0] == a) & (right[1] == b) for b in (True, False)] for a in (True, False)]
    counts = [[int(cell.sum()) for cell in row] for row in table]
    assert (every.newly_wrong, every.newly_right) == (counts[0][1], counts[1][0])
    assert every.p == pytest.approx(mcnemar(counts, exact=True).pvalue)
    low, high = binomtest(counts[0][1], counts[0][1] + counts[1][0]).proportion_ci()
    assert (every.low, every.high) == (pytest.approx(low), pytest.approx(high))


def test_models_that_answer_alike_have_no_flips(chance):
    found = flips(chance(model="large"), chance(model="small"))
    assert found.cases == ()
    every = found.counts[0]
    assert (every.share_worse, every.low, every.high, every.p) == (None, None, None, 1.0)


def test_swapping_the_models_swaps_the_directions(chance):
    large, small = chance(90, model="large"), chance(90, model="small", seed=1)
    there, back = flips(large, small), flips(small, large)
    turned = {"newly_wrong": "newly_right", "newly_right": "newly_wrong"}
    assert {(case.study_id, case.direction) for case in there.cases} == {
        (case.study_id, turned[case.direction]) for case in back.cases
    }
    for one, other in zip(there.counts, back.counts, strict=True):
        assert one.p == pytest.approx(other.p)


@pytest.mark.parametrize(
    ("classes", "named", "found"),
    [(("covid", "Normal"), "", "Normal"), (("covid", "healthy"), "", None),
     (("covid", "healthy"), "healthy", "healthy")],
)  # fmt: skip
def test_the_class_called_normal_is_the_healthy_one(classes, named, found):
    assert healthy_class(classes, named) == found


def test_a_healthy_class_that_is_none_is_refused():
    with pytest.raises(StatisticsError, match=r"no class 'nromal' .* did you mean 'normal'"):
        healthy_class(CLASSES, "nromal")


def test_it_can_be_written_as_json():
    told = json.loads(
        json.dumps(flips(answered(BEFORE, "large"), answered(AFTER, "small")).as_dict())
    )
    assert set(told) == {"healthy", "counts", "cases"}
    assert told["cases"][0]["change"] == pytest.approx(-0.7)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(8)))
def test_the_order_of_the_studies_changes_nothing(order):
    large, small = answered(BEFORE, "large"), answered(AFTER, "small")
    assert flips(large.rows(np.array(order)), small) == flips(large, small)
