"""Of two models that answer alike, the largest change of a probability is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, largest_change


def model(*rows: tuple[float, float]) -> Predictions:
    names = tuple(f"f{number}" for number in range(len(rows)))
    return Predictions(
        "m", ("normal", "covid"), names, names, np.arange(len(rows)) % 2, np.array(rows)
    )


ONE = model((0.9, 0.1), (0.4, 0.6), (0.3, 0.7))


def test_it_is_the_largest_over_studies_and_classes() -> None:
    other = model((0.88, 0.12), (0.41, 0.59), (0.3, 0.7))
    assert largest_change(ONE, other) == pytest.approx(0.02)
    assert largest_change(ONE, ONE) == 0.0


def test_studies_are_paired_by_name() -> None:
    turned = replace(
        ONE,
        study_ids=ONE.study_ids[::-1],
        patient_ids=ONE.patient_ids[::-1],
        labels=ONE.labels[::-1],
        probabilities=ONE.probabilities[::-1],
    )
    assert largest_change(ONE, turned) == 0.0


def test_one_answer_that_differs_is_told_by_other_figures() -> None:
    assert largest_change(ONE, model((0.9, 0.1), (0.51, 0.49), (0.3, 0.7))) is None


def test_what_cannot_be_paired_is_refused() -> None:
    with pytest.raises(StatisticsError, match="cannot be paired"):
        largest_change(ONE, model((0.9, 0.1)))
