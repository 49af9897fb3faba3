"""Answers: ROC curves, confusion and calibration, from the predictions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.plots import reliability_plot, roc_plot
from leanlung.reports.tables import Cell, Table, heads, label, number
from leanlung.statistics import (
    brier_score,
    confusion_matrix,
    expected_calibration_error,
    reliability_bins,
    roc_curve,
)

if TYPE_CHECKING:
    from leanlung.reports.seeds import Network, Seed
    from leanlung.statistics import ReliabilityBin, RocCurve


@dataclass(frozen=True)
class Drawn:
    """A drawing with its legend.

    Attributes:
        title: Above it.
        svg: The drawing.
        legend: Looks and what they stand for, below it.
        figures: What it was drawn from, if that is told.
    """

    title: str
    svg: str
    legend: tuple[tuple[str, str], ...]
    figures: Table | None = None


def roc_drawings(seed: Seed) -> tuple[Drawn, ...]:
    """Draw the ROC curves, one drawing a class against the rest."""
    return tuple(_roc(seed, index, name) for index, name in enumerate(seed.classes))


def calibration_drawings(seed: Seed, level: float) -> tuple[Drawn, ...]:
    """Draw the reliability diagrams, one a network.

    Args:
        seed: With its predictions.
        level: Of the intervals.
    """
    return tuple(_calibration(seed, network, level) for network in seed.networks)


def confusion_table(network: Network) -> Table:
    """Count the studies by true and answered class, with the share of the row below."""
    found = network.predictions
    classes = found.classes
    matrix = confusion_matrix(found.labels, found.predicted, len(classes)).astype(int).tolist()
    rows = []
    for index, (name, counts) in enumerate(zip(classes, matrix, strict=True)):
        total = sum(counts)
        cells = [
            Cell(
                numbers.count(cell),
                numbers.ratio(cell, total),
                shade=round(cell / total, 3) if total else 0.0,
                strong=place == index,
            )
            for place, cell in enumerate(counts)
        ]
        rows.append((label(name, numbers.counted(total, "study", "studies")), *cells))
    return Table(network.name, heads("true ↓  answered →", *classes), tuple(rows))


def _roc(seed: Seed, index: int, name: str) -> Drawn:
    curves: dict[str, RocCurve | None] = {}
    legend: list[tuple[str, str]] = []
    for network in seed.networks:
        found = network.predictions
        curves[network.look] = roc_curve(found.labels == index, found.probabilities[:, index])
        value, interval = numbers.estimate(network.estimates[f"auc:{name}"])
        legend.append((network.look, f"{network.name}: AUC {value} {interval}".rstrip()))
    told = f"ROC curve of {name} against the rest; " + "; ".join(text for _, text in legend)
    svg = roc_plot(curves, f"roc-{seed.number}-{index}", told)
    return Drawn(name, svg, tuple(legend))


def _calibration(seed: Seed, network: Network, level: float) -> Drawn:
    bins = reliability_bins(network.predictions, level=level)
    error = numbers.share(expected_calibration_error(bins))
    brier = numbers.share(brier_score(network.predictions))
    summary = f"ECE {error}, Brier score {brier}"
    svg = reliability_plot(
        bins,
        network.look,
        f"reliability-{seed.number}-{network.look}",
        f"Reliability diagram of {network.name}; {summary}",
    )
    return Drawn(network.name, svg, (("", summary),), _bins_table(bins))


def _bins_table(bins: tuple[ReliabilityBin, ...]) -> Table:
    return Table(
        "Figures behind the diagram",
        heads("confidence, mean", "studies", "answered rightly", labels=0),
        tuple(
            (
                number(numbers.share(one.confidence)),
                number(numbers.count(one.count)),
                Cell(
                    numbers.share(one.accuracy),
                    f"[{numbers.share(one.low)}, {numbers.share(one.high)}]",
                ),
            )
            for one in bins
        ),
    )
