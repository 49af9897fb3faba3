"""Gather slices: a volume, a DICOM series, a known archive or a manifest becomes a cohort."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.within import file_of, parted, within
from leanlung.studies.archives.indexing import guess
from leanlung.studies.layouts import MANIFESTS, read_cohort
from leanlung.studies.study import MADE_UP, Cohort, Study
from leanlung.studies.volumes import LUNG, Window, read_mask, read_volume, window_of

if TYPE_CHECKING:
    from pathlib import Path

UNLABELLED = "unlabelled"
LESION = "lesion_path"
_LUNG_COLUMNS, _LESION_COLUMNS = ("lung_mask",), (LESION, "infection_mask")


def gather(
    where: Path,
    *,
    window: str = "",
    series: str = "",
    lung_mask: Path | None = None,
    infection_mask: Path | None = None,
    classes: tuple[str, ...] = (),
) -> tuple[Cohort, tuple[str, ...]]:
    """Make a cohort of slices; attribute ``lesion_path`` is the mask of infection.

    Args:
        where: A NIfTI volume, a folder of a DICOM series, the folder of a known archive, or a
            manifest (or its folder) of slices as pictures.
        window: Name, or ``level:width``; blank for the one the archive names, else ``lung``.
        series: Of DICOM: the end of the series instance UID.
        lung_mask: Of one volume: a NIfTI mask.
        infection_mask: Likewise.
        classes: Of a manifest or an archive: only slices with these labels; all if empty.

    Returns:
        The cohort, and what somebody who uses it has to know.

    Raises:
        StudyError: If nothing can be read.
        UsageError: If masks or a series are given for what is no volume.
    """
    if not where.exists():
        msg = (
            f"{where}: no such file or folder; a volume, an archive or a manifest was expected"
        )
        raise StudyError(msg)
    chosen = window_of(window) if window else None
    if _is_volume(where):
        return _of_volume(where, chosen or LUNG, series, lung_mask, infection_mask)
    if series or lung_mask or infection_mask:
        msg = f"{where}: --series, --lung-mask and --infection-mask go for one volume alone"
        raise UsageError(msg)
    cohort = read_cohort(where)
    cohort = cohort.of_classes(classes) if classes else cohort
    bases = (where, where.parent, where.parent.parent)
    studies = tuple(_complete(study, bases, chosen) for study in cohort.studies)
    notes = _kept_windows(studies, chosen)
    return replace(cohort, studies=studies), notes


def _is_volume(where: Path) -> bool:
    if where.is_file():
        return where.name.lower().endswith((".nii", ".nii.gz"))
    if any((where / name).is_file() for name in MANIFESTS) or guess(where):
        return False
    # Folders of classes hold folders, a series holds files.
    return not any(one.is_dir() for one in where.iterdir() if not one.name.startswith("."))


def _of_volume(
    where: Path,
    window: Window,
    series: str,
    lung_mask: Path | None,
    infection_mask: Path | None,
) -> tuple[Cohort, tuple[str, ...]]:
    volume = read_volume(where, series)
    lungs = read_mask(lung_mask, volume) if lung_mask else None
    infection = read_mask(infection_mask, volume) if infection_mask else None
    name = volume.path.resolve().name.removesuffix(".gz").removesuffix(".nii")
    facts = {
        "modality": "CT",
        "volume": name,
        "window": "as stored" if volume.windowed else window.name,
        "spacing_mm": " ".join(f"{one:.4g}" for one in volume.spacing),
        "slices": str(volume.shape[0]),
    }
    if volume.made_up:
        facts["license"] = MADE_UP
    studies = []
    for index in range(volume.shape[0]):
        own = {"slice_index": str(index)}
        if infection:
            own[LESION] = str(infection.mask_name_of(index).absolute())
        studies.append(
            Study(
                f"{name}/z={index:03d}",
                volume.patient or name,
                volume.name_of(index, window),
                UNLABELLED,
                "exact" if volume.patient else "derived",
                lungs.mask_name_of(index) if lungs else None,
                MappingProxyType(facts | own),
            )
        )
    notes = [*volume.notes]
    if volume.windowed:
        notes.append(f"{where.name} holds grey from 0 to 255 already; no window is applied")
    if not volume.patient:
        notes.append(f"{where.name} tells no patient; it counts as one of its own")
    return Cohort(name, (UNLABELLED,), tuple(studies)), tuple(notes)


def _complete(study: Study, bases: tuple[Path, ...], window: Window | None) -> Study:
    """Find the masks that columns name, and show slices of volumes through the window asked."""
    facts = dict(study.attributes)
    lesion = _beside(facts, _LESION_COLUMNS, bases)
    for column in _LESION_COLUMNS:
        facts.pop(column, None)
    if lesion is not None:
        facts[LESION] = str(lesion)
    lung = study.lung_mask or _beside(facts, _LUNG_COLUMNS, bases)
    image = study.image
    file, words = parted(image)
    if window is not None and words:
        others = [word for word in words.split(",") if not word.startswith("window=")]
        image = within(file, ",".join([*others, f"window={window.name}"]))
        facts["window"] = window.name
    return replace(study, image=image, lung_mask=lung, attributes=MappingProxyType(facts))


def _beside(
    facts: dict[str, str], columns: tuple[str, ...], bases: tuple[Path, ...]
) -> Path | None:
    written = next((facts[name] for name in columns if facts.get(name)), "")
    if not written:
        return None
    found = (base / written for base in bases if file_of(base / written).is_file())
    return next(found, bases[1] / written)


def _kept_windows(studies: tuple[Study, ...], window: Window | None) -> tuple[str, ...]:
    if window is None or all(parted(study.image)[1] for study in studies):
        return ()
    plain = sum(not parted(study.image)[1] for study in studies)
    return (f"{plain} slices are pictures already; no window is applied to them",)
