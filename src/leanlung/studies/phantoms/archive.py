"""An archive of phantoms on disk: images, masks and the manifest that lists them.

::

    folder/
      phantoms.json     what was asked for; written first
      images/  lungs/  lesions/    one PNG an image, of the same name
      cohort.csv        the manifest; written last, so that its presence says all is there
"""

from __future__ import annotations

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, PngImagePlugin

from leanlung.foundations import files, tables
from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.manifest import read_manifest
from leanlung.studies.phantoms.draw import draw
from leanlung.studies.phantoms.hospital import HOSPITALS
from leanlung.studies.phantoms.spec import patients
from leanlung.studies.study import MADE_UP

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.phantoms.spec import Patient, PhantomSpec
    from leanlung.studies.study import Cohort

COLUMNS = (
    "study_id",
    "image_path",
    "mask_path",
    "lesion_path",
    "label",
    "patient_id",
    "patient_id_confidence",
    "source",
    "view",
    "sex",
    "age",
    "modality",
    "license",
)

_DRAWING = 1
"""Counts up when the same specification would give other pictures."""

_PARTS = ("images", "lungs", "lesions")
_WORKERS = 2


def make(folder: Path, spec: PhantomSpec) -> Cohort:
    """Make up an archive, or take the one that is there.

    Args:
        folder: Missing, empty, an unfinished archive (drawn anew) or a finished one of the
            same specification (taken as it is).
        spec: What to make up.

    Returns:
        A cohort of studies with lung masks; ``lesion_path``, relative to the folder, is among
        the attributes.

    Raises:
        StudyError: If the folder holds something else.
        StorageError: If it cannot be written.
    """
    manifest, order = folder / "cohort.csv", folder / "phantoms.json"
    asked = json.dumps({"drawing": _DRAWING, **asdict(spec)}, indent=2) + "\n"
    _require_room(folder, order)
    if not manifest.exists():
        for part in _PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
        files.write_text(order, asked)
        with ThreadPoolExecutor(_WORKERS) as pool:
            rows = chain.from_iterable(pool.map(partial(_write, folder, spec), patients(spec)))
            tables.write_table(manifest, COLUMNS, rows)
    elif order.read_text(encoding="utf-8") != asked:
        msg = f"{folder}: holds phantoms of another specification; choose another folder"
        raise StudyError(msg)
    return replace(read_manifest(manifest), name="phantoms", classes=spec.classes)


def _require_room(folder: Path, order: Path) -> None:
    empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not empty and not order.is_file():
        msg = f"{folder}: holds something else than phantoms; choose an empty or a new folder"
        raise StudyError(msg)


def _write(folder: Path, spec: PhantomSpec, patient: Patient) -> list[dict[str, object]]:
    """Draw and write every image of one patient; give their rows of the manifest."""
    rows = []
    for number in range(patient.images):
        phantom = draw(
            Seeds(spec.seed),
            patient.number,
            number,
            label=patient.label,
            hospital=patient.hospital,
            size=spec.size,
            contrast=spec.contrast,
            sex=patient.sex,
            age=patient.age,
        )
        name = f"{patient.id}-{number}"
        masks = (mask.astype(np.uint8) * 255 for mask in (phantom.lungs, phantom.lesion))
        for part, picture in zip(_PARTS, (phantom.image, *masks), strict=True):
            files.write_bytes(folder / part / f"{name}.png", _png(picture))
        rows.append(
            {
                "study_id": name,
                "image_path": f"images/{name}.png",
                "mask_path": f"lungs/{name}.png",
                "lesion_path": f"lesions/{name}.png",
                "label": patient.label,
                "patient_id": patient.id,
                "patient_id_confidence": "exact",
                "source": f"phantom hospital {patient.hospital}",
                "view": HOSPITALS[patient.hospital].view,
                "sex": patient.sex,
                "age": patient.age,
                "modality": "DX",
                "license": MADE_UP,
            }
        )
    return rows


def _png(picture: NDArray[np.uint8]) -> bytes:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "made up: a phantom, no patient")
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1, pnginfo=note)
    return file.getvalue()
