"""Selection: which studies of a cohort a recipe is about, and under which classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.drawing import draw_patients
from leanlung.runs.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.runs.data import DataSection
    from leanlung.studies.study import Cohort, Study

LIMIT = "limit"
"""What studies are counted under that nobody drew."""

ORIGINAL = "original_label"
"""Attribute that keeps the label of a study whose class was made of several."""

_TOLD = 10


@dataclass(frozen=True)
class Selection:
    """The studies a recipe is about.

    Attributes:
        cohort: Under the recipe's classes, in their order.
        left_out: Studies of labels that are no classes, counted by label.
        merged: Studies of each class that was made of several labels, counted by label.
        set_aside: Studies of the classes that do not meet ``data.where``, counted by column;
            each under the first column that it does not meet. Those beyond ``data.limit`` are
            counted under ``limit``.
    """

    cohort: Cohort
    left_out: Mapping[str, int]
    merged: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)


def select(data: DataSection, cohort: Cohort) -> Selection:
    """Keep the studies that a recipe asks for.

    Args:
        data: Of the recipe.
        cohort: All that was read.

    Raises:
        StudyError: If a label or a column is not there, a label is neither a class nor left
            out, or nothing is left of a class.
    """
    sources = {label: name for name, labels in data.merge.items() for label in labels}
    known = [name for name in data.classes if name not in data.merge]
    for label in (*known, *sources, *data.leave_out):
        if label not in cohort.classes:
            msg = (
                f"{cohort.name}: the recipe names class {label!r}; the labels there are "
                f"{list(cohort.classes)}{did_you_mean(label, cohort.classes)}"
            )
            raise StudyError(msg)
    mentioned = {*known, *sources, *data.leave_out}
    strange = [label for label in cohort.classes if label not in mentioned]
    if strange:
        counts = ", ".join(f"{label!r} ({cohort.counts[label]} studies)" for label in strange)
        msg = (
            f"{cohort.name}: {counts} is no class of the recipe; add it to data.classes, "
            "or to data.leave_out"
        )
        raise StudyError(msg)
    left_out = {label: cohort.counts[label] for label in data.leave_out}
    wanted = cohort.where(lambda study: study.label not in left_out)
    wanted, set_aside = _narrowed(data, wanted)
    merged = {
        name: {label: wanted.counts[label] for label in labels}
        for name, labels in data.merge.items()
    }
    found = replace(
        wanted,
        classes=tuple(dict.fromkeys(sources.get(one, one) for one in wanted.classes)),
        studies=tuple(_under(study, sources) for study in wanted.studies),
    )
    found = found.of_classes(data.classes)
    if data.limit:
        drawn = draw_patients(found, data.limit, data.limit_seed)
        set_aside |= {LIMIT: len(found.studies) - len(drawn.studies)}
        found = drawn
    return Selection(found, left_out, merged, set_aside)


def _under(study: Study, sources: Mapping[str, str]) -> Study:
    """Give a study the class that its label was made part of."""
    if study.label not in sources:
        return study
    attributes = {**study.attributes, ORIGINAL: study.label}
    return replace(study, label=sources[study.label], attributes=MappingProxyType(attributes))


def _narrowed(data: DataSection, cohort: Cohort) -> tuple[Cohort, dict[str, int]]:
    """Keep the studies that meet every condition, and count the others by the first unmet."""
    for column, wanted in data.where.items():
        _require_column(cohort, column, wanted)
    unmet = {
        study.study_id: next(
            (c for c, wanted in data.where.items() if not _meets(study, c, wanted)), None
        )
        for study in cohort.studies
    }
    counted = Counter(column for column in unmet.values() if column is not None)
    kept = cohort.where(lambda study: unmet[study.study_id] is None)
    return kept, {column: counted[column] for column in data.where}


def _require_column(cohort: Cohort, column: str, wanted: tuple[str, ...]) -> None:
    there = dict.fromkeys(name for study in cohort.studies for name in study.attributes)
    if column not in there:
        msg = (
            f"{cohort.name}: data.where names column {column!r}; the columns there are "
            f"{list(there)}{did_you_mean(column, list(there))}"
        )
        raise StudyError(msg)
    if not any(_meets(study, column, wanted) for study in cohort.studies):
        cells = dict.fromkeys(study.attributes.get(column, "") for study in cohort.studies)
        told = list(cells)[:_TOLD]
        msg = (
            f"{cohort.name}: no study has {column} {' or '.join(wanted)} (data.where); found "
            f"are {told}{did_you_mean(wanted[0], told)}"
        )
        raise StudyError(msg)


def _meets(study: Study, column: str, wanted: tuple[str, ...]) -> bool:
    cell = study.attributes.get(column, "")
    return any(_fits(cell, one) for one in wanted)


def _fits(cell: str, wanted: str) -> bool:
    """Say whether a cell is this word, or a number on the right side of a limit."""
    if limit := limit_of(wanted):
        try:
            return limit[0](float(cell), limit[1])
        except ValueError:  # blank, or no number
            return False
    return cell == wanted
