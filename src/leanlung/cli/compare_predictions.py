"""``leanlung compare A B``: two models on the same studies, by one metric or several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leanlung.cli.compare_groups import groups_json, tell_groups
from leanlung.cli.junit import Case, write_junit
from leanlung.cli.speaking import NOT_SHOWN, answer_json, answers
from leanlung.foundations.errors import LeanlungError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics import Aggregated, Comparison, Evidence, Predictions, Weighed
    from leanlung.statistics.groups import GroupTable


def compare_predictions(
    baseline: Predictions,
    candidate: Predictions,
    *,
    metrics: Sequence[str],
    margins: Sequence[float],
    level: float,
    resamples: int,
    seed: int,
    thresholds: Sequence[str],
    validation: tuple[Predictions, Predictions] | None,
    equivalence: bool,
    groups: GroupTable | None,
    junit: Path | None,
    as_json: bool,
    aggregated: Sequence[Aggregated] = (),
) -> None:
    """Compare two sets of predictions and say what came out.

    Args:
        baseline: Of A.
        candidate: Of B.
        metrics: One or more; the first is the primary one.
        margins: One for all metrics or one for each.
        level: Of the two-sided intervals.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        thresholds: As `read_thresholds` takes them.
        validation: Predictions of both models on other studies, to choose thresholds on.
        equivalence: Whether equivalence is asked for.
        groups: The same within groups of studies, if asked for; they change no exit code.
        junit: Where to write the verdicts as test cases.
        as_json: Whether to answer as JSON.
        aggregated: How rows a patient came about, if they did; told in JSON.

    Raises:
        UsageError: If a threshold cannot be read.
        typer.Exit: With code 4 if what was asked is not shown by every metric.
    """
    from leanlung.cli.thresholds import read_thresholds
    from leanlung.statistics import (
        Frozen,
        largest_change,
        metrics_elsewhere,
        sentence,
        weigh,
    )

    given = read_thresholds(thresholds)
    elsewhere = metrics_elsewhere(metrics[0], baseline.classes)
    weighed = weigh(
        baseline,
        candidate,
        metrics,
        margins=margins,
        level=level,
        resamples=resamples,
        seed=seed,
        frozen=Frozen(given, validation),
        equivalence=equivalence,
        elsewhere=[name for name in elsewhere if name not in metrics],
    )
    told = [
        sentence(one.comparison, () if place else weighed.elsewhere)
        for place, one in enumerate(weighed.evidence)
    ]
    change = largest_change(baseline, candidate)
    if junit is not None:
        write_junit(junit, "leanlung compare", _cases(weighed, told))
    if as_json:
        patients = {"per_patient": [one.as_dict() for one in aggregated]} if aggregated else {}
        answer = as_answer(weighed, told) | {"largest_change": change}
        answer_json(answer | groups_json(groups) | patients)
    else:
        _tell(weighed.evidence, told)
        if change is not None:
            answers().print(
                f"every study is answered alike; largest change of a probability: {change:.1e}"
            )
        if groups is not None:
            tell_groups(groups)
    if not weighed.shown:
        raise typer.Exit(NOT_SHOWN)


def as_answer(weighed: Weighed, told: Sequence[str]) -> dict[str, object]:
    """Give the answer for programs: the primary comparison, its evidence, and all others."""

    def entries(one: Evidence, sentence: str) -> dict[str, object]:
        return one.comparison.as_dict() | {"evidence": one.as_dict(), "sentence": sentence}

    primary, *others = (
        entries(one, line) for one, line in zip(weighed.evidence, told, strict=True)
    )
    return primary | {
        "others": others,
        "elsewhere": [one.as_dict() for one in weighed.elsewhere],
        "shown": weighed.shown,
    }


def require_numbers(
    metrics: Sequence[str], margins: Sequence[float], level: float, resamples: int
) -> None:
    """Refuse numbers that are no use before any file is read.

    Raises:
        UsageError: If a margin, the level or the resamples are out of range.
    """
    from leanlung.statistics.bootstrap import require_resamples
    from leanlung.statistics.comparison import require_margin
    from leanlung.statistics.estimate import require_level

    try:
        for margin in margins:
            require_margin(margin)
        require_level(level)
        require_resamples(resamples, 1.0 - (1.0 - level) / len(metrics))
    except LeanlungError as error:
        raise UsageError(str(error)) from None
    if len(margins) not in (1, len(metrics)) or len(set(metrics)) < len(metrics):
        msg = (
            f"{len(margins)} margins for the metrics {list(metrics)}; give every metric once, "
            "and one --margin for all or one for each in the same order"
        )
        raise UsageError(msg)


def predictions_from(path: Path, data: Path | None) -> Predictions:
    """Get predictions from whatever was given; a CSV file needs no torch."""
    from leanlung.statistics import read_predictions

    if not path.is_dir():
        return read_predictions(path)
    from leanlung.runs.sources import predictions_of

    return predictions_of(path, data)


def _cases(weighed: Weighed, told: Sequence[str]) -> list[Case]:
    return [
        Case(
            f"{one.comparison.metric} within {one.comparison.margin:g}",
            f"{one.comparison.candidate.name} against {one.comparison.baseline.name}",
            "" if one.shown else line,
            "\n".join([line, *one.lines()]),
        )
        for one, line in zip(weighed.evidence, told, strict=True)
    ]


def _tell(evidence: Sequence[Evidence], told: Sequence[str]) -> None:
    console = answers()
    for one, line in zip(evidence, told, strict=True):
        _table(one.comparison)
        console.print(f"verdict: {one.comparison.verdict}", style="bold")
        console.print(line)
        for more in one.lines():
            console.print(more)
        if len(evidence) > 1:
            console.print()


def _table(comparison: Comparison) -> None:
    from rich.table import Table

    table = Table(box=None)
    for heading in ("", comparison.metric, "interval", "method"):
        table.add_column(heading)
    for name, one in (
        (f"A  {comparison.baseline.name}", comparison.baseline),
        (f"B  {comparison.candidate.name}", comparison.candidate),
        ("B - A", comparison.difference),
    ):
        sign = "+" if name == "B - A" else ""
        value, low, high = (
            "–" if number is None else f"{number:{sign}.4f}"
            for number in (one.value, one.low, one.high)
        )
        table.add_row(name, value, f"[{low}, {high}]", one.method)
    console = answers()
    console.print(table)
    difference = comparison.difference
    console.print(f"{difference.studies} studies of {difference.patients} patients")
