"""The manifest: a CSV file with one row an image, as anyone can write it in a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from leanlung.foundations.blanks import BLANKS
from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import numbered_rows, write_table
from leanlung.foundations.within import file_of
from leanlung.studies.study import Cohort, Confidence, Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = (
    "study_id", "image_path", "mask_path", "label", "patient_id", "patient_id_confidence",
    "source", "view", "sex", "age", "modality", "slice_index", "license", "split",
    "pixel_sha256", "phash",
)  # fmt: skip
"""All columns with a meaning; ``image_path``, ``label`` and ``patient_id`` are required."""

_REQUIRED = ("image_path", "label", "patient_id")
_OTHER_NAMES = {"path": "image_path", "licence": "license"}
_STUDY_FIELDS = {"study_id", "image_path", "mask_path", "label", "patient_id"}
_STUDY_FIELDS |= {"patient_id_confidence"}
_TOLD = 10

NOBODY = BLANKS - {""}
"""What scripts and spreadsheets write, in small letters, where no patient is known."""


def read_manifest(path: Path, root: Path | None = None) -> Cohort:
    """Read a manifest; no image is opened.

    Columns without a meaning of their own are kept as attributes. ``path`` is read as
    ``image_path`` and ``licence`` as ``license``. Backslashes in paths are read as slashes
    where no file has one in its name. A word of `NOBODY` is no patient.

    Args:
        path: The CSV file.
        root: Folder that relative paths may be meant from; otherwise the manifest's own folder
            and the one above it are tried, and the first that holds an image is taken.

    Returns:
        The cohort, in the manifest's order; classes in order of first appearance.

    Raises:
        StudyError: If a required column is missing, or rows lack a label or a patient; all
            such rows are listed by line.
    """
    numbered = [(line, _renamed(row)) for line, row in numbered_rows(path)]
    rows = [row for _, row in numbered]
    if not rows:
        msg = f"{path}: a header without rows; one row an image was expected"
        raise StudyError(msg)
    columns = set(rows[0])
    if missing := [name for name in _REQUIRED if name not in columns]:
        hint = did_you_mean(missing[0], columns)
        msg = (
            f"{path}: no column {missing[0]!r} (columns are {sorted(columns)}){hint}; "
            f"{', '.join(_REQUIRED)} are required"
        )
        raise StudyError(msg)
    _require_cells(path, numbered)
    base = _base_folder(path, root, [row["image_path"] for row in rows])
    studies = tuple(_study(row, base) for row in rows)
    classes = tuple(dict.fromkeys(study.label for study in studies))
    return Cohort(path.stem, classes, studies)


def write_manifest(
    path: Path,
    cohort: Cohort,
    parts: Mapping[str, str] | None = None,
    facts: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write a cohort as a manifest that `read_manifest` reads again.

    Args:
        path: Where.
        cohort: What; image paths are written relative to the manifest where they lie below it.
        parts: Part of the split of each study, by study id.
        facts: Further columns of each study, by study id, such as ``pixel_sha256``.
    """
    rows = []
    for study in cohort.studies:
        row = dict(study.attributes) | dict((facts or {}).get(study.study_id, {}))
        row |= {
            "study_id": study.study_id,
            "image_path": _relative(study.image, path.parent),
            "mask_path": _relative(study.lung_mask, path.parent) if study.lung_mask else "",
            "label": study.label,
            "patient_id": study.patient_id,
            "patient_id_confidence": study.patient_id_confidence,
        }
        if parts is not None:
            row["split"] = parts[study.study_id]
        rows.append(row)
    further = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    write_table(path, (*COLUMNS, *further), rows)


def _renamed(row: dict[str, str]) -> dict[str, str]:
    return {
        known if (known := _OTHER_NAMES.get(name, name)) not in row else name: cell
        for name, cell in row.items()
    }


def _require_cells(path: Path, rows: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    """List what rows lack, by line."""
    faults = []
    for line, row in rows:
        confidence = row.get("patient_id_confidence") or "exact"
        if not row["image_path"]:
            faults.append(f"line {line}: no image_path")
        if not row["label"]:
            faults.append(f"line {line}: no label for {row['image_path']}")
        if confidence not in get_args(Confidence):
            hint = did_you_mean(confidence, get_args(Confidence))
            faults.append(
                f"line {line}: patient_id_confidence {confidence!r} is none of "
                f"{list(get_args(Confidence))}{hint}"
            )
        elif not _patient(row) and confidence != "image_only":
            written = f" ({row['patient_id']!r})" if row["patient_id"] else ""
            faults.append(
                f"line {line}: no patient_id for {row['image_path']}{written}; write it, or "
                "image_only under patient_id_confidence if nobody knows"
            )
    if faults:
        told = "\n  ".join(faults[:_TOLD])
        more = f"\n  … and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        count = "a mistake" if len(faults) == 1 else f"{len(faults)} mistakes"
        msg = f"{path} has {count}:\n  {told}{more}"
        raise StudyError(msg)


def _base_folder(path: Path, root: Path | None, images: Sequence[str]) -> Path:
    folders = [path.parent, *([root] if root else []), path.parent.parent]
    relative = (image for image in images if not Path(image).is_absolute())
    found = (base for image in relative for base in folders if _there(_file(base, image)))
    return next(found, path.parent)


def _there(path: Path) -> bool:
    return path.exists() or file_of(path).exists()


def _file(base: Path, written: str) -> Path:
    path = base / written
    return path if "\\" not in written or path.exists() else base / written.replace("\\", "/")


def _patient(row: Mapping[str, str]) -> str:
    return "" if row["patient_id"].casefold() in NOBODY else row["patient_id"]


def _study(row: Mapping[str, str], base: Path) -> Study:
    attributes = {
        name: cell for name, cell in row.items() if name not in _STUDY_FIELDS and cell
    }
    study_id = row.get("study_id") or row["image_path"]
    confidence: Confidence = row.get("patient_id_confidence") or "exact"  # type: ignore[assignment]
    return Study(
        study_id=study_id,
        patient_id=_patient(row) or study_id,
        image=_file(base, row["image_path"]),
        label=row["label"],
        patient_id_confidence=confidence,
        lung_mask=_file(base, row["mask_path"]) if row.get("mask_path") else None,
        attributes=MappingProxyType(attributes),
    )


def _relative(image: Path, folder: Path) -> str:
    # Links are not followed: what one leads to often has no telling name.
    image, folder = image.absolute(), folder.absolute()
    return str(image.relative_to(folder) if image.is_relative_to(folder) else image)
