"""Classifiers answer by their highest score, and calibration changes how sure they are only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leanlung.features import FeatureClassifier, FeaturePlan, calibrate, fit_classifier
from leanlung.features.calibration import temperature_of
from leanlung.foundations.errors import TrainingError
from leanlung.statistics.temperature import fit_temperature

KINDS = ("svm_polynomial", "svm_rbf", "svm_linear", "logistic", "forest")


def fitted(parts: Any, kind: str, **given: Any) -> FeatureClassifier:
    plan = FeaturePlan(classifier=kind, trees=5, **given)
    classes = int(parts.train_labels.max()) + 1
    return fit_classifier(parts.train, parts.train_labels, classes, plan, 1)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [2, 3])
def test_probabilities_agree_with_the_answers(
    parts: Any, two_classes: Any, number: int, kind: str, scale: bool
) -> None:
    given = parts if number == 3 else two_classes
    plain = fitted(given, kind, scale=scale)
    one = calibrate(plain, given.validation, given.validation_labels)
    answers = one.predict(given.validation)
    for classifier in (plain, one):
        found = classifier.probabilities(given.validation)
        assert found.shape == (50, number)
        assert found.sum(axis=1) == pytest.approx(1.0)
        assert (found[np.arange(50), answers] == found.max(axis=1)).all()
    assert (answers == given.validation_labels).mean() > 1 / number


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_on_its_own_images_never_costs(parts: Any, kind: str) -> None:
    plain = fitted(parts, kind)
    found = calibrate(plain, parts.validation, parts.validation_labels)
    before, after = (
        log_loss(one.probabilities(parts.validation), parts.validation_labels)
        for one in (plain, found)
    )
    assert after <= before + 1e-12
    assert found.calibration is not None
    assert (found.calibration.log_loss_before, found.calibration.log_loss) == pytest.approx(
        (before, after)
    )


def test_a_machine_answers_as_scikit_learn_with_ties_broken(parts: Any) -> None:
    from sklearn.svm import SVC

    machine = SVC(kernel="poly", degree=3, gamma="auto", break_ties=True)
    machine.fit(parts.train.astype(np.float64), parts.train_labels)
    one = fitted(parts, "svm_polynomial")
    asked = np.random.default_rng(0).gamma(1.0, 2.0, (500, 40)).astype(np.float32)
    assert one.predict(asked).tolist() == machine.predict(asked.astype(np.float64)).tolist()
    assert one.support_vectors == len(machine.support_)


def test_only_where_classes_beat_equally_many_others_may_votes_answer_otherwise(
    parts: Any,
) -> None:
    """Three classes that beat one other each: libsvm's vote gives the first of them."""
    one = fitted(parts, "svm_linear")
    asked = np.random.default_rng(0).normal(0.0, 3.0, (4000, 40))
    votes = np.asarray(one.model.predict(asked))
    scores = one.scores(asked)
    circle = (scores.max(axis=1) < 1.5) & (scores.min(axis=1) > 0.5)
    assert circle.any()
    assert (votes[circle] == 0).all()
    assert (votes[~circle] == one.predict(asked)[~circle]).all()


def test_logistic_and_forest_answer_as_scikit_learn_before_calibration(parts: Any) -> None:
    for kind in ("logistic", "forest"):
        one = fitted(parts, kind)
        expected = one.model.predict_proba(parts.validation.astype(np.float64))
        assert one.probabilities(parts.validation) == pytest.approx(expected, abs=1e-10)


def test_the_temperature_is_that_of_newtons_method() -> None:
    generator = np.random.default_rng(1)
    scores, labels = 40 * generator.normal(size=(200, 3)), generator.integers(0, 3, 200)
    scores[np.arange(200), labels] += 60
    assert temperature_of(scores, labels).value == pytest.approx(
        fit_temperature(labels, scores).value, rel=1e-5
    )


def test_all_answered_rightly_is_as_sure_as_laplace_allows() -> None:
    """Two classes, one gap of 2 everywhere: the chance of the true one is (n + 1) / (n + 2)."""
    labels = np.arange(8) % 2
    scores = np.where(np.eye(2)[labels] == 1, 1.0, -1.0)
    found = temperature_of(scores, labels)
    assert 1 / (1 + np.exp(-2 / found.value)) == pytest.approx(9 / 10, rel=1e-6)
    assert "no image scores another class higher" in found.caveat


