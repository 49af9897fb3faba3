"""Over some of the classes only their studies count, and their probabilities sum to one."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, measure
from leanlung.statistics.shared_classes import over_classes

THREE = Predictions(
    "large",
    ("normal", "covid", "tb"),
    ("a", "b", "c"),
    ("a", "b", "c"),
    np.array([0, 2, 1]),
    np.array([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [0.1, 0.8, 0.1]]),
)


def test_by_hand():
    found = over_classes(THREE, ("tb", "normal"))
    assert found.study_ids == ("a", "b")
    assert found.labels.tolist() == [1, 0]
    assert found.probabilities == pytest.approx(np.array([[2 / 7, 5 / 7], [0.5, 0.5]]))


def test_all_classes_change_nothing():
    assert over_classes(THREE, THREE.classes) is THREE


def test_the_auc_of_two_of_three_classes_ranks_by_their_odds(chance):
    three = chance(120)
    two = over_classes(three, ("class-0", "class-2"))
    inside = three.labels != 1
    odds = np.log(three.probabilities[inside, 0] / three.probabilities[inside, 2])
    of_class = three.labels[inside] == 0
    pairs = (odds[of_class][:, np.newaxis] > odds[~of_class]).mean()
    (area,) = measure(two, metrics=["auc:class-0"])
    assert area.value == pytest.approx(pairs)


@pytest.mark.parametrize("classes", [("normal",), ("normal", "flu")])
def test_what_cannot_be_told_apart_is_refused(classes):
    with pytest.raises(StatisticsError, match="two or more of"):
        over_classes(THREE, classes)
