"""Sensitivity of a bundle: what each of its layers can give, measured on validation images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.exports import load_bundle
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pruning import CRITERIA, channel_graph, score_units
from leanlung.pruning.sensitivity import SHARES, SensitivityCurve, sensitivity
from leanlung.runs.bundle_images import Batches, bundle_images, metric_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.runs.progress import Progress

METRICS = ("macro_auc", "accuracy", "balanced_accuracy", "log_likelihood")


@dataclass(frozen=True)
class BundleSensitivity:
    """The curves of a bundle.

    Attributes:
        bundle: Its name.
        criterion: By which the lowest units went.
        metric: What was measured.
        scored: Images the units were scored on.
        measured: Images the metric was measured on.
        curves: One a layer, in running order.
    """

    bundle: str
    criterion: str
    metric: str
    scored: int
    measured: int
    curves: tuple[SensitivityCurve, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {**vars(self), "curves": [curve.as_dict() for curve in self.curves]}


def bundle_sensitivity(
    bundle: Path,
    data: Path,
    progress: Progress,
    *,
    criterion: str = "apoz",
    metric: str = "macro_auc",
    shares: Sequence[float] = SHARES,
) -> BundleSensitivity:
    """Cut each layer of a bundle alone and measure; nothing is trained in between.

    Args:
        bundle: Not changed.
        data: Labelled images. Where they tell parts, units are scored on the training part and
            the metric is measured on the validation part; otherwise all serve for both.
        progress: Told what is going on.
        criterion: One of `CRITERIA`.
        metric: One of `METRICS`.
        shares: As for `sensitivity`.

    Raises:
        UsageError: If criterion or metric do not exist.
        BundleError: If there is no sound bundle.
        StudyError: If the data do not fit it.
    """
    for kind, name, known in (("criterion", criterion, CRITERIA), ("metric", metric, METRICS)):
        if name not in known:
            msg = f"no {kind} {name!r}; there are {list(known)}{did_you_mean(name, known)}"
            raise UsageError(msg)
    loaded = load_bundle(bundle)
    loaded.require_gradient("cutting layers")
    train = bundle_images(loaded, data, "train")
    validation = bundle_images(loaded, data, "validation")
    batches = Batches(train, loaded)
    graph = channel_graph(loaded.network, next(iter(batches))[:1])
    scores = score_units(loaded.network, graph, batches.labelled(), CRITERIA[criterion]())

    measure = metric_on(loaded, validation, metric)
    curves = []
    with progress.task("cutting layers", len(graph.layers)) as done:
        for curve in sensitivity(loaded.network, graph, scores, measure, shares):
            curves.append(curve)
            done(len(curves))
    return BundleSensitivity(
        loaded.name, criterion, metric, len(train), len(validation), tuple(curves)
    )
