"""The page: everything a run has to tell, in one file that needs no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.answers import roc_drawings
from leanlung.reports.audit import audit_box
from leanlung.reports.calibration import calibration_drawings, calibration_table
from leanlung.reports.cautions import cautions
from leanlung.reports.checklists import checklists
from leanlung.reports.cohort import data_flow, openings_table, source_class_table
from leanlung.reports.confusion import confusion_parts
from leanlung.reports.external import external_box
from leanlung.reports.features import feature_box
from leanlung.reports.flow import flow
from leanlung.reports.forest import forest
from leanlung.reports.gallery import case_table, exemplar_gallery, flip_gallery, shown_of
from leanlung.reports.groups import group_forests
from leanlung.reports.key_figures import key_figures
from leanlung.reports.plots import validation_curve
from leanlung.reports.rendering import template
from leanlung.reports.results import class_table, overall_table, source_table
from leanlung.reports.seeds import Seed, worst
from leanlung.reports.settings import as_toml, command, environment_rows, published_table
from leanlung.reports.sizes import candidate_table, size_table
from leanlung.reports.storage import storage_table
from leanlung.reports.thresholds import threshold_tables
from leanlung.reports.verdict import WORDS, headline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from leanlung.reports.answers import Drawn
    from leanlung.reports.confusion import ConfusionPart
    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.features import FeatureBox
    from leanlung.reports.forest import Forest
    from leanlung.reports.gallery import Gallery
    from leanlung.reports.groups import GroupForest
    from leanlung.reports.tables import Table


@dataclass(frozen=True)
class SeedSections:
    """What the page tells of one seed, after the first screen.

    Attributes:
        number: Of the seed.
        word: Its outcome.
        sentence: Its verdict.
        features: How they were chosen; None in a run that chooses none.
        masked: Whether the run holds weights at zero, instead of removing units.
        control: Whether it goes through the epochs of a mask, and holds none.
        sizes: Of its networks.
        storage: Forms they could be written in; None where a run tells of none.
        curve: Of its candidates.
        candidates: The same as a table.
        forest: Differences; None where the whole network was kept.
        overall: Estimates over all classes.
        by_class: Estimates of every class.
        roc: One a class.
        confusion: Matrices and bars, of the test part and, where kept, of the training part.
        calibration: One a network, and one at its temperature.
        calibrated: Figures of calibration.
        thresholds: At frozen thresholds.
        by_source: Accuracy within every source.
        groups: What was lost in groups.
        flips: Studies that changed sides.
        every_flip: All of them, as words.
    """

    number: int
    word: str
    sentence: str
    features: FeatureBox | None
    masked: bool
    control: bool
    sizes: Table
    storage: Table | None
    curve: str
    candidates: Table
    forest: Forest | None
    overall: Table
    by_class: Table
    roc: tuple[Drawn, ...]
    confusion: tuple[ConfusionPart, ...]
    calibration: tuple[Drawn, ...]
    calibrated: Table | None
    thresholds: tuple[Table, ...]
    by_source: Table
    groups: tuple[GroupForest, ...]
    flips: Gallery | None
    every_flip: Table | None


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
    sections = [_sections(seed, facts, shown_of(len(seeds))) for seed in seeds]
    warned = cautions(facts, first)
    return template("report.html.j2").render(
        facts=facts,
        recipe=recipe,
        headline=headline(seeds, recipe["evaluate"]["resamples"]),
        cautions=warned,
        forest=sections[seeds.index(first)].forest,
        key_figures=key_figures(first),
        seeds=sections,
        metric=numbers.metric(recipe["choose"]["metric"]),
        source_tables=(
            source_class_table(facts.data["confounding"], first.classes, "All images"),
            source_class_table(first.confounding, first.classes, "The test part"),
        ),
        data=data_flow(facts.data),
        flow=flow(facts.data, first),
        exemplars=exemplar_gallery(facts.exemplars, facts.films),
        audit=audit_box(facts.audit),
        external=external_box(facts.external),
        checklists=checklists(facts, first, tuple(one.title for one in warned)),
        openings=openings_table(facts.openings),
        published=published_table(recipe["published"], first),
        settings=as_toml(recipe),
        command=command(facts),
        made_with=environment_rows(facts.environment),
    )


def _sections(seed: Seed, facts: ReportFacts, most: int) -> SeedSections:
    recipe: Mapping[str, Any] = facts.recipe
    return SeedSections(
        number=seed.number,
        word=WORDS[seed.outcome],
        sentence=seed.reason if seed.kept else seed.sentence,
        features=feature_box(seed, recipe["choose"]["metric"]),
        masked=recipe.get("mask") is not None,
        control=any(one.get("control") for one in seed.candidates),
        sizes=size_table(seed),
        storage=storage_table(seed, recipe["published"]),
        curve=validation_curve(seed, recipe["choose"]),
        candidates=candidate_table(seed, recipe["choose"]["metric"]),
        forest=forest(seed),
        overall=overall_table(seed),
        by_class=class_table(seed),
        roc=roc_drawings(seed),
        confusion=confusion_parts(seed, recipe["evaluate"].get("healthy", "")),
        calibration=calibration_drawings(seed, recipe["evaluate"]["level"]),
        calibrated=calibration_table(seed),
        thresholds=threshold_tables(seed),
        by_source=source_table(seed),
        groups=group_forests(seed),
        flips=flip_gallery(seed, facts.films, most),
        every_flip=case_table(seed),
    )
