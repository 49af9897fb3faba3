"""Thumbnails: small pictures of single studies, kept so that a report can be drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.files import write_bytes
from leanlung.foundations.tables import write_table
from leanlung.studies.manifest import read_manifest
from leanlung.studies.pictures import decode, pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.runs.folder import RunFolder
    from leanlung.studies.study import Study

SIDE = 192
"""Pixels of the longer side."""

LARGEST = 25_000
"""Bytes of one picture at most."""

INDEX = "films.csv"
"""Tells which picture is of which study."""

_QUALITIES = (85, 70, 50, 30, 10)


def thumbnails(folder: RunFolder, studies: Sequence[str]) -> dict[str, bytes]:
    """Give small pictures of studies; make and keep those that are not there yet.

    A study whose image is gone, cannot be read, or is no longer the picture that the run saw
    has none.

    Args:
        folder: Of a run.
        studies: By id.

    Returns:
        JPEG files by study id.
    """
    paths = {name: folder.thumbnails / _name(name) for name in studies}
    missing = {name for name, path in paths.items() if not path.is_file()}
    if missing and folder.cohort.is_file():
        for study in read_manifest(folder.cohort).studies:
            if study.study_id in missing:
                _keep(study, paths[study.study_id])
    kept = {name: path for name, path in paths.items() if path.is_file()}
    if missing & set(kept):
        rows = [{"study_id": name, "film": path.name} for name, path in kept.items()]
        write_table(folder.thumbnails / INDEX, ["study_id", "film"], rows)
    return {name: path.read_bytes() for name, path in kept.items()}


def jpeg(image: NDArray[np.float32]) -> bytes:
    """Write an image as a small JPEG file.

    Args:
        image: Shape (height, width), values in [0, 1].

    Returns:
        At most `LARGEST` bytes.
    """
    scale = SIDE / max(image.shape)
    size = [max(1, round(scale * length)) for length in (image.shape[1], image.shape[0])]
    if scale < 1.0:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    pixels = np.rint(np.clip(image, 0.0, 1.0) * 255).astype(np.uint8)
    written = b""
    for quality in _QUALITIES:
        written = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(written) <= LARGEST:
            break
    return written


def _keep(study: Study, path: Path) -> None:
    try:
        image = decode(study.image)
    except LeanlungError:
        return  # the report says that the picture is gone
    if study.attributes.get("pixel_sha256") in ("", None, pixel_sha256(image)):
        write_bytes(path, jpeg(image))


def _name(study: str) -> str:
    """Give a file name; an id may hold anything."""
    return f"{fingerprints.of_value(study)[:16]}.jpg"
