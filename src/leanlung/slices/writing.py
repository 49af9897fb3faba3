"""Write slices: pictures, masks and the manifest that lists them.

::

    folder/
      slices.json       how they were cut; written first
      images/  lungs/  lesions/     one PNG a picture, of the same name
      left-out.csv      what is not among them, and why
      manifest.csv      written last, so that its presence says all is there
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from leanlung.foundations.errors import LeanlungError, StorageError, StudyError
from leanlung.foundations.files import write_json
from leanlung.foundations.tables import write_table
from leanlung.foundations.within import parted, within
from leanlung.slices.cutting import Piece, cut
from leanlung.slices.gathering import LESION
from leanlung.studies.manifest import write_manifest
from leanlung.studies.pictures import decode
from leanlung.studies.study import Cohort, Study
from leanlung.studies.volumes import AIR_BELOW, WINDOWS, find_lungs, slice_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from leanlung.slices.cutting import CutSpec

SETTINGS, MANIFEST, LEFT_OUT = "slices.json", "manifest.csv", "left-out.csv"
_PARTS = ("images", "lungs", "lesions")
_WHITE = 255
_WIDE = WINDOWS["covid19_ct"]
_STRANGE = re.compile(r"[^\w.]+")


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        folder: Where.
        cohort: The pictures.
        left_out: Name and reason of what is not among them.
        found: Slices whose lungs were found by their air, as no mask was given.
    """

    folder: Path
    cohort: Cohort
    left_out: tuple[tuple[str, str], ...]
    found: int

    def as_dict(self) -> dict[str, Any]:
        """Describe it, as a value that JSON can hold."""
        reasons = Counter(reason for _, reason in self.left_out)
        return {
            "manifest": str(self.folder / MANIFEST),
            "images": len(self.cohort.studies),
            "patients": len(self.cohort.patients),
            "classes": self.cohort.counts,
            "patients_of_several_classes": len(self.cohort.mixed_patients),
            "made_up": self.cohort.made_up,
            "lungs_found_by_air": self.found,
            "left_out": [
                {"reason": reason, "images": count} for reason, count in reasons.most_common()
            ],
            "left_out_list": str(self.folder / LEFT_OUT),
        }


_Result = tuple[list[Piece], list[tuple[str, str]], bool]


def write_slices(
    cohort: Cohort,
    folder: Path,
    spec: CutSpec,
    watch: Callable[[int], None] = lambda _done: None,
    workers: int = 0,
) -> Written:
    """Cut all slices of a cohort and write them.

    A slice that cannot be read or cut is left out, with the reason; the others go on.

    Args:
        cohort: From `gather`.
        folder: New, empty, or of an earlier attempt that did not end.
        spec: How.
        watch: Told how many slices are done.
        workers: Threads; 0 for as many as there are cores.

    Returns:
        What was written.

    Raises:
        StudyError: If the folder holds something else, or no slice is left.
        StorageError: If it cannot be written.
    """
    _require_room(folder)
    for part in _PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
    write_json(folder / SETTINGS, _told(spec) | {"slices": len(cohort.studies)})
    for part in _PARTS:
        (folder / part).mkdir()
    kept: list[Study] = []
    left_out: list[tuple[str, str]] = []
    found = 0
    names: set[str] = set()

    def one(study: Study) -> _Result:
        return _cut_one(study, spec)

    for done, (study, result) in enumerate(_in_order(cohort.studies, one, workers), start=1):
        pieces, without, by_air = result
        found += by_air and bool(pieces)
        left_out += [(_named(study, region), reason) for region, reason in without]
        kept += [_keep(folder, study, piece, names, by_air=by_air) for piece in pieces]
        watch(done)
    write_table(
        folder / LEFT_OUT,
        ("image", "reason"),
        [{"image": name, "reason": reason} for name, reason in left_out],
    )
    if not kept:
        first = f"; {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        msg = f"{folder}: of {len(cohort.studies)} slices none is left{first}"
        raise StudyError(msg)
    classes = tuple(sorted({study.label for study in kept}))
    whole = Cohort(cohort.name, classes, tuple(kept))
    write_manifest(folder / MANIFEST, whole)
    return Written(folder, whole, tuple(left_out), found)


