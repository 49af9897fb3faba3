"""``leanlung flips``: the very cases that a smaller model newly gets wrong or right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import LeanlungError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics import Predictions
    from leanlung.statistics.flips import Flips

SHOWN = 20
"""Cases printed; all are in the table of ``--out`` and in ``--json``."""


def flips(
    a: Annotated[Path, typer.Argument(help="The baseline: predictions CSV, run or bundle.")],
    b: Annotated[
        Path | None,
        typer.Argument(help="The candidate; not given, A is a run: unpruned and chosen."),
    ] = None,
    healthy: Annotated[
        str, typer.Option(help="The class that is no disease.", show_default="normal, if any")
    ] = "",
    level: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    manifest: Annotated[
        Path | None, typer.Option(help="A table that tells the image of each study.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Labelled images, if A or B is a bundle.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A CSV file for all cases.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """List the cases that changed sides, newly missed disease first."""
    from leanlung.foundations.tables import write_table
    from leanlung.statistics.estimate import require_level
    from leanlung.statistics.flips import flips as find_flips

    try:
        require_level(level)
    except LeanlungError as error:
        raise UsageError(str(error)) from None
    baseline, candidate = _pair(a, b, data)
    notes = _notes([path for path in (a, b) if path is not None])
    found = find_flips(baseline, candidate, healthy=healthy, level=level)
    images = _images(manifest)
    cases = [_told(case.as_dict(), images) for case in found.cases]
    if out is not None:
        rows = [
            {
                key: "; ".join(cell) if isinstance(cell, list) else cell
                for key, cell in case.items()
            }
            for case in cases
        ]
        write_table(out, COLUMNS, rows)
    if as_json:
        answer_json(found.as_dict() | {"cases": cases, "notes": notes})
    else:
        _tell(found, cases, out)
        for note in notes:
            asides().print(f"note: {note}", soft_wrap=True)


COLUMNS = (
    "study_id", "patient_id", "label", "before", "after", "direction", "missed",
    "share_before", "share_after", "change", "other_studies", "image", "other_images",
)  # fmt: skip
"""Of the table of cases."""


def _pair(a: Path, b: Path | None, data: Path | None) -> tuple[Predictions, Predictions]:
    if b is not None:
        return _predictions(a, data), _predictions(b, data)
    if not a.is_dir():
        msg = f"{a}: give A and B, two to compare, or one run alone"
        raise UsageError(msg)
    from leanlung.runs.sources import pair_of

    return pair_of(a)


def _predictions(path: Path, data: Path | None) -> Predictions:
    from leanlung.statistics import read_predictions

    if not path.is_dir():
        return read_predictions(path)
    from leanlung.runs.sources import predictions_of

    return predictions_of(path, data)


def _notes(paths: Sequence[Path]) -> list[str]:
    """Say of which seed a run's networks are, where it has several."""
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        return []  # a CSV file needs no torch
    from leanlung.runs.sources import one_seed_note

    return [note for path in folders if (note := one_seed_note(path))]


def _images(manifest: Path | None) -> dict[str, str]:
    if manifest is None:
        return {}
    from leanlung.foundations.tables import read_table

    rows = read_table(manifest)
    if rows and "image_path" not in rows[0]:
        msg = f"{manifest}: no column 'image_path' among {list(rows[0])}"
        raise UsageError(msg)
    return {row.get("study_id") or row["image_path"]: row["image_path"] for row in rows}


def _told(case: dict[str, Any], images: dict[str, str]) -> dict[str, Any]:
    return case | {
        "image": images.get(case["study_id"], ""),
        "other_images": [images.get(name, "") for name in case["other_studies"]],
    }


def _tell(found: Flips, cases: list[dict[str, Any]], out: Path | None) -> None:
    from rich.table import Table

    console = answers(uncut=True)
    counts = Table(box=None)
    for heading in ("class", "studies", "newly wrong", "newly right", "newly missed", "p"):
        counts.add_column(heading, justify="left" if heading == "class" else "right")
    for one in found.counts:
        missed = "–" if found.healthy is None else f"{one.missed}"
        numbers = (one.studies, one.newly_wrong, one.newly_right)
        counts.add_row(one.of_class, *map(str, numbers), missed, f"{one.p:.3g}")
    console.print(counts)
    every = found.counts[0]
    console.print(
        f"{every.patients_worse} patients worse off, {every.patients_better} better "
        f"({every.method})"
    )
    if found.healthy is None:
        console.print("no class is called normal: name the healthy one with --healthy")
    table = Table(box=None)
    for heading in ("study", "patient", "true", "A", "B", "p(true)", ""):
        table.add_column(heading, overflow="fold")
    for case in cases[:SHOWN]:
        table.add_row(
            case["study_id"],
            case["patient_id"],
            case["label"],
            case["before"],
            case["after"],
            f"{case['share_before']:.3f} → {case['share_after']:.3f}",
            "missed" if case["missed"] else case["direction"].replace("_", " "),
        )
    if cases:
        console.print(table)
    if len(cases) > SHOWN and out is None:
        console.print(f"{len(cases) - SHOWN} more: --out flips.csv writes them all")
