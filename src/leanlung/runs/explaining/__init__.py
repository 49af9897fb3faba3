"""Where networks look: maps of films, how far they agree with lungs and lesions, overlays."""

from leanlung.runs.explaining.explain import (
    ALL_METHODS,
    OVERLAYS,
    ExplainPlan,
    explain,
)
from leanlung.runs.explaining.explainers import Explainers, explainers_of
from leanlung.runs.explaining.grid import by_layers, kept_epochs

__all__ = [
    "ALL_METHODS",
    "OVERLAYS",
    "ExplainPlan",
    "Explainers",
    "by_layers",
    "explain",
    "explainers_of",
    "kept_epochs",
]
