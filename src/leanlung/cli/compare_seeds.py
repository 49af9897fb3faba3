"""``leanlung compare`` of several seeds: two folders of predictions, or two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leanlung.cli.junit import Case, write_junit
from leanlung.cli.speaking import NOT_SHOWN, answer_json, answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics import Aggregated, Predictions, SeedsComparison


def predictions_by_seed(path: Path, data: Path | None) -> dict[str, Predictions]:
    """Get predictions from whatever was given, each under the name of its seed.

    Args:
        path: A predictions CSV, a folder of such tables and nothing else, a run, or a bundle.
        data: Labelled images, for a bundle.

    Returns:
        One entry for a table or a bundle; of a folder by file name, of a run by seed.
    """
    from leanlung.statistics import read_predictions

    if not path.is_dir():
        return {path.stem: read_predictions(path)}
    inside = sorted(path.iterdir())
    if inside and all(one.suffix == ".csv" and one.is_file() for one in inside):
        return {one.stem: read_predictions(one, model=path.name) for one in inside}
    from leanlung.runs import sources

    return sources.predictions_by_seed(path, data)


def compare_several(
    baselines: Mapping[str, Predictions],
    candidates: Mapping[str, Predictions],
    metric: str,
    *,
    margin: float,
    level: float,
    resamples: int,
    seed: int,
    junit: Path | None,
    as_json: bool,
    aggregated: Sequence[Aggregated] = (),
) -> None:
    """Compare several seeds and say what came out.

    Args:
        baselines: By the name of the seed.
        candidates: By the same names; either may have a single entry.
        metric: Of the verdict.
        margin: Largest mean loss that is accepted, in (0, 1).
        level: Of the intervals.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        junit: Where to write the verdict as a test case.
        as_json: Whether to answer as JSON.
        aggregated: How rows a patient came about, if they did; told in JSON.

    Raises:
        typer.Exit: With code 4 if non-inferiority is not shown.
    """
    from leanlung.statistics import (
        compare_seeds,
        metrics_elsewhere,
        seeds_sentence,
        sentence,
    )

    classes = next(iter(baselines.values())).classes
    found, *elsewhere = compare_seeds(
        baselines,
        candidates,
        [metric, *metrics_elsewhere(metric, classes)],
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    told = f"{sentence(found.comparison, [one.comparison for one in elsewhere])}"
    told = f"{told} {seeds_sentence(found)}"
    if junit is not None:
        comparison = found.comparison
        case = Case(
            f"{comparison.metric} within {comparison.margin:g}",
            f"{comparison.candidate.name} against {comparison.baseline.name}",
            "" if comparison.verdict == "non_inferior" else told,
            told,
        )
        write_junit(junit, "leanlung compare", [case])
    if as_json:
        more = {"elsewhere": [one.as_dict() for one in elsewhere], "sentence": told}
        patients = {"per_patient": [one.as_dict() for one in aggregated]} if aggregated else {}
        answer_json(found.as_dict() | more | patients)
    else:
        _tell(found, told)
    if found.comparison.verdict != "non_inferior":
        raise typer.Exit(NOT_SHOWN)


def _tell(found: SeedsComparison, told: str) -> None:
    from rich.table import Table

    comparison = found.comparison
    table = Table(box=None, pad_edge=False)
    table.add_column("seed")
    for heading in ("A", "B", "B - A"):
        table.add_column(heading, justify="right")
    means = (comparison.baseline, comparison.candidate, comparison.difference)
    for one in found.by_seed:
        table.add_row(one.seed, *_cells([one.baseline, one.candidate, one.difference]))
    table.add_row("mean", *_cells([mean.value for mean in means]))
    table.add_row("low", *_cells([mean.low for mean in means]))
    table.add_row("high", *_cells([mean.high for mean in means]))
    console = answers()
    console.print(
        f"{comparison.metric}: A {comparison.baseline.name}, B {comparison.candidate.name}"
    )
    console.print(table)
    difference = comparison.difference
    console.print(f"{difference.studies} studies of {difference.patients} patients")
    console.print(f"verdict: {comparison.verdict}", style="bold")
    console.print(told)


def _cells(values: Sequence[float | None]) -> list[str]:
    """Write A, B and their difference, which carries its sign."""
    formats = (".4f", ".4f", "+.4f")
    return ["–" if v is None else format(v, f) for v, f in zip(values, formats, strict=True)]
