"""The history of a fit: one record an epoch, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leanlung.training.plan import RatePlan


@dataclass(frozen=True)
class Epoch:
    """What one epoch did.

    Attributes:
        number: From 1.
        rate: Learning rate.
        loss: Mean training loss over images, class weights included.
        validation: Metrics on the validation part; higher is better.
        at_once: Images that went through the network at once, at most, where memory was too
            short for a batch; 0 where it was not.
    """

    number: int
    rate: float
    loss: float
    validation: Mapping[str, float]
    at_once: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {**asdict(self), "validation": dict(self.validation)}


History = Sequence[Epoch]


def best_epoch(history: History, monitor: str) -> int:
    """Give the number of the epoch with the highest metric, the first of equals; 0 if none."""
    if not history:
        return 0
    return max(history, key=lambda epoch: (epoch.validation[monitor], -epoch.number)).number


def rate_of(plan: RatePlan, first: float, epochs: int, history: History, monitor: str) -> float:
    """Give the learning rate of the epoch that follows a history.

    Args:
        plan: How the rate changes.
        first: Rate of the first epoch.
        epochs: How many there are planned.
        history: Epochs so far.
        monitor: Metric that says whether an epoch was better.

    Returns:
        The rate. ``cosine``: ``least + (1 - least) / 2 * (1 + cos(pi * done / epochs))`` times
        the first rate, so that no epoch runs at the least itself. With restarts ``done`` and
        ``epochs`` are those of the period.

    Source: Loshchilov & Hutter 2017 (SGDR), equation 5, for ``cosine`` and its restarts.
    """
    if plan.kind == "constant":
        return first
    if plan.kind == "cosine":
        done = len(history)
        if plan.restarts is not None:
            epochs = plan.restarts.first
            while done >= epochs:
                done, epochs = done - epochs, epochs * plan.restarts.factor
        wave = 0.5 * (1.0 + math.cos(math.pi * done / epochs))
        return first * (plan.least + (1.0 - plan.least) * wave)
    rate, best, waited = first, -math.inf, 0
    for epoch in history:
        found = epoch.validation[monitor]
        best, waited = (found, 0) if found > best else (best, waited + 1)
        if waited == plan.patience:
            rate, waited = max(rate * plan.factor, first * plan.least), 0
    return rate
