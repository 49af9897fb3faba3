"""The page of a recipe with variants: our tables above the source's, and what was left out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.cautions import as_published, made_up, source_tells
from leanlung.reports.cohort import DataFlow, data_flow, openings_table, source_class_table
from leanlung.reports.rendering import template
from leanlung.reports.settings import as_toml, environment_rows
from leanlung.reports.variants_attention import maps_table
from leanlung.reports.variants_beyond import (
    always_answering,
    class_table,
    elsewhere_table,
    positive_table,
    published_elsewhere,
)
from leanlung.reports.variants_confusion import variant_confusion
from leanlung.reports.variants_glance import constants_table, glance_table
from leanlung.reports.variants_patients import (
    figures_table,
    leakage_lines,
    leakage_table,
    patient_lines,
    patients_table,
    stamped,
)
from leanlung.reports.variants_storage import storage_tables
from leanlung.reports.variants_tables import (
    pairs_table,
    published_runs,
    seed_table,
    tests_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.confusion import ConfusionPart
    from leanlung.reports.series import AttentionFigure
    from leanlung.reports.tables import Table


@dataclass(frozen=True)
class VariantsFacts:
    """What a recipe with variants has to tell: JSON values, all of them on disk.

    Attributes:
        run: Name of its folder.
        paper: With all defaults and changes.
        data: As in ``data.json``.
        results: As in ``results.json``.
        environment: As in ``environment.json``.
        openings: Of the test part of every data set, oldest first.
        runs: Where each run lies, by variant.
        figures: Where networks look; empty if nobody asked.
        beyond: Further tables, such as how many images a removal takes.
        maps: As in ``attention.json``, by variant; empty if nobody asked.
    """

    run: str
    paper: Mapping[str, Any]
    data: Mapping[str, Any]
    results: Mapping[str, Any]
    environment: Mapping[str, Any]
    openings: Mapping[str, Sequence[Mapping[str, Any]]]
    runs: Mapping[str, str]
    figures: Sequence[AttentionFigure] = ()
    beyond: Sequence[Table] = ()
    maps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class VariantPart:
    """What the page tells of one variant.

    Attributes:
        name: Of the variant.
        about: One sentence.
        stamps: Flaws of the source that it repeats.
        seeds: As Tables 1 to 4.
        published: The source's runs; None if it stands beside none.
        sentences: What came of comparing both networks.
        classes: Class by class.
        sources: Sources beside classes, of the test part.
        confusion: Matrices and bars of both networks; empty where both are the same.
    """

    name: str
    about: str
    stamps: tuple[str, ...]
    seeds: Table
    published: Table | None
    sentences: tuple[str, ...]
    classes: Table
    sources: Table
    confusion: tuple[ConfusionPart, ...]


def render_variants(facts: VariantsFacts) -> str:
    """Draw the page.

    Args:
        facts: Of a recipe with variants. The same facts give the same page, byte for byte.

    Returns:
        One HTML page that needs no other file, no network and no script; it links to the pages
        of the runs, which lie below it.
    """
    results, paper = facts.results, facts.paper
    stamps = [
        one
        for one in (as_published(results["as_published"]), made_up(facts.data))
        if one is not None
    ]
    return template("variants.html.j2").render(
        facts=facts,
        paper=paper,
        stamps=stamps,
        glance=glance_table(results),
        constants=constants_table(results),
        told=(*_told(results), *leakage_lines(results)),
        leakage=leakage_table(results),
        patients=patients_table(results),
        patient_lines=patient_lines(results),
        storage=storage_tables(results),
        storage_told=(results.get("storage") or {}).get("told", ""),
        figures=figures_table(results),
        slices=facts.data.get("slices", {}),
        cautious=_cautious(results),
        groups=_groups(results),
        tests=tests_table(results),
        pairs=pairs_table(results["compare"]),
        pair_lines=_pair_lines(results["compare"]),
        positive=positive_table(results),
        elsewhere=elsewhere_table(results),
        maps=maps_table(facts.maps),
        published_elsewhere=published_elsewhere(results),
        datasets=_datasets(facts.data),
        openings={name: openings_table(found) for name, found in facts.openings.items()},
        settings=as_toml(paper),
        made_with=environment_rows(facts.environment),
    )


def _groups(results: Mapping[str, Any]) -> dict[str, tuple[VariantPart, ...]]:
    """Put variants of one group together, in the order of the file."""
    found: dict[str, list[VariantPart]] = {}
    for row in results["variants"].values():
        found.setdefault(row["group"], []).append(_part(row, results))
    return {name: tuple(parts) for name, parts in found.items()}


def _part(row: Mapping[str, Any], results: Mapping[str, Any]) -> VariantPart:
    theirs = results["published"].get(row["published_table"])
    change = row["change"]
    kept = "Every seed kept its whole network; there is nothing to compare."
    if "beside" in row:
        kept = f"It stands beside {row['beside']}: no verdict is drawn from it."
    row = {**row, "name": stamped(row)}
    return VariantPart(
        name=row["name"],
        about=row["about"],
        stamps=tuple(row["as_published"]),
        seeds=seed_table(row, theirs),
        published=published_runs(theirs) if theirs else None,
        sentences=(kept,) if change is None else tuple(change["sentences"]),
        classes=class_table(row),
        sources=source_class_table(row["confounding"], row["classes"], "The test part"),
        confusion=variant_confusion(row, results["positive"]),
    )


def _told(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in a few sentences what came of variants against each other and elsewhere."""
    found = []
    for pair in results["compare"]:
        for side, one in pair["sides"].items():
            found += [f"{pair['name']}, {side}: {told}" for told in one["sentences"][:1]]
    found += _told_elsewhere(results["external"])
    return tuple(found)


