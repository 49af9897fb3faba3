"""The last stage: tables and the report, from what is on disk alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.files import write_text
from leanlung.foundations.tables import write_table
from leanlung.reports import ReportFacts, SeedFacts, films_wanted, render
from leanlung.runs.environment import environments, together
from leanlung.runs.evidence_tables import COLUMNS, evidence_rows
from leanlung.runs.folder import TRAINING, RunFolder
from leanlung.runs.records import read_record
from leanlung.runs.results import results_of
from leanlung.runs.thumbnails import thumbnails
from leanlung.statistics import read_predictions
from leanlung.studies.seal import read_openings, unreadable_lines

if TYPE_CHECKING:
    from pathlib import Path

_ESTIMATE = ["value", "low", "high", "level", "method", "studies", "patients"]


def write_report(folder: RunFolder) -> None:
    """Write ``tables/*.csv``, small pictures and ``report.html`` of a run.

    Args:
        folder: Of a run whose metrics are there; its audit and external data are told where
            they are there too.
    """
    results = results_of(folder)
    _write_tables(folder, results)
    write_text(folder.report, render(_facts(folder, results)))


def draw_again(path: Path) -> Path | None:
    """Draw the report of a run again, as after an audit.

    Args:
        path: Of a run.

    Returns:
        The report; None where the path is no finished run.
    """
    folder = RunFolder(path)
    if not (folder.metrics.is_file() and folder.resolved.is_file()):
        return None
    write_report(folder)
    return folder.report


def _facts(folder: RunFolder, results: dict[str, Any]) -> ReportFacts:
    recipe = read_record(folder.resolved)
    seeds = []
    for seed, measured in results["seeds"].items():
        here = folder.seed(int(seed)).evaluate
        names = ("unpruned", measured["chosen"])
        unpruned, chosen = (
            read_predictions(here / f"predictions-{name}-test.csv", model=name)
            for name in names
        )
        learnt = tuple(here / TRAINING.format(name=name) for name in names)
        parts = None
        if all(path.is_file() for path in learnt):
            parts = (
                read_predictions(learnt[0], model=names[0]),
                read_predictions(learnt[1], model=names[1]),
            )
        seeds.append(SeedFacts(int(seed), measured, unpruned, chosen, parts))
    shown = recipe.get("report", {}).get("films", True)  # not in recipes of early versions
    films = thumbnails(folder, films_wanted(results)) if shown else None
    return ReportFacts(
        run=folder.path.name,
        recipe=recipe,
        data=read_record(folder.data),
        environment=together(environments(folder)),
        openings=read_openings(folder.openings),
        unreadable=unreadable_lines(folder.openings),
        seeds=tuple(seeds),
        exemplars=results.get("exemplars"),
        audit=_beside(folder.audit, "leanlung audit"),
        external=_beside(folder.external, "leanlung evaluate --external"),
        films=films,
    )


def _beside(path: Path, command: str) -> dict[str, Any] | None:
    """Read what a command of its own left in the run, if it did."""
    if not path.is_file():
        return None
    return read_record(path, anew=f"delete it, or write it anew with `{command}`")


def _write_tables(folder: RunFolder, results: dict[str, Any]) -> None:
    estimates, sizes, sources, curve = [], [], [], []
    for seed, measured in results["seeds"].items():
        for model, found in measured["models"].items():
            whose = {"seed": seed, "model": model}
            sizes.append({**whose, **found["size"]})
            estimates += [
                {**whose, "metric": one["name"], **_only(one)} for one in found["estimates"]
            ]
            sources += [
                {**whose, "source": source, **_only(one)}
                for source, one in found["accuracy_by_source"].items()
            ]
        curve += [
            {
                "seed": seed,
                "round": one["round"],
                **{k: one["size"][k] for k in ("stored", "macs")},
                **one["validation"],
            }
            for one in measured["candidates"]
        ]
    for name, rows in (
        ("estimates", estimates),
        ("sizes", sizes),
        ("accuracy-by-source", sources),
        ("validation-curve", curve),
    ):
        write_table(folder.tables / f"{name}.csv", list(rows[0]), rows)
    for name, further in evidence_rows(results).items():
        write_table(folder.tables / f"{name}.csv", COLUMNS[name], further)


def _only(estimate: dict[str, Any]) -> dict[str, Any]:
    return {key: estimate[key] for key in _ESTIMATE}
