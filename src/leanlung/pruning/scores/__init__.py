"""Scores: what a unit is worth. Higher is worth more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.pruning.scores.activations import score_activations
from leanlung.pruning.scores.apoz import Apoz
from leanlung.pruning.scores.unit_scores import UnitScores

if TYPE_CHECKING:
    from leanlung.pruning.scores.activations import ActivationScore

CRITERIA: dict[str, type[ActivationScore]] = {"apoz": Apoz}
"""Criteria that can be asked for by name."""

__all__ = ["CRITERIA", "Apoz", "UnitScores", "score_activations"]
