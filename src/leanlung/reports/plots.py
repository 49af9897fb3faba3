"""Plots: the curve over rounds, ROC curves and reliability diagrams.

No name that a user gave is drawn here: classes and sources are named in the page around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import candidate_name
from leanlung.reports.svg import drawing, inline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from leanlung.reports.seeds import Seed
    from leanlung.statistics import ReliabilityBin, RocCurve

# Told apart by everybody, also in grey: one light and dashed, one dark and solid.
COLOURS = {"unpruned": "#7a6a55", "chosen": "#0b62a4"}
DASHES = {"unpruned": (0, (4, 2)), "chosen": "solid"}

_INK = "#1c2530"
_FAINT = "#9aa5b1"


def validation_curve(seed: Seed, choose: Mapping[str, Any]) -> str:
    """Draw the metric of the choice over what is left of the parameters.

    Args:
        seed: With its candidates.
        choose: ``metric``, ``rule`` and ``tolerance`` of the recipe.
    """
    from matplotlib.figure import Figure

    metric = choose["metric"]
    # A mask leaves all parameters where they are; what it leaves of them is not zero.
    masked = any("masked_bytes" in one for one in seed.candidates)
    sizes = [one["size"]["nonzero" if masked else "stored"] for one in seed.candidates]
    left = [size / sizes[0] for size in sizes]
    values = [one["validation"][metric] for one in seed.candidates]
    reference = values[0]
    with drawing():
        figure = Figure(figsize=(5.1, 3.2))
        axes = figure.add_axes((0.175, 0.15, 0.805, 0.82))
        axes.axhline(reference, color=COLOURS["unpruned"], linestyle=DASHES["unpruned"])
        if choose["rule"] == "smallest_within":
            axes.axhline(reference - choose["tolerance"], color=_INK, linestyle=":")
        axes.plot(left, values, color=COLOURS["chosen"], marker="o", markersize=5)
        for one, x, y in zip(seed.candidates, left, values, strict=True):
            is_chosen = candidate_name(one["round"]) == seed.chosen.name
            if is_chosen:
                axes.plot([x], [y], "o", markersize=13, markeredgecolor=_INK, fillstyle="none")
            axes.annotate(
                f"{one['round']}",
                (x, y),
                (0, 10),
                textcoords="offset points",
                ha="center",
                fontweight="bold" if is_chosen else "normal",
                color=_INK,
            )
        what = "parameters not zero" if masked else "parameters left"
        axes.set_xlabel(f"{what}, as a share of the unpruned network’s")
        axes.set_ylabel(f"{numbers.metric(metric)} on validation")
        axes.margins(x=0.06, y=0.2)
        axes.invert_xaxis()
        return inline(
            figure,
            f"curve-{seed.number}",
            f"{numbers.metric(metric)} on the validation part over the share of "
            f"{what}, round 0 to {seed.candidates[-1]['round']}; {seed.chosen.name} is chosen",
        )


def roc_plot(curves: Mapping[str, RocCurve | None], name: str, told: str) -> str:
    """Draw the ROC curves of one class.

    Args:
        curves: By look, ``unpruned`` and ``chosen``; None where there is no curve.
        name: Of the drawing.
        told: What there is to see.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(3.6, 3.6))
        axes = figure.add_axes((0.165, 0.135, 0.815, 0.815))
        axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=0.8)
        for look, curve in curves.items():
            if curve is not None:
                axes.plot(
                    curve.false_positive_shares,
                    curve.true_positive_shares,
                    color=COLOURS[look],
                    linestyle=DASHES[look],
                    linewidth=1.7,
                    # The dashes stay visible where both run along the same line.
                    zorder=3 if look == "unpruned" else 2,
                )
        _square(axes)
        axes.set_xlabel("1 − specificity")
        axes.set_ylabel("sensitivity")
        return inline(figure, name, told)


def reliability_plot(bins: Sequence[ReliabilityBin], look: str, name: str, told: str) -> str:
    """Draw how often answers of a confidence are right, and how many there are of each.

    Args:
        bins: By ascending confidence.
        look: ``unpruned`` or ``chosen``.
        name: Of the drawing.
        told: What there is to see.
    """
    from matplotlib.figure import Figure

    confidence = [one.confidence for one in bins]
    accuracy = [one.accuracy for one in bins]
    # A bin is never empty, so its interval has ends.
    low = [one.accuracy - (one.low or 0.0) for one in bins]
    high = [(one.high or 0.0) - one.accuracy for one in bins]
    with drawing():
        figure = Figure(figsize=(3.6, 4.5))
        axes = figure.add_axes((0.165, 0.328, 0.815, 0.652))
        axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=0.8)
        axes.errorbar(
            confidence,
            accuracy,
            yerr=[low, high],
            color=COLOURS[look],
            linestyle="none",
            marker="o",
            markersize=5.5,
            markerfacecolor="white" if look == "unpruned" else COLOURS[look],
            markeredgewidth=1.5,
            elinewidth=1.3,
        )
        _square(axes)
        axes.set_xticklabels([])
        axes.set_ylabel("share answered rightly")
        below = figure.add_axes((0.165, 0.108, 0.815, 0.16))
        below.vlines(confidence, 0, [one.count for one in bins], COLOURS[look], linewidth=4)
        below.set_xlim(-0.02, 1.02)
        below.set_ylim(0, 1.25 * max(one.count for one in bins))
        below.locator_params(axis="y", nbins=2, integer=True)
        below.set_xlabel("confidence of the answer")
        below.set_ylabel("studies")
        return inline(figure, name, told)


def _square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
