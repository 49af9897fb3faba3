"""Archives of a series: images from several places, read into one cohort."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from leanlung.foundations.errors import LeanlungError, StudyError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import read_table, write_table
from leanlung.studies.layouts import LAYOUTS, read_cohort
from leanlung.studies.study import Cohort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.studies.study import Study

ARCHIVE = "archive"
"""Attribute that says which archive a study is of."""

_KNOWN = {"auto", *LAYOUTS}


class ArchiveSection(BaseModel, extra="forbid", frozen=True):
    """Where images come from.

    Attributes:
        name: Begins the ids of its studies and patients; ``where`` may ask for it by the
            column ``archive``.
        path: Its manifest or its folder, below ``--data``.
        layout: One of ``leanlung list layouts``, or ``auto``.
        needed: Whether the series stops where it is not there.
        columns: Of its manifest, under other names: ``{ image = "image_path" }``.
        keep: Rows of its manifest by the cells of a column; all if not given.
        labels: Its labels under those of the series; any other keeps its name.
        only: Its labels that the series has a use for, as it calls them; all if not given.
        attributes: Columns that are the same for all its studies, such as ``source``.
        about: How to come by it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    path: str
    layout: str = "auto"
    needed: bool = True
    columns: dict[str, str] = Field(default_factory=dict)
    keep: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    only: tuple[str, ...] = ()
    attributes: dict[str, str] = Field(default_factory=dict)
    about: str = ""

    @field_validator("layout")
    @classmethod
    def _layout_exists(cls, name: str) -> str:
        if name not in _KNOWN:
            msg = f"no layout {name!r}; there are {sorted(_KNOWN)}{did_you_mean(name, _KNOWN)}"
            raise ValueError(msg)
        return name


@dataclass(frozen=True)
class Found:
    """What there is of an archive.

    Attributes:
        name: Of the archive.
        state: ``read``, or ``missing`` where there is nothing at its place.
        studies: How many it gave.
        told: What to say about it.
    """

    name: str
    state: Literal["read", "missing"]
    studies: int
    told: str


def read_archives(
    archives: Sequence[ArchiveSection], labels: Sequence[str], data: Path | None
) -> tuple[Cohort, tuple[Found, ...]]:
    """Read the images of a series.

    Args:
        archives: Where they are.
        labels: That images may have.
        data: What ``--data`` gave.

    Returns:
        All studies, and what there is of each archive; one that is not needed may be missing.

    Raises:
        UsageError: If there are no data, or archives that are needed are missing; all are told.
        StudyError: If an archive cannot be read, or has a label that the series does not know.
    """
    if data is None:
        places = ", ".join(f"{one.name} ({one.path})" for one in archives)
        msg = f"give the folder of the images with --data; looked for below it: {places}"
        raise UsageError(msg)
    lacking = [one for one in archives if not (data / one.path).exists()]
    if needed := [one for one in lacking if one.needed]:
        told = "\n  ".join(_told_missing(one, data) for one in needed)
        msg = f"{data} lacks what is needed:\n  {told}"
        raise UsageError(msg)
    studies: list[Study] = []
    found = []
    for one in archives:
        if one in lacking:
            found.append(Found(one.name, "missing", 0, _told_missing(one, data)))
            continue
        read = _read(one, labels, data)
        studies += read
        found.append(Found(one.name, "read", len(read), f"{one.name}: {len(read)} studies"))
    if not studies:
        lines = "\n  ".join(one.told for one in found)
        msg = f"{data}: no archive of the series is there:\n  {lines}"
        raise UsageError(msg)
    there = {study.label for study in studies}
    classes = tuple(label for label in labels if label in there)
    return Cohort("series", classes, tuple(studies)), tuple(found)


def _told_missing(archive: ArchiveSection, data: Path) -> str:
    about = f": {archive.about}" if archive.about else ""
    return f"{archive.name}, looked for at {data / archive.path}{about}"


def _read(archive: ArchiveSection, labels: Sequence[str], data: Path) -> list[Study]:
    try:
        cohort = _cohort(archive, data)
    except LeanlungError as error:
        msg = f"archive {archive.name}: {error}"
        raise StudyError(msg) from error
    studies = []
    for study in cohort.studies:
        if archive.only and study.label not in archive.only:
            continue
        label = archive.labels.get(study.label, study.label)
        if label not in labels:
            msg = (
                f"archive {archive.name}: study {study.study_id!r} has label {study.label!r}, "
                f"which is none of the labels {list(labels)}{did_you_mean(label, labels)}; "
                "give it another name under labels, or take only those there are"
            )
            raise StudyError(msg)
        attributes = {**archive.attributes, **study.attributes, ARCHIVE: archive.name}
        studies.append(
            replace(
                study,
                study_id=f"{archive.name}/{study.study_id}",
                patient_id=f"{archive.name}/{study.patient_id}",
                label=label,
                attributes=MappingProxyType(attributes),
            )
        )
    if not studies:
        msg = f"archive {archive.name}: no study of the series is in {data / archive.path}"
        raise StudyError(msg)
    return studies


def _cohort(archive: ArchiveSection, data: Path) -> Cohort:
    if not (archive.columns or archive.keep):
        return read_cohort(data, archive.path, archive.layout)
    rows = [
        {archive.columns.get(name, name): cell for name, cell in row.items()}
        for row in read_table(data / archive.path)
        if all(row.get(column, "") in wanted for column, wanted in archive.keep.items())
    ]
    if not rows:
        msg = f"{data / archive.path}: no row has {archive.keep}"
        raise StudyError(msg)
    with TemporaryDirectory() as folder:
        # Beside nothing: relative paths are then meant from the folder of the data.
        manifest = Path(folder) / "rows.csv"
        write_table(manifest, list(rows[0]), rows)
        return _from_root(LAYOUTS["manifest"].read(manifest, data), folder)


def _from_root(cohort: Cohort, folder: str) -> Cohort:
    strange = [s for s in cohort.studies if s.image.is_relative_to(folder)]
    if strange:
        msg = f"{strange[0].image.relative_to(folder)}: no such image below the data's folder"
        raise StudyError(msg)
    return cohort
