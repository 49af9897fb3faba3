"""Lesions: boxes and masks that radiologists drew, and lung masks, on the pixels of a film."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations.errors import PixelError, StudyError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import numbered_rows
from leanlung.foundations.within import file_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Region = NDArray[np.bool]

_IMAGE = ("path", "image_path", "image")
_MASK = ("mask", "mask_path")
_FINDING = ("roi_class", "finding")
_SIDES = ("x", "y", "w", "h")
_SIZE = ("image_width", "image_height")
_SLACK = 1.0
"""Pixels that a box may stick out of its film, as boxes are rounded."""

_OTHER_SHAPE = 0.05


@dataclass(frozen=True)
class LesionBox:
    """A rectangle that somebody drew around a lesion.

    Attributes:
        left: Of its left side, in pixels from the film's left edge; fractions are allowed.
        top: Of its upper side, likewise.
        width: In pixels, above zero.
        height: Likewise.
        drawn_on: Width and height of the film it was drawn on, if the table tells.
        finding: What was seen, such as ``consolidation``; may be empty.
    """

    left: float
    top: float
    width: float
    height: float
    drawn_on: tuple[float, float] | None = None
    finding: str = ""


@dataclass(frozen=True)
class Lesions:
    """What was drawn on one film.

    Attributes:
        boxes: All of them; several may be parts of one lesion.
        masks: Files whose pixels above zero are lesion; their union counts.
    """

    boxes: tuple[LesionBox, ...]
    masks: tuple[Path, ...]


def read_lesions(table: Path, findings: Sequence[str] = ()) -> dict[Path, Lesions]:
    """Read a table of lesion boxes, one row a box.

    Args:
        table: CSV with ``path`` (or ``image_path``, ``image``), ``x``, ``y``, ``w``, ``h`` in
            pixels of the film, and if known ``image_width``, ``image_height``, ``mask`` (a
            file) and ``roi_class``. Paths are meant from its folder or the one above.
        findings: Rows of these values of ``roi_class`` alone; all if none is named.

    Returns:
        By the film's resolved path; of each relative path, one entry for either folder.

    Raises:
        StudyError: If there is no such table, a column is missing, or a row has no film or no
            box with an area.
        UsageError: If a finding stands in no row.
    """
    rows = numbered_rows(table)
    columns = list(rows[0][1]) if rows else []
    image = next((name for name in _IMAGE if name in columns), "")
    if not image or (missing := [name for name in _SIDES if name not in columns]):
        lacking = missing if image else list(_IMAGE[:1])
        msg = (
            f"{table}: no column {lacking[0]!r} among {columns}; a film's path and x, y, w, h "
            "of a box in its pixels were expected, and a row or more"
        )
        raise StudyError(msg)
    finding = next((name for name in _FINDING if name in columns), "")
    mask = next((name for name in _MASK if name in columns), "")
    seen = {row[finding] for _, row in rows} if finding else set()
    for name in findings:
        if name not in seen:
            hint = did_you_mean(name, seen)
            msg = f"{table}: no row with finding {name!r}; there are {sorted(seen)}{hint}"
            raise UsageError(msg)
    bases = table.parent, table.parent.parent
    boxes: dict[Path, list[LesionBox]] = {}
    masks: dict[Path, dict[Path, None]] = {}
    for line, row in rows:
        if findings and row[finding] not in findings:
            continue
        if not row[image]:
            msg = f"{table}, line {line}: no film; its path was expected under {image!r}"
            raise StudyError(msg)
        box = _box(table, line, row, row.get(finding, ""))
        file = (
            next((b / row[mask] for b in bases if file_of(b / row[mask]).is_file()), None)
            if (mask and row[mask])
            else None
        )
        if mask and row[mask] and file is None:
            msg = f"{table}, line {line}: no mask {row[mask]!r} below {bases[0]} or {bases[1]}"
            raise StudyError(msg)
        for path in {(base / row[image]).resolve() for base in bases}:
            boxes.setdefault(path, []).append(box)
            if file is not None:
                masks.setdefault(path, {})[file] = None
    return {
        path: Lesions(tuple(found), tuple(masks.get(path, ()))) for path, found in boxes.items()
    }


def inside_boxes(boxes: Sequence[LesionBox], shape: tuple[int, int]) -> Region:
    """Mark the pixels of a film whose centres lie in a box.

    Where a table tells the size of the film that was drawn on, boxes are scaled to this one.

    Args:
        boxes: One or more.
        shape: Height and width of the film.

    Returns:
        (height, width).

    Raises:
        PixelError: If a box was drawn on a film of other proportions, lies partly outside, or
            holds no pixel.
    """
    height, width = shape
    marked = np.zeros(shape, dtype=np.bool_)
    for box in boxes:
        across, down = 1.0, 1.0
        if box.drawn_on is not None:
            _require_alike((int(box.drawn_on[1]), int(box.drawn_on[0])), shape, "a lesion box")
            across, down = width / box.drawn_on[0], height / box.drawn_on[1]
        left, right = box.left * across, (box.left + box.width) * across
        top, bottom = box.top * down, (box.top + box.height) * down
        inside = slice(_first(top), _first(bottom)), slice(_first(left), _first(right))
        sticks_out = max(-left, -top, right - width, bottom - height) > _SLACK
        if sticks_out or not marked[inside].size:
            msg = (
                f"a lesion box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) on a film "
                f"of {width} x {height} pixels; a box within it was expected, of one pixel or "
                "more"
            )
            raise PixelError(msg)
        marked[inside] = True
    return marked


def inside_mask(mask: NDArray[np.generic], shape: tuple[int, int], about: str) -> Region:
    """Bring a mask to the size of its film.

    Args:
        mask: (H, W), above zero inside; of the film's proportions, at any size.
        shape: Height and width of the film.
        about: What to call it in a message, such as ``a lung mask``.

    Returns:
        (height, width) of the film.

    Raises:
        PixelError: If the mask has other proportions, or is empty or full.
    """
    height, width = shape
    _require_alike((mask.shape[0], mask.shape[1]), shape, about)
    marked = (np.asarray(mask, dtype=np.float64) > 0.0).astype(np.uint8)
    if mask.shape != shape:
        marked = cv2.resize(marked, (width, height), interpolation=cv2.INTER_NEAREST)
    inside: Region = marked.astype(np.bool_)
    if not inside.any() or inside.all():
        state = "full" if inside.any() else "empty"
        msg = f"{about} is {state}; above zero inside and zero outside was expected"
        raise PixelError(msg)
    return inside


def _first(side: float) -> int:
    """Give the first pixel whose centre lies at a side or beyond it."""
    return max(0, math.ceil(side - 0.5))


def _require_alike(found: tuple[int, int], shape: tuple[int, int], about: str) -> None:
    proportion = (found[1] / found[0]) / (shape[1] / shape[0])
    if abs(math.log(proportion)) > _OTHER_SHAPE:
        msg = (
            f"{about} of {found[1]} x {found[0]} pixels beside a film of {shape[1]} x "
            f"{shape[0]}; the same size, or the same proportions, were expected"
        )
        raise PixelError(msg)


def _box(table: Path, line: int, row: Mapping[str, str], finding: str) -> LesionBox:
    left, top, width, height = (_number(table, line, name, row[name]) for name in _SIDES)
    told = [row.get(name, "") for name in _SIZE]
    drawn_on = None
    if all(told):
        across, down = (_number(table, line, *each) for each in zip(_SIZE, told, strict=True))
        drawn_on = across, down
    if min(width, height, *(drawn_on or (1.0,))) <= 0.0:
        msg = (
            f"{table}, line {line}: a box of {width:g} x {height:g} on a film of {told}; sides "
            "above zero were expected"
        )
        raise StudyError(msg)
    return LesionBox(left, top, width, height, drawn_on, finding)


def _number(table: Path, line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"{table}, line {line}: {column} is {text!r}; a number of pixels was expected"
        raise StudyError(msg)
    return number
