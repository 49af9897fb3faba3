"""The page of a series: its tables beside the source's, its curves, what fixed the choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.cautions import as_published, made_up, source_tells
from leanlung.reports.cohort import data_flow, openings_table, source_class_table
from leanlung.reports.rendering import template
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.series_attention import attention_section
from leanlung.reports.series_beyond import (
    against_table,
    baseline_table,
    curve_table,
    ranking_table,
    sensitivity_table,
    source_table,
    weights_table,
)
from leanlung.reports.series_lungs import lungs_section
from leanlung.reports.series_plots import pruning_curves
from leanlung.reports.series_tables import (
    COMBINERS,
    ensemble_table,
    network_table,
    pruned_table,
)
from leanlung.reports.settings import as_toml, environment_rows
from leanlung.reports.tables import Table, heads, label, number, words
from leanlung.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class SeriesFacts:
    """What a series has to tell: JSON values, all of them on disk.

    Attributes:
        run: Name of its folder.
        series: With all defaults and changes.
        data: As in ``data.json``.
        results: As in ``results.json``.
        environment: As in ``environment.json``.
        openings: Of the test part, oldest first.
        runs: Where each run lies, by stage and network.
        not_repeated: What the source did and an as-published series does not; may be empty.
        figures: Where networks look; empty if nobody asked.
    """

    run: str
    series: Mapping[str, Any]
    data: Mapping[str, Any]
    results: Mapping[str, Any]
    environment: Mapping[str, Any]
    openings: Sequence[Mapping[str, Any]]
    runs: Mapping[str, str]
    not_repeated: str = ""
    figures: Sequence[AttentionFigure] = field(default_factory=tuple)


@dataclass(frozen=True)
class AttentionFigure:
    """Where one network looks on one film.

    Attributes:
        title: Of film and network.
        source: The picture, as a data URI.
        told: What there is to see.
    """

    title: str
    source: str
    told: str


@dataclass(frozen=True)
class TaskSections:
    """What the page tells of one task.

    Attributes:
        name: Of the task.
        about: One sentence.
        networks: Its whole networks, as Table IV.
        curve: Pruning curves; empty where nothing is pruned.
        legend: Which line is which network.
        rounds: Every candidate, a table a network.
        pruned: Whole and pruned networks, as Table VI; None where nothing is pruned.
        verdicts: A sentence a network.
        ensembles: As Tables V and VII; empty where there are none.
        against: Each ensemble against its best member; None where there are none.
        weights: That were fixed; None where there are none.
        sensitivity: Class by class.
        by_source: Accuracy within every source.
        sources: Sources beside classes, of the test part.
    """

    name: str
    about: str
    networks: Table
    curve: str
    legend: tuple[str, ...]
    rounds: tuple[Table, ...]
    pruned: Table | None
    verdicts: tuple[tuple[str, str], ...]
    ensembles: tuple[Table, ...]
    against: Table | None
    weights: Table | None
    sensitivity: Table
    by_source: Table
    sources: Table


def render_series(facts: SeriesFacts) -> str:
    """Draw the page.

    Args:
        facts: Of a series. The same facts give the same page, byte for byte.

    Returns:
        One HTML page that needs no other file, no network and no script; it links to the pages
        of the runs, which lie below it.
    """
    results, series = facts.results, facts.series
    published = results["published"]
    names = {name: one["published_as"] for name, one in results["networks"].items()}
    tasks = [_task(task, names, published) for task in results["tasks"]]
    stamps = [
        one
        for one in (as_published(results["as_published"]), made_up(facts.data))
        if one is not None
    ]
    return template("series.html.j2").render(
        facts=facts,
        series=series,
        stamps=stamps,
        flawed=bool(results["as_published"]),
        told=_told(results),
        cautious=_cautious(results),
        ranking=ranking_table(results["top"]),
        pretrain=network_table(
            "Pre-training: normal against abnormal",
            results["pretrain"]["rows"],
            names,
            published.get("table_3", {}),
        ),
        tasks=tasks,
        baselines=baseline_table(results),
        attention=attention_section(results.get("attention")),
        data=data_flow(facts.data),
        lungs=lungs_section(facts.data),
        archives=_archives(facts.data["archives"]),
        overlaps=_overlaps(facts.data["overlaps"]),
        openings=openings_table(facts.openings),
        runs=facts.runs,
        settings=as_toml(series),
        made_with=environment_rows(facts.environment),
    )


def _task(
    task: Mapping[str, Any], names: Mapping[str, str], published: Mapping[str, Any]
) -> TaskSections:
    name, rows = task["name"], task["rows"]
    pruned = task["pruned"]
    whole = {network: row["models"][UNPRUNED] for network, row in rows.items()}
    by_kind = {
        kind: [one for one in task["ensembles"] if one["members"] == kind]
        for kind in (UNPRUNED, "pruned")
    }
    tables = [
        ensemble_table(caption, found, published.get(table, {}))
        for caption, found, table in (
            ("Ensembles of the whole networks", by_kind[UNPRUNED], "table_5"),
            ("Ensembles of the pruned networks", by_kind["pruned"], "table_7"),
        )
        if found
    ]
    return TaskSections(
        name=name,
        about=task["about"],
        networks=network_table(
            f"Whole networks: {name}", whole, names, published.get(task["published_table"], {})
        ),
        curve=pruning_curves(task, f"curves-{name}") if pruned else "",
        legend=tuple(f"{place}: {network}" for place, network in enumerate(rows, start=1)),
        rounds=tuple(curve_table(n, row, task["metric"]) for n, row in rows.items())
        if pruned
        else (),
        pruned=pruned_table(
            f"Whole and pruned networks: {name}", rows, names, published.get("table_6", {})
        )
        if pruned
        else None,
        verdicts=tuple((network, row["sentence"]) for network, row in rows.items())
        if pruned
        else (),
        ensembles=tuple(tables),
        against=against_table(task["ensembles"]) if task["ensembles"] else None,
        weights=weights_table(task["weights"]),
        sensitivity=sensitivity_table(task),
        by_source=source_table(task),
        sources=source_class_table(task["confounding"], task["classes"], "The test part"),
    )


def _told(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in a few sentences what came out; no figure without its interval."""
    found = [f"Going on after the pre-training: {numbers.listed(results['top']['chosen'])}."]
    for task in results["tasks"]:
        for network, row in task["rows"].items():
            if task["pruned"]:
                found.append(f"{task['name']}, {network}: {row['sentence']}")
        for one in task["ensembles"]:
            verdict = Comparison.from_dict(one["against_best_member"])
            if one["members"] == "pruned" and one["combiner"] == "weighted":
                value, interval = numbers.estimate(verdict.difference)
                accuracy = next(e for e in one["estimates"] if e["name"] == "accuracy")
                reached, its = numbers.estimate(Estimate.from_dict(accuracy))
                found.append(
                    f"{task['name']}, {COMBINERS['weighted'][0]} of the pruned networks: "
                    f"accuracy {reached} {its}; {numbers.metric(verdict.metric)} {value} "
                    f"{interval} against {one['best_member']}, its best member on validation."
                )
    return tuple(found)


