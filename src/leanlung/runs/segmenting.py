"""Segment films: their lung masks as files, a manifest with them, and what stays whole."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.files import write_bytes
from leanlung.foundations.tables import write_table
from leanlung.lungs import MARGIN, segment_files
from leanlung.runs.mask_files import save_mask
from leanlung.studies.manifest import read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from leanlung.lungs import LungBox, Lungs, Segmented, Segmenter
    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort

TABLE, MANIFEST = "lungs.csv", "manifest.csv"
COLUMNS = ("image_path", "mask_path", "plausible", "reason", "top", "bottom", "left", "right")
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm"})
_SHOWN = 640
_LUNG, _BOX = (80, 220, 80), (0, 200, 255)


@dataclass(frozen=True)
class SegmentedFilms:
    """What became of the films.

    Attributes:
        out: Folder with ``masks``, ``lungs.csv`` and, of a manifest, ``manifest.csv``.
        boxes: Of every film that could be read.
        unreadable: Reasons of the others.
    """

    out: Path
    boxes: Mapping[Path, LungBox]
    unreadable: tuple[str, ...]

    @property
    def whole(self) -> dict[Path, str]:
        """Films that stay whole, with the reason."""
        return {path: at.reason for path, at in self.boxes.items() if not at.plausible}

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold."""
        whole = self.whole
        return {
            "out": str(self.out),
            "films": len(self.boxes) + len(self.unreadable),
            "cropped": len(self.boxes) - len(whole),
            "whole": len(whole),
            "whole_films": [{"image": str(p), "reason": why} for p, why in whole.items()],
            "unreadable": list(self.unreadable),
            "boxes": {str(path): at.as_dict() for path, at in self.boxes.items()},
        }


def segment_films(
    segmenter: Segmenter,
    given: Sequence[Path],
    out: Path,
    *,
    margin: float = MARGIN,
    overlays: bool = False,
    device: torch.device,
    progress: Progress,
) -> SegmentedFilms:
    """Find the lungs on films, and write their masks.

    Args:
        segmenter: That finds them.
        given: Image files and folders of them, or one manifest.
        out: Folder to write to. ``masks`` holds plausible masks at the films' size, white where
            there is lung; ``implausible`` the others, to be looked at.
        margin: Added around the lungs, as a share of their box's longer side.
        overlays: Whether to draw outline and box on small copies of the films.
        device: Where the network runs.
        progress: Told what is going on.

    Raises:
        UsageError: If there is nothing to segment.
        StudyError: If the manifest cannot be read.
        StorageError: If the folder cannot be written.
    """
    cohort = read_manifest(given[0]) if _is_manifest(given) else None
    films = [s.image for s in cohort.studies] if cohort is not None else _files(given)
    films = list(dict.fromkeys(films))
    if not films:
        msg = f"{', '.join(map(str, given))}: no film there; PNG, JPEG, TIFF, BMP or DICOM"
        raise UsageError(msg)
    names = _names(films)

    def keep(one: Segmented, film: NDArray[np.float32]) -> None:
        if one.lungs is None:
            return
        folder = "masks" if one.lungs.at.plausible else "implausible"
        save_mask(out / folder / f"{names[one.image]}.png", one.lungs.of_film())
        if overlays:
            write_bytes(out / "overlays" / f"{names[one.image]}.jpg", overlay(film, one.lungs))

    boxes: dict[Path, LungBox] = {}
    unreadable = []
    with progress.task("finding lungs", len(films)) as done:
        found = segment_files(segmenter, films, margin=margin, device=device, use=keep)
        for number, one in enumerate(found, start=1):
            if one.lungs is None:
                unreadable.append(one.problem)
            else:
                boxes[one.image] = one.lungs.at
            done(number)
    masks = {p: out / "masks" / f"{names[p]}.png" for p, at in boxes.items() if at.plausible}
    rows = [
        {
            "image_path": path.resolve(),
            "mask_path": masks[path].relative_to(out).as_posix() if path in masks else "",
            **at.as_dict(),
        }
        for path, at in boxes.items()
    ]
    write_table(out / TABLE, COLUMNS, rows)
    if cohort is not None:
        _write_manifest(out / MANIFEST, cohort, masks)
    return SegmentedFilms(out, boxes, tuple(unreadable))


def overlay(film: NDArray[np.float32], lungs: Lungs) -> bytes:
    """Draw the outline of the lungs and their box on a small copy of a film, as JPEG."""
    scale = min(_SHOWN / max(film.shape), 1.0)
    size = max(round(film.shape[1] * scale), 1), max(round(film.shape[0] * scale), 1)
    grey = cv2.resize(film, size, interpolation=cv2.INTER_AREA)
    shown = cv2.cvtColor(np.rint(grey * 255.0).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    mask = cv2.resize(lungs.of_film(), size, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, outlines, -1, _LUNG, 1)
    top, bottom, left, right = (round(side * scale) for side in lungs.at.box)
    cv2.rectangle(shown, (left, top), (right - 1, bottom - 1), _BOX, 1)
    if not lungs.at.plausible:
        where = (4, shown.shape[0] - 6)
        cv2.putText(shown, lungs.at.reason, where, cv2.FONT_HERSHEY_SIMPLEX, 0.4, _BOX, 1)
    _, data = cv2.imencode(".jpg", shown)
    return bytes(data.tobytes())


def _is_manifest(given: Sequence[Path]) -> bool:
    return len(given) == 1 and given[0].suffix.lower() in {".csv", ".tsv"}


def _files(given: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(path.rglob("*"))
            found += [one for one in inside if one.suffix.lower() in _PICTURES]
        elif path.exists():
            found.append(path)
        else:
            msg = f"{path}: no such file or folder; give films, folders of them, or a manifest"
            raise StudyError(msg)
    return found


def _names(films: Sequence[Path]) -> dict[Path, str]:
    """Name the masks as the films, below their common folder; endings stay where needed."""
    whole = [path.resolve() for path in films]
    above = Path(os.path.commonpath([path.parent for path in whole]))
    plain = [path.relative_to(above) for path in whole]
    stems = [path.with_suffix("").as_posix() for path in plain]
    times = Counter(stems)
    return {
        film: path.as_posix() if times[stem] > 1 else stem
        for film, path, stem in zip(films, plain, stems, strict=True)
    }


def _write_manifest(path: Path, cohort: Cohort, masks: Mapping[Path, Path]) -> None:
    """Write the manifest again, with the masks that were found."""
    studies = tuple(
        replace(study, image=study.image.resolve(), lung_mask=_resolved(masks.get(study.image)))
        for study in cohort.studies
    )
    write_manifest(path, replace(cohort, studies=studies))


def _resolved(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()
