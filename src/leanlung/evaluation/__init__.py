"""Evaluation: what a network answers, and what can be read off its answers."""

from leanlung.evaluation.confounding import Confounding, confounding
from leanlung.evaluation.predict import probabilities
from leanlung.evaluation.sources import measure_by_source
from leanlung.evaluation.validation import validation_metrics

__all__ = [
    "Confounding",
    "confounding",
    "measure_by_source",
    "probabilities",
    "validation_metrics",
]
