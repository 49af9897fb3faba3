"""A paper at a glance: a line a variant, and what each step of its method took or lost."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.reports.variants_tables import CHOSEN, comparison_of
from leanlung.reports.verdict import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STEPS = ("fitted", "without", "reduced")


def glance_table(results: Mapping[str, Any]) -> Table | None:
    """Give a line a variant: what was fitted, what is left, and whether anything was lost.

    What repeats flaws beside a sound variant has no verdict and no line.
    """
    told = [row for row in results["variants"].values() if "beside" not in row]
    if not told:
        return None
    of, margins, levels = (
        ", ".join(dict.fromkeys(found))
        for found in (
            [numbers.metric(row["metric"]) for row in told],
            [numbers.plain(row["margin"]) for row in told],
            [numbers.plain(100 * row["level"]) for row in told],
        )
    )
    return Table(
        f"Fitted and reduced, {of} on the test part",
        heads("", "verdict", "difference", "parameters left", "fitted", "reduced", labels=2),
        tuple(_glance(row) for row in told),
        notes=(
            ("", f"{levels} % intervals over patients, and over seeds where there are "
                 f"several. Non-inferior: a loss beyond the margin of {margins} is ruled out. "
                 "Inconclusive: it is not."),
        ),
    )  # fmt: skip


def _glance(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    name = row["name"]
    count = numbers.counted(len(row["seeds"]), "seed", "seeds")
    left = row["mean"][CHOSEN]["share"]
    share = number(numbers.percent(left["mean"]))
    change = row["change"]
    if change is None or not change["over_patients"]:
        figures = row["mean"][UNPRUNED]["figures"][row["metric"]]
        verdict = words(WORDS["kept"] if change is None else change["told"])
        dash = number(numbers.NOTHING)
        return (label(name, count), verdict, dash, share,
                number(numbers.share(figures["mean"])), dash)  # fmt: skip
    found = comparison_of(change["over_patients"][0])
    high = found.difference.high
    likely = found.verdict == "inconclusive" and high is not None and high < 0
    return (
        label(name, count),
        Cell(WORDS[found.verdict], "but a loss is likely" if likely else "", kind="words"),
        figure(found.difference),
        share,
        figure(found.baseline),
        figure(found.candidate),
    )


def constants_table(results: Mapping[str, Any]) -> Table | None:
    """Give what left without a loss, with its proof, and the step of the method that lost.

    Returns:
        A line a variant that reads features; None if none does.
    """
    found = {
        name: [one["constants"] for one in row["seeds"].values() if one.get("constants")]
        for name, row in results["variants"].items()
    }
    rows = [_constants(name, seeds) for name, seeds in found.items() if seeds]
    if not rows:
        return None
    first = next(seeds[0] for seeds in found.values() if seeds)
    of = numbers.metric(first["metric"])
    return Table(
        "Units that never vary, taken out first",
        heads("", "units", "parameters left", "largest change of a logit",
              f"{of} on validation: fitted", "without them", "features and classifier"),
        tuple(rows),
        notes=(
            ("", "Relative to the largest logit of the film, in single and in double "
                 "precision, the worst of all training films and seeds; it is undone beyond "
                 f"{first['tolerance']:.0e}."),
            ("", "Validation has chosen the number of features, so that its last figures "
                 "flatter; the test part stands above."),
        ),
    )  # fmt: skip


def _constants(name: str, seeds: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    shares = [one["share"] for one in seeds]
    single, double = (max(one[kind] for one in seeds) for kind in ("float32", "float64"))
    return (
        label(name, numbers.counted(len(seeds), "seed", "seeds")),
        Cell(
            numbers.count(round(fmean(one["left"] for one in seeds))),
            f"of {numbers.count(seeds[0]['units'])}",
        ),
        Cell(
            numbers.percent(fmean(shares)),
            _deviation([100 * one for one in shares], "{:.1f} %"),
        ),
        Cell(_change(single), _change(double)),
        *(
            Cell(numbers.share(fmean(values)), _deviation(values, "{:.3f}"))
            for values in ([one["validation"][step] for one in seeds] for step in _STEPS)
        ),
    )


def _deviation(values: Sequence[float], pattern: str) -> str:
    return f"sd {pattern.format(stdev(values))}" if len(values) > 1 else ""


def _change(value: float) -> str:
    return f"{value:.1e}" if value else "0"
