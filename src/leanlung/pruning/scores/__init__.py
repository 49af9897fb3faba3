"""Scores: what a unit is worth. Higher is worth more."""

from __future__ import annotations

from leanlung.pruning.scores.activations import ActivationScore, score_activations
from leanlung.pruning.scores.apoz import Apoz
from leanlung.pruning.scores.batchnorm_scale import BatchNormScale
from leanlung.pruning.scores.criterion import Criterion, score_units
from leanlung.pruning.scores.filters import FilterScore, score_filters
from leanlung.pruning.scores.geometric_median import GeometricMedian
from leanlung.pruning.scores.gradients import GradientScore, score_gradients
from leanlung.pruning.scores.mean_activation import MeanActivation
from leanlung.pruning.scores.norms import L1, L2
from leanlung.pruning.scores.own import OwnActivation, OwnFilter
from leanlung.pruning.scores.random_order import RandomOrder
from leanlung.pruning.scores.taylor import Taylor
from leanlung.pruning.scores.unit_scores import UnitScores
from leanlung.pruning.scores.variance import Variance
from leanlung.pruning.scores.weight_scores import WeightScores, magnitude

CRITERIA: dict[str, type[Criterion]] = {
    "apoz": Apoz,
    "mean_activation": MeanActivation,
    "variance": Variance,
    "l1": L1,
    "l2": L2,
    "geometric_median": GeometricMedian,
    "batchnorm_scale": BatchNormScale,
    "taylor": Taylor,
    "random": RandomOrder,
}
"""Criteria that can be asked for by name."""

__all__ = [
    "CRITERIA",
    "L1",
    "L2",
    "ActivationScore",
    "Apoz",
    "BatchNormScale",
    "Criterion",
    "FilterScore",
    "GeometricMedian",
    "GradientScore",
    "MeanActivation",
    "OwnActivation",
    "OwnFilter",
    "RandomOrder",
    "Taylor",
    "UnitScores",
    "Variance",
    "WeightScores",
    "magnitude",
    "score_activations",
    "score_filters",
    "score_gradients",
    "score_units",
]
