"""Where networks look: maps of films, how far they agree with lungs and lesions, overlays."""

from leanlung.runs.explaining.explain import (
    ALL_METHODS,
    OVERLAYS,
    ExplainPlan,
    explain,
)
from leanlung.runs.explaining.explainers import Explainers, explainers_of

__all__ = ["ALL_METHODS", "OVERLAYS", "ExplainPlan", "Explainers", "explain", "explainers_of"]
