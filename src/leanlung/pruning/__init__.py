"""Pruning: what units are worth, which ones go, and the surgery that takes them out."""

from leanlung.pruning.candidates import Candidate
from leanlung.pruning.choice import Choice, choose
from leanlung.pruning.cuts import LowestShare
from leanlung.pruning.graph import ChannelGraph, UnitLayer, channel_graph
from leanlung.pruning.recalibration import recalibrate
from leanlung.pruning.removal import Removal
from leanlung.pruning.rounds import Round, prune
from leanlung.pruning.schedules import SCHEDULES, OneShot, Schedule, Steady
from leanlung.pruning.scores import CRITERIA, Apoz, UnitScores, score_activations
from leanlung.pruning.surgery import Surgery, carry, remove

__all__ = [
    "CRITERIA",
    "SCHEDULES",
    "Apoz",
    "Candidate",
    "ChannelGraph",
    "Choice",
    "LowestShare",
    "OneShot",
    "Removal",
    "Round",
    "Schedule",
    "Steady",
    "Surgery",
    "UnitLayer",
    "UnitScores",
    "carry",
    "channel_graph",
    "choose",
    "prune",
    "recalibrate",
    "remove",
    "score_activations",
]
