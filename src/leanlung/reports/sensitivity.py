"""Sensitivity drawn: one small curve a layer, all on the same scale."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.svg import drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.pruning.sensitivity import SensitivityCurve

COLUMNS = 6
_LINE, _WHOLE = "#0b62a4", "#7a6a55"


def draw_sensitivity(curves: Sequence[SensitivityCurve], metric: str, title: str) -> str:
    """Draw the curves of all layers.

    Args:
        curves: One a layer, in running order.
        metric: What was measured.
        title: Above all of them.

    Returns:
        An SVG file: a grid of panels, at most six in a row; dashed is the whole network.
    """
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(curves)) or 1
    rows = math.ceil(len(curves) / columns) or 1
    values = [value for curve in curves for value in curve.values]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * (high - low) or 0.01
    with drawing():
        figure = Figure(figsize=(2.0 * columns + 0.6, 0.9 + 1.7 * rows), layout="constrained")
        figure.suptitle(title, fontsize=12)
        grid = list(
            figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
        )
        for axes, curve in zip(grid, curves, strict=False):
            axes.axhline(curve.values[0], color=_WHOLE, linestyle="--", linewidth=0.9)
            axes.plot(curve.shares, curve.values, color=_LINE, marker="o", markersize=3)
            axes.set_title(f"{_short(curve.layer)} ({curve.units})", fontsize=8)
            axes.set_xlim(0.0, 1.0)
            axes.set_ylim(low - room, high + room)
        for axes in grid[len(curves) :]:
            axes.remove()
        figure.supxlabel("share of the layer's units gone", fontsize=10)
        figure.supylabel(numbers.metric(metric), fontsize=10)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _short(name: str, most: int = 26) -> str:
    """Keep the end of a long name, which tells more than its beginning."""
    return name if len(name) <= most else "…" + name[1 - most :]
