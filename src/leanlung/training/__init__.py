"""Training: a plan, one loop, and what it leaves behind."""

from leanlung.training.balancing import (
    Balance,
    counts_after,
    counts_of,
    require_balance,
    smote,
)
from leanlung.training.distillation import DistillationPlan
from leanlung.training.fit import Fitted, fit
from leanlung.training.history import Epoch, History, best_epoch, rate_of
from leanlung.training.optimisers import optimiser_for
from leanlung.training.plan import (
    OptimiserPlan,
    RatePlan,
    RestartPlan,
    SmotePlan,
    TrainingPlan,
)

__all__ = [
    "Balance",
    "DistillationPlan",
    "Epoch",
    "Fitted",
    "History",
    "OptimiserPlan",
    "RatePlan",
    "RestartPlan",
    "SmotePlan",
    "TrainingPlan",
    "best_epoch",
    "counts_after",
    "counts_of",
    "fit",
    "optimiser_for",
    "rate_of",
    "require_balance",
    "smote",
]
