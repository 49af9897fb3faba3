"""Lung masks that lie beside the films: in a table or a folder of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.study import Cohort

_IMAGE = ("image_path", "image", "path")
_MASK = ("mask_path", "mask")
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})


def with_masks(cohort: Cohort, masks: Path) -> tuple[Cohort, str]:
    """Give studies the lung masks of a table or a folder.

    Args:
        cohort: Studies; a mask they have already stays where there is no other.
        masks: A CSV file with columns ``image_path`` (or ``image``, ``path``) and
            ``mask_path`` (or ``mask``), with paths from its own folder or the one above it; or
            a folder of masks called as the films are, whatever the ending.

    Returns:
        The cohort, and how many masks fit.

    Raises:
        StudyError: If there is no such file or folder, a column is missing, or none fits.
    """
    if not masks.exists():
        msg = f"{masks}: no such file or folder; give lung masks as a table or a folder"
        raise StudyError(msg)
    found = _of_folder(cohort, masks) if masks.is_dir() else _of_table(cohort, masks)
    if not found:
        msg = (
            f"{masks}: none of its masks fits one of the {len(cohort.studies)} films of "
            f"{cohort.name}; the films' own paths, or masks called as the films, were expected"
        )
        raise StudyError(msg)
    studies = tuple(
        replace(study, lung_mask=found.get(study.study_id, study.lung_mask))
        for study in cohort.studies
    )
    told = f"{masks.name}: lung masks for {len(found)} of {len(studies)} films"
    return replace(cohort, studies=studies), told


def _of_folder(cohort: Cohort, folder: Path) -> dict[str, Path]:
    by_stem: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            by_stem.setdefault(path.stem, []).append(path)
    found = {}
    for study in cohort.studies:
        fitting = by_stem.get(study.image.stem, [])
        if len(fitting) > 1:
            msg = (
                f"{folder}: {len(fitting)} masks are called as {study.image.name}; name them "
                "in a table with the columns image_path and mask_path"
            )
            raise StudyError(msg)
        if fitting:
            found[study.study_id] = fitting[0]
    return found


def _of_table(cohort: Cohort, table: Path) -> dict[str, Path]:
    rows = read_table(table)
    columns = list(rows[0]) if rows else []
    image = next((name for name in _IMAGE if name in columns), "")
    mask = next((name for name in _MASK if name in columns), "")
    if not image or not mask:
        msg = (
            f"{table}: columns {columns}; one of {list(_IMAGE)} and one of {list(_MASK)} were "
            "expected, and a row or more"
        )
        raise StudyError(msg)
    bases = (table.parent, table.parent.parent)
    by_image: dict[Path, Path] = {}
    for row in rows:
        if not row[image] or not row[mask]:
            continue
        lying = next((base for base in bases if (base / row[mask]).is_file()), bases[0])
        for base in bases:
            by_image.setdefault((base / row[image]).resolve(), lying / row[mask])
    found = {}
    for study in cohort.studies:
        if (fitting := by_image.get(study.image.resolve())) is not None:
            found[study.study_id] = fitting
    return found
