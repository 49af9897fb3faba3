"""Pruning: what units are worth, which ones go, and the surgery that takes them out."""

from leanlung.pruning.candidates import Candidate
from leanlung.pruning.choice import Choice, choose
from leanlung.pruning.costs import unit_macs
from leanlung.pruning.cuts import AtMost, Cut, LowestShare
from leanlung.pruning.graph import ChannelGraph, UnitLayer, channel_graph
from leanlung.pruning.recalibration import recalibrate
from leanlung.pruning.removal import Removal
from leanlung.pruning.rounds import Round, prune
from leanlung.pruning.schedules import (
    SCHEDULES,
    Cosine,
    OneShot,
    Polynomial,
    Schedule,
    Steady,
)
from leanlung.pruning.scores import (
    CRITERIA,
    L1,
    L2,
    Apoz,
    BatchNormScale,
    GeometricMedian,
    MeanActivation,
    OwnActivation,
    OwnFilter,
    RandomOrder,
    Taylor,
    UnitScores,
    Variance,
    WeightScores,
    magnitude,
    score_activations,
    score_filters,
    score_gradients,
    score_units,
)
from leanlung.pruning.stopwatch import median_ms
from leanlung.pruning.surgery import Surgery, carry, remove
from leanlung.pruning.targets import (
    Reached,
    Target,
    reach,
    target_latency_ms,
    target_macs,
    target_parameters,
)

__all__ = [
    "CRITERIA",
    "L1",
    "L2",
    "SCHEDULES",
    "Apoz",
    "AtMost",
    "BatchNormScale",
    "Candidate",
    "ChannelGraph",
    "Choice",
    "Cosine",
    "Cut",
    "GeometricMedian",
    "LowestShare",
    "MeanActivation",
    "OneShot",
    "OwnActivation",
    "OwnFilter",
    "Polynomial",
    "RandomOrder",
    "Reached",
    "Removal",
    "Round",
    "Schedule",
    "Steady",
    "Surgery",
    "Target",
    "Taylor",
    "UnitLayer",
    "UnitScores",
    "Variance",
    "WeightScores",
    "carry",
    "channel_graph",
    "choose",
    "magnitude",
    "median_ms",
    "prune",
    "reach",
    "recalibrate",
    "remove",
    "score_activations",
    "score_filters",
    "score_gradients",
    "score_units",
    "target_latency_ms",
    "target_macs",
    "target_parameters",
    "unit_macs",
]
