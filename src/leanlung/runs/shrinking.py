"""Shrinking: how ``leanlung prune`` prunes a bundle, unless it is asked for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leanlung.foundations.errors import UsageError
from leanlung.pixels import Augmentation
from leanlung.runs.mistakes import describe
from leanlung.runs.prune import PruneSection
from leanlung.runs.target import TargetSection
from leanlung.training import DistillationPlan, OptimiserPlan, RatePlan, TrainingPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = PruneSection(
    rounds=3,
    criterion="apoz",
    scope="layer",
    target=TargetSection(share=0.25),
    retrain=TrainingPlan(
        epochs=6,
        batch=64,
        optimiser=OptimiserPlan(
            kind="sgd", rate=0.02, momentum=0.9, nesterov=True, weight_decay=1e-4
        ),
        rate=RatePlan(kind="cosine"),
        augment=Augmentation(
            degrees=7.0, shift=0.04, zoom=0.08, brightness=0.08, contrast=0.15
        ),
        distil=DistillationPlan(weight=0.7),
    ),
)
"""What is done where nothing else is asked for: down to a quarter of the parameters, in the way
that lost least of those tried (``docs/benchmarks.md``)."""

FLAGS = {
    "target.share": "--keep",
    "target.parameters": "--target-parameters",
    "target.macs": "--target-macs",
    "target.latency_ms": "--target-latency-ms",
    "criterion": "--criterion",
    "scope": "--scope",
    "rounds": "--rounds",
    "retrain.epochs": "--epochs",
    "retrain.distil.weight": "--distil",
    "align": "--align",
    "costs": "--costs",
    "minimum": "--minimum",
    "leave_alone": "--leave-alone",
}
"""Fields of the plan that can be asked for, and the flag of each."""


def plan_of(asked: Mapping[str, Any]) -> PruneSection:
    """Make a plan of the defaults and what is asked for instead.

    Args:
        asked: By dotted name, as in `FLAGS`.

    Raises:
        UsageError: With every mistake, if there are any; or if two targets are asked for.
    """
    targets = [name for name in asked if name.startswith("target.")]
    if len(targets) > 1:
        flags = " and ".join(FLAGS[name] for name in targets)
        msg = f"{flags} are targets each; give one of them"
        raise UsageError(msg)
    tables = DEFAULT.model_dump()
    if targets:
        tables["target"] = {}
    for name, value in asked.items():
        *folders, last = name.split(".")
        table = tables
        for folder in folders:
            table = table[folder]
        table[last] = value
    # A recipe may remove nothing; who asks for a smaller network wants one.
    mistakes = [] if tables["rounds"] != 0 else ["--rounds: input should be at least 1; got 0"]
    try:
        plan = PruneSection.model_validate(tables)
    except ValidationError as error:
        mistakes += map(_by_flag, describe(error, PruneSection, {}))
        raise UsageError("; ".join(mistakes)) from error
    if mistakes:
        raise UsageError(mistakes[0])
    return plan


def _by_flag(mistake: str) -> str:
    key, colon, sentence = mistake.partition(": ")
    return f"{FLAGS.get(key, key)}{colon}{sentence}"