def _cautious(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the tasks in which the source of an image tells its class."""
    return tuple(
        f"{task['name']}: whoever knew the source alone would answer "
        f"{numbers.percent(task['confounding']['told_by_source'])} of the test studies rightly"
        for task in results["tasks"]
        if source_tells(task["confounding"])
    )


def _archives(archives: Sequence[Mapping[str, Any]]) -> Table | None:
    if not archives:
        return None
    return Table(
        "Archives",
        heads("", "", "studies", labels=2),
        tuple(
            (
                label(one["name"]),
                words("read" if one["state"] == "read" else one["told"]),
                number(numbers.count(one["studies"])),
            )
            for one in archives
        ),
    )


def _overlaps(overlaps: Sequence[Mapping[str, Any]]) -> Table | None:
    """Tell what each stage learns from and another is judged on; None where nobody looked."""
    rows = tuple(
        (
            label(f"{one['learns']} learns"),
            words(f"{one['judged']}, {one['part']} part"),
            number(numbers.count(one["patients"])),
            number(numbers.count(one["shared"]), strong=bool(one["shared"])),
            number(numbers.count(one["alike"]), strong=bool(one["alike"])),
        )
        for one in overlaps
    )
    if not rows:
        return None
    return Table(
        "Patients on both sides",
        heads(
            "", "is judged on", "patients there", "of them learnt from", "pairs alike", labels=2
        ),
        rows,
    )
