"""Variance of a bundle's units: how many images it takes to know which never vary."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.exports import Bundle, load_bundle
from leanlung.foundations.errors import UsageError
from leanlung.foundations.files import write_json
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import write_table
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import ImagesNeeded, images_needed
from leanlung.runs.bundle_images import Batches, bundle_images, metric_on
from leanlung.runs.sensitivity import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.runs.progress import Progress

TABLE, TOLD = "images-needed.csv", "images-needed.json"


@dataclass(frozen=True)
class BundleVariance:
    """What was found of a bundle.

    Attributes:
        bundle: Its name.
        metric: What was measured.
        images: Of the training part, all that can be looked at.
        measured: Images the metric was measured on.
        units: That could leave.
        parameters: Of the bundle as it is.
        whole: The metric of the bundle as it is.
        found: One for each order and count.
    """

    bundle: str
    metric: str
    images: int
    measured: int
    units: int
    parameters: int
    whole: float
    found: tuple[ImagesNeeded, ...]

    @property
    def counts(self) -> tuple[dict[str, Any], ...]:
        """Over the orders, mean, smallest and largest of every figure, one a count."""
        by_count: dict[int, list[ImagesNeeded]] = {}
        for one in self.found:
            by_count.setdefault(one.images, []).append(one)
        return tuple(
            {
                "images": images,
                "orders": len(alike),
                "units": _spread([float(one.units) for one in alike]),
                "parameters": _spread([float(one.parameters) for one in alike]),
                self.metric: _spread([one.measure for one in alike if one.measure is not None]),
            }
            for images, alike in sorted(by_count.items())
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            **vars(self),
            "found": [one.as_dict() for one in self.found],
            "counts": list(self.counts),
        }


def bundle_variance(
    bundle: Path | Bundle,
    data: Path,
    out: Path,
    progress: Progress,
    *,
    counts: Sequence[int] = (),
    orders: int = 3,
    seed: int = 0,
    metric: str = "accuracy",
) -> BundleVariance:
    """Say what removal of constant units comes to, by the number of images looked at.

    Nothing is trained. ``images-needed.csv`` has a row for each order, count and layer, and
    ``images-needed.json`` everything.

    Args:
        bundle: Its folder, or one that is loaded; not changed.
        data: Labelled images. Where they tell parts, units are judged on the training part and
            the metric is measured on the validation part; otherwise all serve for both.
        out: Folder to write to.
        progress: Told what is going on.
        counts: Of images, in whatever order; 8, 16, 32 and so on to all of them if empty.
        orders: How many random orders the images come in.
        seed: Of the orders.
        metric: One of `METRICS`.

    Raises:
        UsageError: If a count or the metric does not exist.
        BundleError: If there is no sound bundle.
        StudyError: If the data do not fit it.

    Source: García-Ramírez et al. 2023, figure 4.
    """
    if metric not in METRICS:
        msg = f"no metric {metric!r}; there are {list(METRICS)}{did_you_mean(metric, METRICS)}"
        raise UsageError(msg)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    loaded.require_gradient("looking for constant units")
    train = bundle_images(loaded, data, "train")
    validation = bundle_images(loaded, data, "validation")
    steps = sorted(set(counts)) or doublings(len(train))
    if not 1 <= steps[0] <= steps[-1] <= len(train):
        msg = f"--counts {steps}: from 1 to {len(train)}, the images to train on, was expected"
        raise UsageError(msg)
    batches = Batches(train, loaded)
    graph = channel_graph(loaded.network, next(iter(batches))[:1])
    drawn = [
        Seeds(seed).generator("order", number).permutation(len(train)).tolist()
        for number in range(orders)
    ]

    measure = metric_on(loaded, validation, metric)
    found = []
    with progress.task("images looked at", orders * len(steps)) as done:
        for one in images_needed(loaded.network, graph, batches, steps, drawn, measure):
            found.append(one)
            done(len(found))
    told = BundleVariance(
        loaded.name,
        metric,
        len(train),
        len(validation),
        sum(len(layer) for layer in graph.layers),
        sum(parameter.numel() for parameter in loaded.network.parameters()),
        measure(loaded.network),
        tuple(found),
    )
    rows = [
        {
            "order": one.order,
            "images": one.images,
            "layer": layer,
            "constant": constant,
            "units": len(graph.layer(layer)),
            "parameters": one.parameters,
            metric: one.measure,
        }
        for one in found
        for layer, constant in one.constant.items()
    ]
    columns = ["order", "images", "layer", "constant", "units", "parameters", metric]
    write_table(out / TABLE, columns, rows)
    write_json(out / TOLD, told.as_dict())
    return told


def doublings(images: int) -> list[int]:
    """Give 8, 16, 32 and so on, and all images last."""
    return [*(8 << n for n in range(images.bit_length()) if 8 << n < images), images]


def _spread(values: list[float]) -> dict[str, float]:
    return {"mean": statistics.fmean(values), "low": min(values), "high": max(values)}
