"""The table and the plot, from the rows that the opening wrote."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import matplotlib as mpl
from benchmarks.equal_budget.opening import mean_and_spread

from leanlung.foundations.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

mpl.use("svg")

WHOLE = ("unpruned", "control")

Points = dict[str, dict[int, list[dict[str, str]]]]


def draw(results: Path, plot: Path) -> str:
    """Draw macro AUC and accuracy against remaining MACs; give the table as Markdown."""
    from matplotlib import pyplot

    points = _points(results)
    figure, places = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for place, metric in zip(places, ("test_macro_auc", "test_accuracy"), strict=True):
        start = points["unpruned"][0]
        for number, (way, rounds) in enumerate(_by_last(points, metric)):
            path = [start, *(rounds[key] for key in sorted(rounds))]
            macs = [_mean(rows, "macs") / 1e6 for rows in path]
            style = "--" if way.startswith("tp-") else "-"
            place.plot(
                macs,
                [_mean(rows, metric) for rows in path],
                style,
                marker="os^vDPX*<>"[number % 10],
                markersize=4,
                linewidth=1.2,
                color=pyplot.get_cmap("tab20")(number % 20),
                label=way,
            )
        place.set_xlabel("million MACs an image")
        place.set_ylabel(metric.removeprefix("test_").replace("_", " "))
        place.grid(alpha=0.3)
    places[1].legend(fontsize=7, loc="lower right")
    mpl.rcParams["svg.hashsalt"] = "equal-budget"
    figure.savefig(plot, metadata={"Date": None})
    return _markdown(points)


def _points(results: Path) -> Points:
    points: Points = defaultdict(lambda: defaultdict(list))
    for row in read_table(results):
        points[row["way"]][int(row["round"])].append(row)
    return points


def _by_last(points: Points, metric: str):
    """Give all ways but the unpruned network, the best at their last round first."""
    ways = [
        (way, rounds) for way, rounds in points.items() if way not in {"unpruned", "control"}
    ]
    return sorted(ways, key=lambda found: -_mean(found[1][max(found[1])], metric))


def _mean(rows: list[dict[str, str]], column: str) -> float:
    return mean_and_spread([float(row[column]) for row in rows])[0]


def _told(rows: list[dict[str, str]], column: str) -> str:
    mean, spread = mean_and_spread([float(row[column]) for row in rows])
    return f"{mean:.3f} ± {spread:.3f}"


def _lost(points: Points, rows: list[dict[str, str]], column: str) -> str:
    """Give the mean change against the unpruned network of the same seed."""
    before = {row["seed"]: float(row[column]) for row in points["unpruned"][0]}
    changes = [{"change": str(float(row[column]) - before[row["seed"]])} for row in rows]
    return f"{_mean(changes, 'change'):+.3f}"


def _markdown(points: Points) -> str:
    lines = [
        "| way | seeds | parameters | M MACs | macro AUC | change | on validation | accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    named = [(name, points[name]) for name in WHOLE if name in points]
    for way, rounds in [*named, *_by_last(points, "test_macro_auc")]:
        for number in sorted(rounds):
            rows = rounds[number]
            lines.append(
                f"| {way} | {len(rows)} | {_mean(rows, 'parameters'):,.0f} "
                f"| {_mean(rows, 'macs') / 1e6:.1f} | {_told(rows, 'test_macro_auc')} "
                f"| {_lost(points, rows, 'test_macro_auc')} "
                f"| {_lost(points, rows, 'validation_macro_auc')} "
                f"| {_told(rows, 'test_accuracy')} |"
            )
    return "\n".join(lines)
