"""Every metric comes with the interval that suits it, never with one too good to be true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import auc, clopper_pearson, majority_baseline, measure, metric_names
from leanlung.statistics.delong import auc_influences, normal_interval

BOOTSTRAP = "bootstrap over patients, percentile, 100 resamples"
CLUSTERS = "patient-cluster bootstrap, percentile, 100 resamples"


def measured(predictions, **options):
    found = measure(predictions, **{"resamples": 100, **options})
    return {estimate.name: estimate for estimate in found}


@pytest.fixture(scope="module")
def perfect(answers):
    """27 patients with covid and 234 without, all answered rightly."""
    labels = [1] * 27 + [0] * 234
    return answers(labels, labels)


def test_all_metrics_are_measured_in_the_order_of_the_registry(chance):
    predictions = chance(60)
    assert tuple(measured(predictions)) == metric_names(predictions.classes)


def test_only_those_asked_for_are_measured_in_the_order_asked_for(chance):
    names = ["mcc", "accuracy", "auc:class-1"]
    assert list(measured(chance(60), metrics=names)) == names
    assert measure(chance(60), metrics=[]) == ()


def test_every_estimate_carries_the_size_of_the_whole_set(chance):
    for estimate in measured(chance(60, patients=25), level=0.9).values():
        assert (estimate.studies, estimate.patients, estimate.level) == (60, 25, 0.9)


def test_every_value_lies_in_its_interval(chance):
    for estimate in measured(chance(60, patients=25), resamples=400).values():
        assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("accuracy", "Clopper-Pearson"),
        ("sensitivity:class-0", "Clopper-Pearson"),
        ("specificity:class-0", "Clopper-Pearson"),
        ("precision:class-0", "Clopper-Pearson"),
        ("macro_auc", "DeLong"),
        ("auc:class-2", "DeLong"),
        ("balanced_accuracy", BOOTSTRAP),
        ("macro_sensitivity", BOOTSTRAP),
        ("macro_specificity", BOOTSTRAP),
        ("macro_precision", BOOTSTRAP),
        ("macro_f", BOOTSTRAP),
        ("mcc", BOOTSTRAP),
        ("f:class-1", BOOTSTRAP),
    ],
)
def test_the_method_depends_on_the_metric_and_on_whether_patients_repeat(name, method, chance):
    assert measured(chance(60), metrics=[name])[name].method == method
    assert measured(chance(60, patients=20), metrics=[name])[name].method == CLUSTERS


def test_proportions_are_counts_over_the_group_they_are_of(chance):
    predictions = chance(60)
    true, answered = predictions.labels == 1, predictions.predicted == 1
    found = measured(predictions)
    for name, right, group in (
        ("accuracy", predictions.predicted == predictions.labels, np.full(60, fill_value=True)),
        ("sensitivity:class-1", answered, true),
        ("specificity:class-1", ~answered, ~true),
        ("precision:class-1", true, answered),
    ):
        expected = clopper_pearson(int((right & group).sum()), int(group.sum()))
        assert (found[name].low, found[name].high) == pytest.approx(expected)


def test_the_auc_of_a_class_has_its_delong_interval(chance):
    predictions = chance(60)
    positive, scores = predictions.labels == 1, predictions.probabilities[:, 1]
    expected = normal_interval(auc(positive, scores), auc_influences(positive, scores), 0.95)
    found = measured(predictions)["auc:class-1"]
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize("patients", [60, 20])
def test_the_order_of_the_studies_changes_nothing(patients, chance):
    predictions = chance(60, patients=patients)
    shuffled = predictions.rows(np.random.default_rng(5).permutation(60))
    for one, other in zip(measure(predictions), measure(shuffled), strict=True):
        assert (one.value, one.low, one.high) == pytest.approx(
            (other.value, other.low, other.high)
        )
        assert one.method == other.method


def test_another_seed_draws_other_patients(chance):
    one, other = (measured(chance(60), metrics=["mcc"], seed=seed)["mcc"] for seed in (0, 1))
    assert one.value == other.value
    assert one.low != other.low


@pytest.mark.parametrize(
    ("name", "low"),
    [
        ("accuracy", 0.9860),
        ("sensitivity:covid", 0.8723),
        ("precision:covid", 0.8723),
        ("sensitivity:normal", 0.9844),
        ("auc:covid", 0.8723),
        ("macro_auc", 0.8723),
        ("balanced_accuracy", 0.8723),
        ("macro_specificity", 0.8723),
        ("macro_f", 0.8723),
        ("f:covid", 0.8723),
        ("mcc", 2 * 0.8723 - 1),
    ],
)
def test_perfect_answers_are_bounded_by_the_patients_they_concern(name, low, perfect):
    found = measured(perfect)[name]
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(low, abs=1e-4)


def test_a_bound_that_stands_in_says_so(perfect):
    stands_in = "Clopper-Pearson for n = 27 patients concerned, as no spread is seen"
    found = measured(perfect)
    assert found["macro_auc"].method == stands_in
    assert found["macro_f"].method == stands_in
    assert found["accuracy"].method == "Clopper-Pearson"


def test_many_images_of_few_patients_bound_as_few_patients_do(answers):
    labels = [1] * 27 + [0] * 27
    owners = [f"ill-{row % 3}" for row in range(27)] + [f"well-{row % 9}" for row in range(27)]
    found = measured(answers(labels, labels, patients=owners))
    assert found["sensitivity:covid"].low == pytest.approx(0.025 ** (1 / 3))
    assert found["accuracy"].low == pytest.approx(0.025 ** (1 / 12))
    assert "n = 12 patients" in found["accuracy"].method


def test_a_constant_answer_is_no_certain_knowledge_either(answers):
    found = measured(answers([0] * 30 + [1] * 10, [0] * 40))
    assert found["auc:covid"].value == 0.5
    assert found["auc:covid"].low == pytest.approx(clopper_pearson(5, 10)[0])
    assert found["balanced_accuracy"].high == pytest.approx(clopper_pearson(5, 10)[1])
    assert found["mcc"].value == 0.0
    assert found["mcc"].low == pytest.approx(2 * clopper_pearson(5, 10)[0] - 1)


def test_one_positive_study_gives_an_area_and_next_to_no_knowledge_of_it(answers):
    predictions = answers([1, 0, 0, 0], [1, 0, 1, 0])
    found = measured(predictions)["auc:covid"]
    assert found.value == pytest.approx(5 / 6)
    assert found.high - found.low > 0.9
    assert "n = 1 patients concerned" in found.method


def test_what_is_undefined_has_no_value_and_says_what_it_takes(answers):
    found = measured(answers([0, 0, 0, 0], [0, 0, 0, 2], classes=("a", "b", "c")))
    for name, needs in (
        ("sensitivity:b", "a study of the class"),
        ("f:b", "a study of the class"),
        ("precision:b", "a study answered as the class"),
        ("specificity:a", "a study of another class"),
        ("auc:b", "studies of the class and of others"),
        ("macro_auc", "studies of two classes; without b, c, of which there is no study"),
        ("mcc", "studies of two classes"),
    ):
        estimate = found[name]
        assert (estimate.value, estimate.low, estimate.high) == (None, None, None)
        assert estimate.method == f"undefined: it takes {needs}"


def test_a_class_never_answered_leaves_macro_precision_undefined(answers):
    found = measured(answers([0, 0, 1], [0, 0, 0]))["macro_precision"]
    assert found.value is None
    assert found.method == "undefined: it takes every class that occurs answered at least once"


def test_averages_tell_which_classes_they_leave_out(chance):
    predictions = chance(60)
    two = predictions.subset(predictions.labels < 2)
    found = measured(two)
    told = "; without class-2, of which there is no study"
    assert found["macro_auc"].method == "DeLong" + told
    assert found["macro_f"].method == BOOTSTRAP + told
    assert found["mcc"].method == BOOTSTRAP


def test_resamples_that_miss_a_rare_class_are_counted(answers):
    predictions = answers([1, 1] + [0] * 20, [1, 0] + [0] * 20)
    found = measured(predictions, resamples=1000)["macro_sensitivity"]
    # The chance that neither of two patients of 22 is drawn is (20 / 22) ** 22 = 0.123.
    missed = int(found.method.partition("(")[2].split()[0])
    assert missed == pytest.approx(123, abs=35)
    assert found.method.endswith("of them undefined and left out)")


def test_the_majority_baseline_answers_the_commonest_class(answers):
    """The external hospital of García-Ramírez et al.: 60 with covid, 221 without."""
    labels = np.array([1] * 60 + [0] * 221)
    found = majority_baseline(answers(labels, labels))
    assert found.name == "majority_baseline"
    assert found.value == pytest.approx(0.786, abs=5e-4)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(221, 281))
    assert (found.studies, found.patients) == (281, 281)


def test_the_majority_baseline_knows_patients_from_images(chance):
    found = majority_baseline(chance(60, patients=20), resamples=100, level=0.9)
    assert (found.method, found.level) == (CLUSTERS, 0.9)


def test_the_majority_baseline_of_equals_is_the_first(answers):
    predictions = answers([1, 0], [1, 1], patients=["a", "b"])
    assert majority_baseline(predictions).value == 0.5
    assert majority_baseline(replace(predictions, labels=np.array([1, 1]))).value == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ["acuracy"]}, "no metric 'acuracy'; did you mean 'accuracy'"),
        ({"level": 95}, r"for 95 % write 0\.95"),
        ({"resamples": 10}, "10 resamples are too few"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(options, message, chance):
    with pytest.raises(StatisticsError, match=message):
        measured(chance(60), **options)
