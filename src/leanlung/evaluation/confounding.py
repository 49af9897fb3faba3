"""Confounding: how far the source of an image gives its class away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.statistics import contingency, cramers_v

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Confounding:
    """Sources beside classes.

    Attributes:
        sources: In alphabetical order.
        classes: Those that occur, in alphabetical order.
        counts: Studies of each source and class.
        cramers_v: 0 where source and class are independent, 1 where one tells the other; None
            with a single source or class.
        told_by_source: Accuracy of always answering the commonest class of the image's source,
            on these very studies: what a model could reach without looking at the lungs.
        majority: Accuracy of always answering the commonest class.
    """

    sources: tuple[str, ...]
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    cramers_v: float | None
    told_by_source: float
    majority: float

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        return {
            "sources": list(self.sources),
            "classes": list(self.classes),
            "counts": [list(row) for row in self.counts],
            "cramers_v": self.cramers_v,
            "told_by_source": self.told_by_source,
            "majority": self.majority,
        }


def confounding(sources: Sequence[str], labels: Sequence[str]) -> Confounding:
    """Count sources beside classes.

    Args:
        sources: Of each study.
        labels: Of each study, in the same order.

    Returns:
        The table and what follows from it.

    Source: DeGrave et al. 2021 (Nature Machine Intelligence 3), on why it must be told.
    """
    table = contingency(sources, labels)
    total = int(table.counts.sum())
    return Confounding(
        sources=table.rows,
        classes=table.columns,
        counts=tuple(tuple(int(cell) for cell in row) for row in table.counts),
        cramers_v=cramers_v(table),
        told_by_source=float(table.counts.max(axis=1).sum() / total),
        majority=float(table.counts.sum(axis=0).max() / total),
    )
