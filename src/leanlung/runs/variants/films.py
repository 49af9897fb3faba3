"""Films of a paper: archives, with the lung masks that lie beside them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from leanlung.foundations.errors import LeanlungError, StudyError
from leanlung.runs.lung_masks import with_masks
from leanlung.runs.series.archive import ARCHIVE, ArchiveSection, read_archives
from leanlung.runs.variants.slicing import SlicesSection  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.studies.study import Cohort, Study

HAS_MASK = "has_lung_mask"
"""Attribute of every study: ``yes`` or ``no``."""


class FilmsSection(ArchiveSection, extra="forbid", frozen=True):
    """An archive whose films may have lung masks beside it.

    Every study gets the attribute ``has_lung_mask``, ``yes`` or ``no``, so that ``data.where``
    may ask for it.

    Attributes:
        masks: Table or folder of lung masks, below ``--data``; not needed where the archive
            names its own. One that is not there counts as a missing archive.
        slices: How CT slices of the archive become its pictures; they are taken as they are if
            not given. ``only`` and ``labels`` are then about ``infected`` and ``clear``.
    """

    masks: str = ""
    slices: SlicesSection | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that papers of before are found again."""
        told: dict[str, Any] = written(self)
        if self.slices is None:
            told.pop("slices", None)
        return told

    @model_validator(mode="after")
    def _slices_bring_their_own(self) -> FilmsSection:
        given = [name for name in ("masks", "columns", "keep") if getattr(self, name)]
        if self.slices is not None and given:
            msg = (
                f"slices: {given} are of pictures as they are; slices take masks and labels "
                "from the archive itself, and slices.classes says which"
            )
            raise ValueError(msg)
        return self


def read_films(sections: Sequence[FilmsSection], labels: Sequence[str], data: Path) -> Cohort:
    """Read films of archives, with the lung masks that lie beside them.

    Raises:
        StudyError: If an archive cannot be read, or no mask fits its films.
    """
    cohort, _ = read_archives(sections, labels, data)
    for one in sections:
        if one.masks:
            mine = tuple(s for s in cohort.studies if s.attributes[ARCHIVE] == one.name)
            try:
                fitted, _ = with_masks(replace(cohort, studies=mine), data / one.masks)
            except LeanlungError as error:
                msg = f"archive {one.name}: {error}"
                raise StudyError(msg) from error
            by_id = {study.study_id: study for study in fitted.studies}
            studies = tuple(by_id.get(study.study_id, study) for study in cohort.studies)
            cohort = replace(cohort, studies=studies)
    return replace(cohort, studies=tuple(_noting_mask(study) for study in cohort.studies))


def _noting_mask(study: Study) -> Study:
    known = "no" if study.lung_mask is None else "yes"
    return replace(study, attributes=MappingProxyType({**study.attributes, HAS_MASK: known}))


def what_is_missing(archive: FilmsSection, data: Path) -> str | None:
    """Say which of an archive's places nothing is at, and how to come by it; None if none."""
    for path in (archive.path, archive.masks):
        if path and not (data / path).exists():
            about = f": {archive.about}" if archive.about else ""
            return f"{archive.name}, looked for at {data / path}{about}"
    return None
