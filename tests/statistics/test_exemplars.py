"""Exemplars are what the networks of several seeds agree to answer otherwise after pruning."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import spearmanr

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions
from leanlung.statistics.exemplars import exemplars

STUDIES = ("a", "b", "c", "d")


def network(shares, labels=(0, 0, 1, 1), model="m"):
    """Probabilities of covid, one a study."""
    return Predictions(
        model,
        ("normal", "covid"),
        STUDIES,
        STUDIES,
        np.array(labels),
        np.array([[1 - share, share] for share in shares]),
    )


UNPRUNED = [
    network([0.1, 0.4, 0.9, 0.8]),
    network([0.2, 0.6, 0.8, 0.9]),
    network([0.1, 0.3, 0.9, 0.7]),
]
PRUNED = [
    network([0.1, 0.4, 0.3, 0.8]),
    network([0.2, 0.6, 0.8, 0.9]),
    network([0.1, 0.3, 0.4, 0.3]),
]


def test_the_most_frequent_answer_decides():
    """On c two of three pruned networks part from all unpruned; on d one does."""
    found = exemplars(UNPRUNED, PRUNED)
    (case,) = [one for one in found.cases if one.differs]
    assert (case.study_id, case.label, case.before, case.after) == (
        "c",
        "covid",
        "covid",
        "normal",
    )
    assert (case.share_before, case.share_after) == (1.0, pytest.approx(2 / 3))
    assert (found.count, found.networks, found.studies) == (1, 3, 4)
    assert found.by_class == {"normal": (0, 2), "covid": (1, 2)}


def test_the_distance_is_jensen_shannons_between_the_means():
    found = exemplars(UNPRUNED, PRUNED)
    before, after = (
        np.mean([each.probabilities[2] for each in side], axis=0) for side in (UNPRUNED, PRUNED)
    )
    assert found.measure == "jensen_shannon"
    assert found.cases[0].distance == pytest.approx(jensenshannon(before, after, base=2) ** 2)


def test_opposite_certainties_lie_furthest_apart():
    sure, other = [network([0, 0, 1, 1])] * 2, [network([1, 0, 1, 1])] * 2
    found = exemplars(sure, other)
    assert [(one.study_id, one.distance) for one in found.cases] == [("a", 1.0)]


def test_equal_votes_go_by_the_mean_probability():
    split = [network([0.9, 0.1, 0.9, 0.9]), network([0.4, 0.1, 0.9, 0.9])]
    sure = [network([0.1, 0.1, 0.9, 0.9])] * 2
    (case,) = [one for one in exemplars(split, sure).cases if one.differs]
    assert (case.study_id, case.before, case.after) == ("a", "covid", "normal")
    assert case.share_before == 0.5


def test_with_ten_classes_it_is_the_rank_correlation():
    generator = np.random.default_rng(0)
    names = tuple(f"study-{row}" for row in range(40))

    def drawn():
        shares = generator.integers(1, 9, (40, 10)).astype(float)  # ties among them
        return Predictions(
            "m",
            tuple(f"finding-{index}" for index in range(10)),
            names,
            names,
            np.arange(40) % 10,
            shares / shares.sum(axis=1, keepdims=True),
        )

    sides = [[drawn(), drawn()] for _ in range(2)]
    found = exemplars(*sides)
    means = [np.mean([each.probabilities for each in side], axis=0) for side in sides]
    assert found.measure == "rank_correlation"
    for case in found.cases:
        row = names.index(case.study_id)
        theirs = spearmanr(means[0][row], means[1][row]).statistic
        assert case.distance == pytest.approx(1 - theirs)


def test_the_furthest_are_shown_though_their_answer_stays(chance):
    same = [chance(100, seed=seed) for seed in range(2)]
    moved = same[0].probabilities.copy()
    row = int(np.argmax(moved.max(axis=1) * (moved.max(axis=1) < 0.7)))
    top = moved[row].argmax()
    moved[row] = 0.005
    moved[row, top] = 0.99
    from dataclasses import replace

    pruned = [replace(same[0], probabilities=moved), same[1]]
    found = exemplars(same, pruned)
    assert found.cases[0].study_id == same[0].study_ids[row]
    assert len(found.cases) == 5  # of 100


def test_studies_are_paired_by_name():
    turned = [each.rows(np.array([3, 1, 0, 2])) for each in PRUNED]
    assert exemplars(UNPRUNED, turned) == exemplars(UNPRUNED, PRUNED)


@pytest.mark.parametrize("counts", [(1, 1), (2, 3), (0, 0)])
def test_fewer_than_two_of_each_are_refused(counts):
    with pytest.raises(StatisticsError, match="two or more, and as many of each"):
        exemplars(UNPRUNED[: counts[0]], PRUNED[: counts[1]])


def test_it_can_be_written_as_json():
    told = json.loads(json.dumps(exemplars(UNPRUNED, PRUNED).as_dict()))
    assert set(told) == {"measure", "networks", "studies", "count", "by_class", "cases"}
    assert told["by_class"]["covid"] == {"exemplars": 1, "studies": 2}
