"""An archive of made-up CT scans on disk, named as the public archive of 20 volumes is.

::

    folder/
      phantoms.json     what was asked for; written first
      ct_scans/coronacases_org_001.nii.gz         Hounsfield units, stored LPS
      ct_scans/radiopaedia_org_covid-19-pneumonia-3_80003_1-dcm.nii.gz
                                                  every third: grey from 0 to 255, stored RAS
      lung_mask/  infection_mask/  lung_and_infection_mask/    coronacases_001.nii.gz
      metadata.csv      with the prefix ../input/covid19-ct-scans/; written last

Every file's header says that it is made up. `write_series` writes one scan as DICOM.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations import files, tables
from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms.thorax import draw_thorax
from leanlung.studies.volumes.nifti import EXTRA, MADE_UP_NOTE
from leanlung.studies.volumes.windows import WINDOWS, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.phantoms.thorax import Thorax, ThoraxSpec

FOLDERS = {
    "ct_scan": "ct_scans",
    "lung_mask": "lung_mask",
    "infection_mask": "infection_mask",
    "lung_and_infection_mask": "lung_and_infection_mask",
}
_PREFIX = "../input/covid19-ct-scans"
_DRAWING = 1
"""Counts up when the same specification would give other scans."""

_INFECTED = 3
_ROOT_UID = "2.25."


def make_ct(folder: Path, spec: ThoraxSpec) -> Path:
    """Make up an archive, or take the one that is there.

    Args:
        folder: Missing, empty, an unfinished archive (drawn anew) or a finished one of the
            same specification (taken as it is).
        spec: What to make up.

    Returns:
        The folder; `leanlung data index` reads it as ``covid19_ct``.

    Raises:
        StudyError: If the folder holds something else, or nibabel is missing.
        StorageError: If it cannot be written.
    """
    order, last = folder / "phantoms.json", folder / "metadata.csv"
    asked = json.dumps({"drawing": _DRAWING, "ct": asdict(spec)}, indent=2) + "\n"
    empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not empty and not order.is_file():
        msg = f"{folder}: holds something else than phantoms; choose an empty or a new folder"
        raise StudyError(msg)
    if last.exists():
        if order.read_text(encoding="utf-8") != asked:
            msg = f"{folder}: holds phantoms of another specification; choose another folder"
            raise StudyError(msg)
        return folder
    for name in FOLDERS.values():
        shutil.rmtree(folder / name, ignore_errors=True)
    files.write_text(order, asked)
    seeds = Seeds(spec.seed)
    rows = [
        _write(folder, number, draw_thorax(seeds, number, spec))
        for number in range(spec.patients)
    ]
    tables.write_table(last, tuple(FOLDERS), rows)
    return folder


def write_nifti(
    path: Path, upright: NDArray[Any], spacing: tuple[float, float, float], *, axes: str = "LPS"
) -> None:
    """Write upright slices as a NIfTI volume.

    Args:
        path: Ending in ``.nii`` or ``.nii.gz``.
        upright: (slices, rows, columns), as everywhere here.
        spacing: Millimetres from slice to slice, row to row, column to column.
        axes: How it is stored: ``LPS`` (columns to the left, rows to the back) or ``RAS``.

    Raises:
        StudyError: If nibabel is missing.
    """
    try:
        import nibabel
    except ImportError as error:
        msg = f"{path}: a NIfTI volume, and nibabel is not installed; {EXTRA}"
        raise StudyError(msg) from error
    stored = upright.transpose(2, 1, 0)
    between, down, across = spacing
    counts = np.array(stored.shape[:2])
    far = (counts - 1) * (across, down)
    # Both put the middle of every slice over the origin.
    affine = np.diag([-across, -down, between, 1.0])
    affine[:2, 3] = far / 2
    if axes == "RAS":
        stored = stored[::-1, ::-1]
        affine = np.diag([across, down, between, 1.0])
        affine[:2, 3] = -far / 2
    image = nibabel.Nifti1Image(np.asarray(stored), affine)
    image.header["descrip"] = MADE_UP_NOTE.encode()
    image.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its own name, so that the ending decides about compression; renamed when it is whole.
    partial = path.with_name(f".partial-{path.name}")
    try:
        nibabel.save(image, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_series(folder: Path, thorax: Thorax, *, patient: str, series: str = "1") -> None:
    """Write a scan as a DICOM series, one file a slice, the head first.

    Args:
        folder: Of the files ``<series>-001.dcm`` and so on.
        thorax: The scan.
        patient: Patient id.
        series: Digits that tell this series from others.

    Raises:
        StudyError: If pydicom is missing.
    """
    try:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
    except ImportError as error:
        msg = f"{folder}: DICOM, and pydicom is not installed; pip install leanlung[dicom]"
        raise StudyError(msg) from error
    folder.mkdir(parents=True, exist_ok=True)
    between, down, across = thorax.spacing
    count, rows, columns = thorax.hounsfield.shape
    corner = [-(columns - 1) * across / 2, -(rows - 1) * down / 2]
    for number, index in enumerate(reversed(range(count)), start=1):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        uid = f"{_ROOT_UID}{series}.{number}"
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = uid
        one.SeriesInstanceUID, one.StudyInstanceUID = f"{_ROOT_UID}{series}", f"{_ROOT_UID}9"
        one.Modality, one.PatientID, one.PatientName = "CT", patient, "Phantom^Made up"
        one.ImageComments, one.SeriesDescription = MADE_UP_NOTE, f"made up {series}"
        one.InstanceNumber, one.ImageOrientationPatient = number, [1, 0, 0, 0, 1, 0]
        one.ImagePositionPatient = [*corner, index * between]
        one.PixelSpacing, one.SliceThickness = [down, across], between
        one.Rows, one.Columns, one.SamplesPerPixel = rows, columns, 1
        one.PhotometricInterpretation, one.PixelRepresentation = "MONOCHROME2", 0
        one.BitsAllocated, one.BitsStored, one.HighBit = 16, 12, 11
        one.RescaleSlope, one.RescaleIntercept, one.RescaleType = 1, -1024, "HU"
        stored = (thorax.hounsfield[index].astype(np.int32) + 1024).astype("<u2")
        one.PixelData = stored.tobytes()
        one.save_as(folder / f"{series}-{number:03d}.dcm", enforce_file_format=True)


def _write(folder: Path, number: int, thorax: Thorax) -> Mapping[str, str]:
    """Write scan and masks of one patient; give their row of the table."""
    grey = number % 3 == 2
    name = (
        f"radiopaedia_{number + 1}_{80001 + number}_1"
        if grey
        else f"coronacases_{number + 1:03d}"
    )
    scan = (
        f"radiopaedia_org_covid-19-pneumonia-{name.removeprefix('radiopaedia_')}-dcm"
        if grey
        else name.replace("_", "_org_")
    )
    infection = thorax.infection.astype(np.uint8)
    window = WINDOWS["covid19_ct"]
    volumes: dict[str, NDArray[Any]] = {
        "ct_scan": shown(thorax.hounsfield.astype(np.float32), window)
        if grey
        else thorax.hounsfield,
        "lung_mask": thorax.lungs,
        "infection_mask": infection,
        "lung_and_infection_mask": np.where(
            thorax.infection, np.uint8(_INFECTED), thorax.lungs
        ),
    }
    row = {}
    for kind, voxels in volumes.items():
        path = folder / FOLDERS[kind] / f"{scan if kind == 'ct_scan' else name}.nii.gz"
        write_nifti(path, voxels, thorax.spacing, axes="RAS" if grey else "LPS")
        row[kind] = f"{_PREFIX}/{path.relative_to(folder).as_posix()}"
    return row
