"""The search finds what a search by hand finds, and its kernels what plain machines see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from leanlung.features import (
    FeaturePlan,
    Search,
    fit_classifier,
    greedy,
    memory_of,
    rank_features,
    search_features,
)
from leanlung.features.kernels import Kernels
from leanlung.features.search import score_of
from leanlung.foundations.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


MACHINES = ("svm_polynomial", "svm_rbf", "svm_linear")


def searched(parts: Any, plan: FeaturePlan, seed: int = 0) -> Search:
    train, labels, validation, right = parts
    ranking = rank_features(train, labels)
    return search_features(train, labels, validation, right, ranking, plan, seed)


def by_table(
    scores: dict[int, float], asked: list[int], otherwise: float = 0.0
) -> Callable[[int], tuple[float, bool]]:
    def attempt(count: int) -> tuple[float, bool]:
        asked.append(count)
        return scores.get(count, otherwise), count != 7

    return attempt


def test_the_first_maximum_wins_and_the_smallest_of_the_best_below_it() -> None:
    asked: list[int] = []
    found = greedy(by_table({10: 0.8, 20: 0.9, 25: 0.9, 17: 0.9, 14: 0.9}, asked), 25, 10)
    assert asked == [10, 20, 25, *range(11, 20)]
    assert (found.chosen, found.score) == (14, 0.9)


def test_a_finer_count_may_be_better_than_all_coarse_ones() -> None:
    found = greedy(by_table({10: 0.8, 6: 0.85, 8: 0.85}, []), 30, 10)
    assert (found.chosen, found.score) == (6, 0.85)


def test_an_equal_count_further_down_than_a_step_is_not_looked_at() -> None:
    asked: list[int] = []
    found = greedy(by_table({30: 0.9, 20: 0.8, 5: 0.9}, asked), 30, 10)
    assert found.chosen == 30
    assert 5 not in asked


def test_below_the_last_count_what_was_tried_is_not_tried_again() -> None:
    asked: list[int] = []
    greedy(by_table({13: 1.0}, asked), 13, 5)
    assert asked == [5, 10, 13, 9, 11, 12]


@pytest.mark.parametrize(("total", "step", "counts"), [(3, 100, [3, 1, 2]), (3, 1, [1, 2, 3])])
def test_steps_wider_or_as_narrow_as_can_be(total: int, step: int, counts: list[int]) -> None:
    asked: list[int] = []
    greedy(by_table({total: 1.0}, asked), total, step)
    assert asked == counts


def test_every_count_is_told_with_how_many_there_will_be() -> None:
    told: list[tuple[int, int]] = []
    found = greedy(by_table({20: 1.0}, []), 25, 5, lambda *count: told.append(count))
    assert told == [(n, 9) for n in range(1, 10)]
    assert [point.phase for point in found.curve] == ["coarse"] * 5 + ["fine"] * 4


def test_a_solver_that_was_stopped_is_told() -> None:
    found = greedy(by_table({10: 1.0}, []), 10, 10)
    assert [point.features for point in found.curve if not point.converged] == [7]


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("gamma", ["auto", "scale"])
@pytest.mark.parametrize("kind", MACHINES)
def test_growing_kernels_see_what_a_machine_of_its_own_sees(
    parts: Any, kind: str, gamma: str, scale: bool
) -> None:
    """Every count's score is that of scikit-learn's own pipeline, fitted from scratch."""
    from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    kernel = {"svm_polynomial": "poly", "svm_rbf": "rbf", "svm_linear": "linear"}[kind]
    plan = FeaturePlan(classifier=kind, gamma=gamma, scale=scale, step=12)
    found = searched(parts, plan)
    train, validation = parts.train.astype(np.float64), parts.validation.astype(np.float64)

    def plain(count: int) -> float:
        pipeline = make_pipeline(
            VarianceThreshold(),
            SelectKBest(f_classif, k=count),
            StandardScaler() if scale else "passthrough",
            SVC(kernel=kernel, degree=3, gamma=gamma, break_ties=True),
        ).fit(train, parts.train_labels)
        return float((pipeline.predict(validation) == parts.validation_labels).mean())

    assert len(found.curve) >= 4 + 2
    assert [point.score for point in found.curve] == [
        plain(point.features) for point in found.curve
    ]


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_kernels_are_the_formula_whatever_was_asked_before(parts: Any, degree: int) -> None:
    plan = FeaturePlan(degree=degree)
    order = rank_features(parts.train, parts.train_labels).order
    kernels = Kernels(parts.train, parts.validation, order, None, plan)
    for count in (3, 30, 31, 11):  # up by many, by one, and back
        own, other = kernels.of(count)
        first, second = (
            part[:, order[:count]].astype(np.float64)
            for part in (parts.train, parts.validation)
        )
        np.testing.assert_allclose(own, (first @ first.T / count) ** degree, rtol=1e-10)
        np.testing.assert_allclose(other, (second @ first.T / count) ** degree, rtol=1e-10)
        assert (own == own.T).all()


def test_a_machine_by_kernels_keeps_the_support_vectors_of_a_plain_one(parts: Any) -> None:
    from sklearn.svm import SVC

    order = rank_features(parts.train, parts.train_labels).order
    own, _ = Kernels(parts.train, parts.validation, order, None, FeaturePlan()).of(20)
    made = SVC(kernel="precomputed").fit(own, parts.train_labels)
    columns = parts.train[:, order[:20]].astype(np.float64)
    plain = SVC(kernel="poly", degree=3, gamma="auto").fit(columns, parts.train_labels)
    assert made.support_.tolist() == plain.support_.tolist()
    assert made.dual_coef_ == pytest.approx(plain.dual_coef_, abs=1e-6)


@pytest.mark.parametrize("kind", [*MACHINES, "logistic", "forest"])
@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_auc"])
def test_the_chosen_score_is_that_of_the_classifier_fitted_with_it(
    parts: Any, kind: str, metric: str
) -> None:
    plan = FeaturePlan(classifier=kind, metric=metric, step=20, trees=3, scale=True)
    ranking = rank_features(parts.train, parts.train_labels)
    found = searched(parts, plan, 4)
    columns = ranking.order[: found.chosen]
    fitted = fit_classifier(parts.train[:, columns], parts.train_labels, 3, plan, 4)
    scores = fitted.scores(parts.validation[:, columns])
    assert score_of(scores, parts.validation_labels, metric) == pytest.approx(found.score)


def test_metrics_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    generator = np.random.default_rng(3)
    scores, labels = generator.normal(size=(60, 3)), generator.integers(0, 3, 60)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    areas = [roc_auc_score(labels == one, shares[:, one]) for one in range(3)]
    assert score_of(shares, labels, "macro_auc") == pytest.approx(np.mean(areas))
    assert score_of(scores, labels, "balanced_accuracy") == pytest.approx(
        balanced_accuracy_score(labels, scores.argmax(axis=1))
    )
    with pytest.raises(TrainingError, match="all validation images are of one class"):
        score_of(scores, np.zeros(60, dtype=np.int64), "macro_auc")


def test_kernels_that_do_not_fit_are_refused_before_anything_is_allocated(parts: Any) -> None:
    """Twice 8 bytes times 100² + 50 · 100, and 4 times 100²."""
    assert memory_of(100, 50) * 2**30 == 2 * 8 * 15_000 + 4 * 10_000
    plan = FeaturePlan(memory=1e-4)
    with pytest.raises(UsageError, match=r"0\.00026 GiB; memory allows 0\.0001.*'logistic'"):
        searched(parts, plan)
    without = plan.model_copy(update={"classifier": "logistic", "step": 20})
    assert searched(parts, without).chosen


def test_features_too_large_for_the_solver_are_told(parts: Any) -> None:
    large = parts._replace(train=parts.train * np.float32(1e9))
    with pytest.raises(TrainingError, match="set scale = true"):
        searched(large, FeaturePlan())
    scaled = FeaturePlan(scale=True, step=20)
    assert searched(large, scaled).chosen


def test_a_class_without_a_training_image_is_told(parts: Any) -> None:
    labels = np.where(parts.train_labels == 1, 2, parts.train_labels)
    with pytest.raises(TrainingError, match="34 of class 0, 0 of class 1, 66 of class 2"):
        searched(parts._replace(train_labels=labels), FeaturePlan())


def test_features_of_two_networks_are_refused(parts: Any) -> None:
    with pytest.raises(TrainingError, match="40 features in training and 39 in validation"):
        searched(parts._replace(validation=parts.validation[:, 1:]), FeaturePlan())


@pytest.mark.parametrize("given", [{"step": 0}, {"classifier": "knn"}, {"degrees": 3}])
def test_a_plan_that_cannot_be_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        FeaturePlan(**given)
