"""Images needed, drawn: units left, parameters and a metric over images looked at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.svg import drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINE, _WHOLE = "#0b62a4", "#7a6a55"


def draw_images_needed(
    counts: Sequence[Mapping[str, Any]], whole: Mapping[str, float], metric: str, title: str
) -> str:
    """Draw how three figures follow the number of images, with their spread over orders.

    Args:
        counts: One a number of ``images``, each with ``mean``, ``low`` and ``high`` of
            ``units`` (constant so far), ``parameters`` and the metric.
        whole: ``parameters`` and the metric of the network as it is.
        metric: What was measured.
        title: Above all of it.

    Returns:
        An SVG file of three panels; shaded is from the lowest to the highest order, dashed the
        network as it is.
    """
    from matplotlib.figure import Figure

    images = [one["images"] for one in counts]
    panels = {
        "units": "units found constant",
        "parameters": "parameters left",
        metric: numbers.metric(metric),
    }
    with drawing():
        figure = Figure(figsize=(9.6, 3.2), layout="constrained")
        figure.suptitle(title, fontsize=12)
        for axes, (name, label) in zip(figure.subplots(1, 3), panels.items(), strict=True):
            found = [one[name] for one in counts]
            if name in whole:
                axes.axhline(whole[name], color=_WHOLE, linestyle="--", linewidth=0.9)
            axes.fill_between(
                images,
                [one["low"] for one in found],
                [one["high"] for one in found],
                color=_LINE,
                alpha=0.18,
                linewidth=0,
            )
            axes.plot(
                images, [one["mean"] for one in found], color=_LINE, marker="o", markersize=3
            )
            axes.set_xscale("log", base=2)
            axes.set_xticks(images, [f"{count}" for count in images])
            axes.minorticks_off()
            axes.tick_params(axis="x", labelrotation=60 if len(images) > 5 else 0)
            axes.set_title(label, fontsize=10)
            axes.set_xlabel("images looked at")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
