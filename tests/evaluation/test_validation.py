"""The metrics a choice may look at, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from leanlung.evaluation import validation_metrics
from leanlung.foundations.errors import StatisticsError

LABELS = np.array([0, 0, 1, 1, 2, 2, 2, 0])


@pytest.fixture
def answers() -> np.ndarray:
    raw = np.random.default_rng(0).random((8, 3))
    return raw / raw.sum(axis=1, keepdims=True)


def test_they_are_scikit_learns(answers: np.ndarray) -> None:
    found = validation_metrics(LABELS, answers)
    answered = answers.argmax(axis=1)
    assert found == pytest.approx(
        {
            "macro_auc": metrics.roc_auc_score(LABELS, answers, multi_class="ovr"),
            "accuracy": metrics.accuracy_score(LABELS, answered),
            "balanced_accuracy": metrics.balanced_accuracy_score(LABELS, answered),
            "log_likelihood": -metrics.log_loss(LABELS, answers),
        }
    )


def test_a_right_class_of_probability_zero_is_not_infinitely_bad() -> None:
    found = validation_metrics(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert found["log_likelihood"] == pytest.approx(np.log(1e-12) / 2)


def test_images_of_one_class_alone_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 images of one class alone; images of every"):
        validation_metrics(np.array([1, 1]), np.array([[0.5, 0.5], [0.2, 0.8]]))