def test_scores_that_say_nothing_are_left_alone() -> None:
    found = temperature_of(np.zeros((6, 3)), np.arange(6) % 3)
    assert found.value == 1.0
    assert found.log_loss == pytest.approx(np.log(3))


def test_stored_numbers_are_counted(parts: Any) -> None:
    """A machine of 3 classes keeps of every support vector 40 features and 2 coefficients."""
    machine = fitted(parts, "svm_polynomial")
    assert machine.numbers == 42 * machine.support_vectors + 3
    scaled = fitted(parts, "svm_polynomial", scale=True)
    assert scaled.numbers == 42 * scaled.support_vectors + 3 + 80
    calibrated = calibrate(machine, parts.validation, parts.validation_labels)
    assert calibrated.numbers == machine.numbers + 1
    assert fitted(parts, "logistic").numbers == 3 * 41
    assert fitted(parts, "logistic").support_vectors == 0


def test_nodes_of_a_forest_are_counted_by_walking_it(parts: Any) -> None:
    one = fitted(parts, "forest")

    def walk(tree: Any, node: int) -> int:
        if tree.children_left[node] < 0:
            return 3
        sides = (tree.children_left[node], tree.children_right[node])
        return 4 + sum(walk(tree, side) for side in sides)

    assert one.numbers == sum(walk(each.tree_, 0) for each in one.model.estimators_)


def test_a_forest_is_that_of_its_seed(parts: Any) -> None:
    plan = FeaturePlan(classifier="forest", trees=3)
    one, same, other = (
        fit_classifier(parts.train, parts.train_labels, 3, plan, seed) for seed in (1, 1, 2)
    )
    asked = parts.validation
    assert (one.probabilities(asked) == same.probabilities(asked)).all()
    assert (one.probabilities(asked) != other.probabilities(asked)).any()


def test_balanced_weights_answer_the_rare_class_more_often(parts: Any) -> None:
    rare = np.flatnonzero((parts.train_labels != 1) | (np.arange(100) < 12))
    few = parts._replace(train=parts.train[rare], train_labels=parts.train_labels[rare])
    for kind in ("svm_polynomial", "logistic"):
        plain, even = (
            (
                fitted(few, kind, class_weights=w, penalty=1e-3).predict(parts.validation) == 1
            ).sum()
            for w in ("none", "balanced")
        )
        assert even > plain


def test_a_solver_that_is_stopped_says_so(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leanlung.features.estimators._STEPS", 3)
    monkeypatch.setattr("leanlung.features.estimators._STEPS_AN_IMAGE", 0)
    assert not fitted(parts, "svm_polynomial").converged


def test_describe_is_json(parts: Any) -> None:
    import json

    one = calibrate(
        fitted(parts, "svm_rbf"), parts.validation, parts.validation_labels
    ).describe()
    assert json.loads(json.dumps(one)) == one
    assert (one["kind"], one["classes"], one["features"]) == ("svm_rbf", 3, 40)


def test_other_columns_than_learnt_from_are_refused(parts: Any) -> None:
    with pytest.raises(TrainingError, match=r"shape \(50, 39\) for a classifier that reads 40"):
        fitted(parts, "logistic").scores(parts.validation[:, 1:])


def test_no_images_have_no_answers(parts: Any) -> None:
    assert fitted(parts, "logistic").probabilities(parts.validation[:0]).shape == (0, 3)


def test_a_class_without_an_image_cannot_be_learnt(parts: Any) -> None:
    with pytest.raises(TrainingError, match="0 of class 3, where 4 classes"):
        fit_classifier(parts.train, parts.train_labels, 4, FeaturePlan(), 0)


def test_an_unknown_class_cannot_be_calibrated_on(parts: Any) -> None:
    with pytest.raises(TrainingError, match="a label of 5 for a classifier of 3"):
        calibrate(fitted(parts, "logistic"), parts.validation, parts.validation_labels + 3)


def test_calibrating_again_starts_anew(parts: Any) -> None:
    once = calibrate(fitted(parts, "svm_rbf"), parts.validation, parts.validation_labels)
    again = calibrate(once, parts.validation, parts.validation_labels)
    assert again.calibration == once.calibration
    assert replace(again, calibration=None).calibration is None
