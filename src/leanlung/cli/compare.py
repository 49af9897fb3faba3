"""``leanlung compare``: is B as good as A on the same patients?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.speaking import NOT_SHOWN, answer_json, answers

if TYPE_CHECKING:
    from leanlung.statistics import Comparison, Predictions


def compare(
    a: Annotated[Path, typer.Argument(help="The baseline: predictions CSV, run or bundle.")],
    b: Annotated[Path, typer.Argument(help="The candidate, of the same kind or another.")],
    margin: Annotated[
        float, typer.Option(help="Largest loss that still counts as non-inferior.")
    ] = 0.02,
    metric: Annotated[str, typer.Option(help="See leanlung list metrics.")] = "macro_auc",
    level: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Labelled images, if A or B is a bundle.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Compare two models on the same studies: a paired difference and a verdict.

    Exit code 0 if B is non-inferior within the margin, 4 if that is not shown.
    """
    from leanlung.statistics import compare_all, metrics_elsewhere, sentence

    baseline, candidate = _predictions(a, data), _predictions(b, data)
    comparison, *elsewhere = compare_all(
        baseline,
        candidate,
        [metric, *metrics_elsewhere(metric, baseline.classes)],
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    told = sentence(comparison, elsewhere)
    if as_json:
        others = [one.as_dict() for one in elsewhere]
        answer_json(comparison.as_dict() | {"elsewhere": others, "sentence": told})
    else:
        _tell(comparison, told)
    if comparison.verdict != "non_inferior":
        raise typer.Exit(NOT_SHOWN)


def _predictions(path: Path, data: Path | None) -> Predictions:
    """Get predictions from whatever was given; a CSV file needs no torch."""
    from leanlung.statistics import read_predictions

    if not path.is_dir():
        return read_predictions(path)
    from leanlung.runs.sources import predictions_of

    return predictions_of(path, data)


def _tell(comparison: Comparison, told: str) -> None:
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
    console.print(f"verdict: {comparison.verdict}", style="bold")
    console.print(told)
