"""Answers: ROC curves and confusion, from the predictions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.plots import roc_plot
from leanlung.reports.tables import Cell, Table, heads, label
from leanlung.statistics import (
    confusion_matrix,
    roc_curve,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.reports.seeds import Network, Seed
    from leanlung.statistics import RocCurve


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


def confusion_table(network: Network) -> Table:
    """Count the studies by true and answered class, with the share of the row below."""
    found = network.predictions
    classes = found.classes
    matrix = confusion_matrix(found.labels, found.predicted, len(classes)).astype(int).tolist()
    return matrix_table(network.name, classes, matrix)


def matrix_table(
    caption: str, classes: Sequence[str], matrix: Sequence[Sequence[int]]
) -> Table:
    """Lay out counts by true and answered class, with the share of the row below.

    Args:
        caption: Whose answers.
        classes: K names, of rows and columns.
        matrix: K rows of K counts; a row is a true class.
    """
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
    return Table(caption, heads("true ↓  answered →", *classes), tuple(rows))


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