def _told_elsewhere(external: Mapping[str, Any] | None) -> list[str]:
    if external is None:
        return []
    if external["told"]:
        return [f"Films of other hospitals were not answered: {external['told']}."]
    found = []
    for name, one in external["variants"].items():
        accuracies = []
        for models in one["seeds"].values():
            [accuracy] = [e for e in models["chosen"]["estimates"] if e["name"] == "accuracy"]
            accuracies.append(accuracy["value"])
        runs = numbers.counted(len(accuracies), "seed", "seeds")
        beside = [
            f"{sum(value > (base.value or 0.0) for value in accuracies)} of {runs} above the "
            f"accuracy {base} of always answering {always}"
            for always, base in always_answering(one["baselines"]).items()
        ]
        films = numbers.counted(one["studies"], "film", "films")
        found.append(f"{name} on {films} of other hospitals: {', '.join(beside)}.")
    return found


def _pair_lines(pairs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say what was compared, or why it was not."""
    found = []
    for pair in pairs:
        if pair["told"]:
            found.append(f"{pair['name']}: {pair['told']}")
        for side, one in pair["sides"].items():
            where = f"{pair['name']}, {side}"
            found += [f"{where}: {told}" for told in (one["sentences"] or [one["told"]])]
    return tuple(found)


def _cautious(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the variants in which the source of an image tells its class."""
    return tuple(
        f"{name}: whoever knew the source alone would answer "
        f"{numbers.percent(row['confounding']['told_by_source'])} of the test studies rightly"
        for name, row in results["variants"].items()
        if source_tells(row["confounding"])
    )


def _datasets(data: Mapping[str, Any]) -> dict[str, DataFlow]:
    """Tell what became of the images of every variant; once for those that share all of it."""
    shared: dict[str, list[str]] = {}
    for name, found in data["variants"].items():
        shared.setdefault(json.dumps(found, sort_keys=True), []).append(name)
    return {
        ", ".join(names): data_flow(data["variants"][names[0]]) for names in shared.values()
    }