def _require_room(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        msg = f"{folder}: a file; a new or an empty folder was expected"
        raise StudyError(msg)
    held = {one.name for one in folder.iterdir()} if folder.exists() else set()
    if held and (SETTINGS not in held or MANIFEST in held):
        what = "slices" if MANIFEST in held and SETTINGS in held else "something else"
        msg = f"{folder}: holds {what} already; choose an empty or a new folder"
        raise StudyError(msg)


def _told(spec: CutSpec) -> dict[str, Any]:
    return asdict(spec) | {"clahe": spec.clahe.model_dump() if spec.clahe else None}


def _in_order(
    studies: tuple[Study, ...], one: Callable[[Study], _Result], workers: int
) -> Iterator[tuple[Study, _Result]]:
    """Cut in order, few at a time, so that memory stays flat and a volume is opened once."""
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield from ((study, one(study)) for study in studies)
        return
    with ThreadPoolExecutor(count) as pool:
        for start in range(0, len(studies), 4 * count):
            some = studies[start : start + 4 * count]
            yield from zip(some, pool.map(one, some), strict=True)


def _cut_one(study: Study, spec: CutSpec) -> _Result:
    try:
        image = _bytes(study.image)
        lesion = study.attributes.get(LESION)
        marked = None if lesion is None else _bytes(Path(lesion))
        lung = None if study.lung_mask is None else _bytes(study.lung_mask)
        by_air = lung is None and spec.crop != "none"
        if by_air:
            lung = _by_air(study.image, image).astype(np.uint8)
        pieces, left_out = cut(image, lung, marked, spec)
    except LeanlungError as error:
        return [], [("", str(error))], False
    return pieces, left_out, by_air


def _bytes(path: Path) -> NDArray[np.uint8]:
    if parted(path)[1]:
        return slice_picture(path)  # what `decode` gives, without the way by [0, 1]
    whole: NDArray[np.uint8] = np.rint(decode(path) * np.float32(_WHITE)).astype(np.uint8)
    return whole


def _by_air(path: Path, image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find lungs in Hounsfield units where there are any, whatever window was asked for."""
    file, words = parted(path)
    if not words:
        return find_lungs(image, None)
    others = [word for word in words.split(",") if not word.startswith("window=")]
    shown = _bytes(within(file, ",".join([*others, f"window={_WIDE.name}"])))
    return find_lungs(shown, _WHITE * (AIR_BELOW - _WIDE.low) / _WIDE.width)


def _named(study: Study, region: str) -> str:
    return f"{study.study_id},lung={region}" if region else study.study_id


def _keep(folder: Path, study: Study, piece: Piece, names: set[str], *, by_air: bool) -> Study:
    """Write a piece; give its study."""
    name = _named(study, piece.region)
    file = _STRANGE.sub("-", name.split("/", 1)[-1] if "/z=" in name else name).strip("-")
    while file in names:
        file += "-again"
    names.add(file)
    planes = dict(zip(_PARTS, (piece.image, piece.lung, piece.lesion), strict=True))
    for part, plane in planes.items():
        if plane is not None:
            _save(folder / part / f"{file}.png", plane)
    facts = dict(study.attributes)
    facts.pop(LESION, None)
    if piece.lesion is not None:
        facts |= {
            LESION: f"lesions/{file}.png",
            "infection_pixels": str(piece.infection_pixels),
        }
    if piece.lung is not None:
        facts |= {"lung_pixels": str(piece.lung_pixels)}
        facts |= {"lung_mask_by": "air" if by_air else "given"}
    if piece.region:
        facts["lung"] = piece.region
    if spacing := facts.get("spacing_mm"):
        between, *inside = (float(number) for number in spacing.split())
        down, across = (mm * share for mm, share in zip(inside, piece.stretch, strict=True))
        facts["spacing_mm"] = f"{between:.4g} {down:.4g} {across:.4g}"
    return Study(
        name,
        study.patient_id,
        folder / "images" / f"{file}.png",
        piece.label or study.label,
        study.patient_id_confidence,
        None if piece.lung is None else folder / "lungs" / f"{file}.png",
        MappingProxyType(facts),
    )


def _save(path: Path, plane: NDArray[np.uint8]) -> None:
    # Not flushed one by one: the manifest, written last, says that all are there.
    try:
        path.write_bytes(cv2.imencode(".png", plane)[1].tobytes())
    except OSError as error:
        msg = f"{path}: {error.strerror}; free some space, or choose another --out"
        raise StorageError(msg) from error
