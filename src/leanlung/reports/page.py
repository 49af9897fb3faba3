"""The page: everything a run has to tell, in one file that needs no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from leanlung.reports import numbers
from leanlung.reports.answers import calibration_drawings, confusion_table, roc_drawings
from leanlung.reports.cautions import cautions
from leanlung.reports.cohort import data_flow, openings_table, source_class_table
from leanlung.reports.forest import forest
from leanlung.reports.key_figures import key_figures
from leanlung.reports.plots import validation_curve
from leanlung.reports.results import class_table, overall_table, source_table
from leanlung.reports.seeds import Seed, worst
from leanlung.reports.settings import as_toml, command, environment_rows, published_table
from leanlung.reports.sizes import candidate_table, size_table
from leanlung.reports.verdict import WORDS, headline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from leanlung.reports.answers import Drawn
    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.forest import Forest
    from leanlung.reports.tables import Table


@dataclass(frozen=True)
class SeedSections:
    """What the page tells of one seed, after the first screen.

    Attributes:
        number: Of the seed.
        word: Its outcome.
        sentence: Its verdict.
        sizes: Of its networks.
        curve: Of its candidates.
        candidates: The same as a table.
        forest: Differences; None where the whole network was kept.
        overall: Estimates over all classes.
        by_class: Estimates of every class.
        roc: One a class.
        confusion: One a network.
        calibration: One a network.
        by_source: Accuracy within every source.
    """

    number: int
    word: str
    sentence: str
    sizes: Table
    curve: str
    candidates: Table
    forest: Forest | None
    overall: Table
    by_class: Table
    roc: tuple[Drawn, ...]
    confusion: tuple[Table, ...]
    calibration: tuple[Drawn, ...]
    by_source: Table


def render(facts: ReportFacts) -> str:
    """Draw the report.

    Args:
        facts: Of a run. The same facts give the same page, byte for byte.

    Returns:
        One HTML page that needs no other file, no network and no script.
    """
    seeds = [Seed.of(one) for one in facts.seeds]
    first = worst(seeds)
    recipe = facts.recipe
    sections = [_sections(seed, recipe) for seed in seeds]
    environment = Environment(
        loader=PackageLoader("leanlung.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        facts=facts,
        recipe=recipe,
        headline=headline(seeds),
        cautions=cautions(facts, first),
        forest=sections[seeds.index(first)].forest,
        key_figures=key_figures(first),
        seeds=sections,
        metric=numbers.metric(recipe["choose"]["metric"]),
        source_tables=(
            source_class_table(facts.data["confounding"], first.classes, "All images"),
            source_class_table(first.confounding, first.classes, "The test part"),
        ),
        flow=data_flow(facts.data),
        openings=openings_table(facts.openings),
        published=published_table(recipe["published"], first),
        settings=as_toml(recipe),
        command=command(facts),
        made_with=environment_rows(facts.environment),
    )


def _sections(seed: Seed, recipe: Mapping[str, Any]) -> SeedSections:
    return SeedSections(
        number=seed.number,
        word=WORDS[seed.outcome],
        sentence=seed.reason if seed.kept else seed.sentence,
        sizes=size_table(seed),
        curve=validation_curve(seed, recipe["choose"]),
        candidates=candidate_table(seed, recipe["choose"]["metric"]),
        forest=forest(seed),
        overall=overall_table(seed),
        by_class=class_table(seed),
        roc=roc_drawings(seed),
        confusion=tuple(confusion_table(network) for network in seed.networks),
        calibration=calibration_drawings(seed, recipe["evaluate"]["level"]),
        by_source=source_table(seed),
    )
