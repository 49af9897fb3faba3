"""What the source of a series does not tell: classes, sources, baselines, weights, rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.methods import level, marks_of, notes_of
from leanlung.reports.seeds import UNPRUNED, candidate_name
from leanlung.reports.series_tables import COMBINERS, estimates_of
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def against_table(ensembles: Sequence[Mapping[str, Any]]) -> Table:
    """Hold every ensemble against the member that was best on validation."""
    rows = []
    for one in ensembles:
        found = Comparison.from_dict(one["against_best_member"])
        name = COMBINERS[one["combiner"]][0]
        rows.append(
            (
                label(name, f"of {one['members']} networks"),
                words(one["best_member"]),
                figure(found.baseline),
                figure(found.candidate),
                figure(found.difference),
                words(found.verdict.replace("_", "-")),
            )
        )
    metric = numbers.metric(one["against_best_member"]["metric"])
    margin = numbers.plain(one["against_best_member"]["margin"])
    return Table(
        "Each ensemble against its best member",
        heads("", "best on validation", "member", "ensemble", "difference", "", labels=2),
        tuple(rows),
        notes=(
            ("", f"{metric} on the test part, paired; a loss of up to {margin} is accepted"),
        ),
    )


def weights_table(weights: Sequence[Mapping[str, Any]]) -> Table | None:
    """Give the weights that were fixed; None where no ensemble has any."""
    if not weights:
        return None
    networks = list(weights[0]["weights"])
    return Table(
        "Weights, fixed before the test part was opened",
        heads("", *networks),
        tuple(
            (
                label(COMBINERS[one["combiner"]][0], f"of {one['members']} networks"),
                *(number(f"{one['weights'][network]:.3f}") for network in networks),
            )
            for one in weights
        ),
    )


def sensitivity_table(task: Mapping[str, Any]) -> Table:
    """Give the sensitivity to every class, of every network and ensemble of a task."""
    classes = task["classes"]
    models = list(_models(task))
    picked = [
        [estimates_of(one)[f"sensitivity:{name}"] for name in classes] for _, _, one in models
    ]
    marks = marks_of([one for row in picked for one in row])
    return Table(
        f"Sensitivity class by class: {task['name']}",
        heads("", *classes),
        tuple(
            (label(name, kind), *(figure(one, marks[one.method]) for one in row))
            for (name, kind, _), row in zip(models, picked, strict=True)
        ),
        notes_of(level(picked[0]), marks),
    )


def source_table(task: Mapping[str, Any]) -> Table:
    """Give the accuracy within every source, of every network and ensemble of a task."""
    models = list(_models(task))
    sources = list(models[0][2]["accuracy_by_source"])
    picked = [
        [Estimate.from_dict(one["accuracy_by_source"][name]) for name in sources]
        for _, _, one in models
    ]
    marks = marks_of([one for row in picked for one in row])
    return Table(
        f"Accuracy within each source: {task['name']}",
        (
            *heads(""),
            *(
                Cell(f"{name} ({one.studies})")
                for name, one in zip(sources, picked[0], strict=True)
            ),
        ),
        tuple(
            (label(name, kind), *(figure(one, marks[one.method]) for one in row))
            for (name, kind, _), row in zip(models, picked, strict=True)
        ),
        notes_of(f"{level(picked[0])}; in brackets the studies of a source", marks),
    )


def baseline_table(results: Mapping[str, Any]) -> Table:
    """Hold every stage against answering always the commonest class, or from the source."""
    rows = []
    for stage in (
        {"name": "pretrain", **results["pretrain"]},
        *results["tasks"],
    ):
        majority = Estimate.from_dict(stage["majority"])
        told = stage["confounding"]
        networks = [
            row["models"][UNPRUNED] if "models" in row else row
            for row in stage["rows"].values()
        ]
        best = max((estimates_of(one)["accuracy"] for one in networks), key=_value)
        rows.append(
            (
                label(stage["name"], ", ".join(stage["classes"])),
                figure(majority),
                number(numbers.share(told["told_by_source"])),
                number(numbers.share(told["cramers_v"])),
                figure(best),
            )
        )
    return Table(
        "What no picture is needed for",
        heads(
            "",
            "always the commonest class",
            "told by the source alone",
            "Cramér’s V of source and class",
            "best whole network",
        ),
        tuple(rows),
        notes=(
            (
                "",
                "Accuracies on the test part. Where the source alone tells the class, a "
                "network may have learnt the source; the best of several is flattered.",
            ),
        ),
    )


def ranking_table(top: Mapping[str, Any]) -> Table:
    """Give the networks in the order in which they were ranked on the validation part."""
    metrics = list(top["ranking"][0]["validation"])
    return Table(
        "Networks on the validation part of the pre-training",
        heads("", *(numbers.metric(one) for one in metrics), "parameters"),
        tuple(
            (
                label(
                    one["network"],
                    "goes on" if one["network"] in top["chosen"] else "",
                    strong=one["network"] in top["chosen"],
                ),
                *(number(numbers.share(one["validation"][name])) for name in metrics),
                number(numbers.count(one["parameters"])),
            )
            for one in top["ranking"]
        ),
        notes=(("", f"Chosen: {top['reason']}."),),
    )


def curve_table(network: str, row: Mapping[str, Any], metric: str) -> Table:
    """List all candidates of a network, as the choice saw them."""
    whole = row["candidates"][0]["size"]["stored"]
    names = list(row["candidates"][0]["validation"])
    rows = []
    for one in row["candidates"]:
        name = candidate_name(one["round"])
        strong = name == row["chosen"]
        rows.append(
            (
                label(name, "chosen" if strong else "", strong=strong),
                number(numbers.count(one["size"]["stored"])),
                number(numbers.ratio(one["size"]["stored"], whole)),
                number(numbers.short(one["size"]["macs"])),
                *(number(numbers.share(one["validation"][key])) for key in names),
            )
        )
    marked = [numbers.metric(key) + (" ◂" if key == metric else "") for key in names]
    return Table(
        f"{network}: every round on the validation part",
        heads("", "parameters", "share left", "MACs", *marked),
        tuple(rows),
        notes=(("", f"◂ The metric of the choice. Chosen: {row['reason']}."),),
    )


def _models(task: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for network, row in task["rows"].items():
        for kind, one in row["models"].items():
            yield network, kind, one
    for one in task["ensembles"]:
        yield COMBINERS[one["combiner"]][0], f"of {one['members']} networks", one


def _value(found: Estimate) -> float:
    return -1.0 if found.value is None else found.value
