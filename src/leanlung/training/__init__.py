"""Training: a plan, one loop, and what it leaves behind."""

from leanlung.training.distillation import DistillationPlan
from leanlung.training.fit import Fitted, fit
from leanlung.training.history import Epoch, History, best_epoch, rate_of
from leanlung.training.optimisers import optimiser_for
from leanlung.training.plan import OptimiserPlan, RatePlan, TrainingPlan

__all__ = [
    "DistillationPlan",
    "Epoch",
    "Fitted",
    "History",
    "OptimiserPlan",
    "RatePlan",
    "TrainingPlan",
    "best_epoch",
    "fit",
    "optimiser_for",
    "rate_of",
]
