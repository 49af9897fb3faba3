"""Every metric has a name, a line that explains it, and one value under any weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import METRICS, metric_names
from leanlung.statistics.metrics import find_metric, patients_concerned, values

CLASSES = ("class-0", "class-1", "class-2")


def measured(predictions, names=None):
    names = metric_names(predictions.classes) if names is None else names
    metrics = [find_metric(name, predictions.classes) for name in names]
    [found] = values(metrics, predictions, [np.ones(len(predictions))])
    return dict(zip(names, found.tolist(), strict=True))


def test_names_come_in_the_order_of_the_registry_and_of_the_classes():
    assert metric_names(("a", "b")) == (
        "accuracy", "balanced_accuracy", "macro_auc", "macro_sensitivity", "macro_specificity",
        "macro_precision", "macro_f", "mcc", "brier", "auc:a", "auc:b", "sensitivity:a",
        "sensitivity:b", "specificity:a", "specificity:b", "precision:a", "precision:b", "f:a",
        "f:b",
    )  # fmt: skip


@pytest.mark.parametrize("key", METRICS)
def test_every_metric_is_explained_in_one_line(key):
    family = METRICS[key]
    assert 0 < len(family.description) < 90
    assert "\n" not in family.description
    assert family.needs


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("acuracy", "did you mean 'accuracy'"),
        ("sensitivity:class-9", "did you mean 'sensitivity:class-"),
        ("sensitivity", "there are accuracy"),
        ("accuracy:class-0", "there are accuracy"),
        ("kappa", "there are accuracy, .*, f:class-2$"),
    ],
)
def test_an_unknown_name_is_refused_with_the_ones_there_are(name, hint):
    with pytest.raises(StatisticsError, match=f"no metric '{name}'.*{hint}"):
        find_metric(name, CLASSES)


def test_a_class_may_have_a_colon_in_its_name():
    assert find_metric("auc:lung:left", ("lung:left", "lung:right")).of_class == 0


def test_values_are_those_of_scikit_learn(chance):
    predictions = chance(150, skill=0.7)
    true, shares, answered = (
        predictions.labels,
        predictions.probabilities,
        predictions.predicted,
    )
    found = measured(predictions)
    options = {"labels": [0, 1, 2], "average": None}
    sensitivity = sklearn.recall_score(true, answered, **options)
    precision = sklearn.precision_score(true, answered, **options)
    f = sklearn.f1_score(true, answered, **options)
    areas = sklearn.roc_auc_score(true, shares, multi_class="ovr", average=None)
    specificity = [
        sklearn.recall_score(true == index, answered == index, pos_label=False)
        for index in range(3)
    ]
    expected = {
        "accuracy": sklearn.accuracy_score(true, answered),
        "balanced_accuracy": sklearn.balanced_accuracy_score(true, answered),
        "macro_auc": np.mean(areas),
        "macro_sensitivity": np.mean(sensitivity),
        "macro_specificity": np.mean(specificity),
        "macro_precision": np.mean(precision),
        "macro_f": np.mean(f),
        "mcc": sklearn.matthews_corrcoef(true, answered),
        "brier": -np.square(shares - np.eye(3)[true]).sum(axis=1).mean(),
    }
    by_class = zip(CLASSES, areas, sensitivity, specificity, precision, f, strict=True)
    for name, area, of_class, of_others, of_answers, harmonic in by_class:
        expected |= {
            f"auc:{name}": area,
            f"sensitivity:{name}": of_class,
            f"specificity:{name}": of_others,
            f"precision:{name}": of_answers,
            f"f:{name}": harmonic,
        }
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("name", metric_names(CLASSES))
def test_the_best_answers_have_the_best_value_and_no_worse_than_the_lowest(name, answers):
    labels = np.arange(30) % 3
    best = answers(labels, labels, classes=CLASSES)
    family = find_metric(name, CLASSES).family
    assert measured(best, [name])[name] == family.best
    worst = answers(labels, (labels + 1) % 3, classes=CLASSES)
    assert family.lowest <= measured(worst, [name])[name] < family.best


@settings(deadline=None, max_examples=25)
@given(order=st.permutations([0, 1, 2]), seed=st.integers(0, 999))
def test_turning_the_classes_round_changes_nothing(chance, order, seed):
    predictions = chance(40, seed=seed)
    turned = replace(
        predictions,
        classes=tuple(predictions.classes[index] for index in order),
        labels=np.argsort(order)[predictions.labels],
        probabilities=predictions.probabilities[:, order],
    )
    assert measured(turned) == pytest.approx(measured(predictions), nan_ok=True)


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_studies_changes_nothing(chance, random):
    predictions = chance(40)
    rows = list(range(40))
    random.shuffle(rows)
    assert measured(predictions.rows(np.array(rows))) == pytest.approx(measured(predictions))


def test_averages_leave_out_classes_that_have_no_study(answers):
    predictions = answers([0, 0, 0, 1, 1], [0, 0, 2, 1, 1], classes=CLASSES)
    found = measured(predictions)
    assert found["macro_sensitivity"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["macro_precision"] == 1.0
    assert found["macro_specificity"] == 1.0
    assert found["macro_f"] == pytest.approx((4 / 5 + 1) / 2)
    assert found["macro_auc"] == pytest.approx(
        (found["auc:class-0"] + found["auc:class-1"]) / 2
    )
    assert np.isnan(found["auc:class-2"])


def test_a_resample_that_misses_a_class_of_the_whole_has_no_average(answers):
    predictions = answers([0, 1, 2], [0, 1, 2], classes=CLASSES)
    names = ["accuracy", "macro_sensitivity", "macro_auc"]
    metrics = [find_metric(name, CLASSES) for name in names]
    found = values(metrics, predictions, [np.array([2.0, 1.0, 0.0])])
    np.testing.assert_array_equal(found, [[1.0, np.nan, np.nan]])


@pytest.mark.parametrize(
    ("name", "patients"),
    [
        ("accuracy", 7),
        ("sensitivity:covid", 2),
        ("specificity:covid", 5),
        ("precision:covid", 3),
        ("f:covid", 2),
        ("auc:covid", 2),
        ("auc:normal", 2),
        ("macro_auc", 2),
        ("mcc", 2),
    ],
)
def test_what_can_be_known_is_limited_by_the_patients_concerned(name, patients, answers):
    # Two patients with covid, one of them three times; five without, one of them called so.
    predictions = answers(
        [1, 1, 1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0, 0, 0],
        patients=["a", "a", "a", "b", "c", "d", "e", "f", "g"],
    )
    metric = find_metric(name, predictions.classes)
    assert patients_concerned(metric, predictions) == patients
