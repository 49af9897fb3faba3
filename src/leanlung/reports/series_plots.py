"""Plots of a series: the pruning curves of all networks of a task in one drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import candidate_name
from leanlung.reports.svg import drawing, inline

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOKS = (
    ("#0b62a4", "solid", "o"),
    ("#7a6a55", (0, (4, 2)), "s"),
    ("#a4370b", (0, (1, 1)), "^"),
    ("#4a7a2b", (0, (6, 2, 1, 2)), "D"),
    ("#5b6673", "solid", "v"),
)
"""Colour, dash and marker of each network; told apart in grey by dash and marker."""


def pruning_curves(task: Mapping[str, Any], name: str) -> str:
    """Draw the metric of the choice over what is left of the parameters, a line a network.

    Args:
        task: As in ``results.json``.
        name: Of the drawing.
    """
    from matplotlib.figure import Figure

    metric = task["metric"]
    with drawing():
        figure = Figure(figsize=(6.4, 3.8))
        axes = figure.add_axes((0.13, 0.135, 0.6, 0.84))
        for place, row in enumerate(task["rows"].values()):
            colour, dash, marker = LOOKS[place % len(LOOKS)]
            whole = row["candidates"][0]["size"]["stored"]
            left = [one["size"]["stored"] / whole for one in row["candidates"]]
            values = [one["validation"][metric] for one in row["candidates"]]
            axes.plot(
                left,
                values,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=5,
                label=f"network {place + 1}",
            )
            for one, x, y in zip(row["candidates"], left, values, strict=True):
                if candidate_name(one["round"]) == row["chosen"]:
                    axes.plot(
                        [x], [y], "o", markersize=13, markeredgecolor=colour, fillstyle="none"
                    )
            axes.annotate(
                f"{place + 1}",
                (left[-1], values[-1]),
                (10, -3),
                textcoords="offset points",
                color=colour,
                fontweight="bold",
            )
        axes.set_xlabel("parameters left, as a share of the unpruned network’s")
        axes.set_ylabel(f"{numbers.metric(metric)} on validation")
        axes.margins(x=0.08, y=0.12)
        axes.invert_xaxis()
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
        told = f"{numbers.metric(metric)} on the validation part over the share of parameters"
        return inline(figure, name, f"{told} left, one line a network, a ring at the chosen")
