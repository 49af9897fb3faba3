"""The DICOM grey scale: stored values to grey in [0, 1].

In this order and no other: modality (stored values to what was measured), values of interest
(a window or a table), inversion, padding. Turning a picture round before its window, or
stretching it after, are the usual mistakes, and both leave a picture that looks right.

Written out although pydicom has it: `pydicom.pixels` fails on modality tables of 10 to 15
bits, believes a wrong table descriptor, and gives windowed values in the modality's units
where [0, 1] is wanted. Where it is right, the tests compare with it.

Source: DICOM PS3.4 N.2; PS3.3 C.7.5.1.1.2 (padding), C.11.1 (modality), C.11.2 (values of
interest), C.8.11.3 and C.11.6 (inversion).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from pydicom import Dataset

    Values = NDArray[np.float64]
    Places = NDArray[np.bool_]


def render(stored: NDArray[np.integer[Any]], dataset: Dataset) -> NDArray[np.float32]:
    """Turn the stored values of one monochrome image into grey.

    With a window or a table of interest, black and white are what it says. Without, they are
    the smallest and the largest value, padding left out. Padding comes out black.

    Args:
        stored: Shape (rows, columns), integers as pydicom unpacks them.
        dataset: What the file says of them; not changed.

    Returns:
        Shape (rows, columns), values in [0, 1], 0 black.

    Raises:
        StudyError: If a slope, a window or a table cannot be applied.
    """
    padding = _padding(stored, dataset)
    values = measured(stored.astype(np.float64), dataset)
    grey = _values_of_interest(values, dataset, padding)
    # A DX image carries MONOCHROME1 and INVERSE together (C.8.11.3): they say the same thing,
    # that small is bright, and turn the picture round once, not twice.
    if (
        dataset.PhotometricInterpretation == "MONOCHROME1"
        or dataset.get("PresentationLUTShape") == "INVERSE"
    ):
        grey = 1.0 - grey
    grey[padding] = 0.0
    return grey.astype(np.float32)


def _padding(stored: NDArray[np.integer[Any]], dataset: Dataset) -> Places:
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, np.bool_)
    limit = dataset.get("PixelPaddingRangeLimit")
    ends = [_as_signed_as(stored, end) for end in (value, value if limit is None else limit)]
    return (stored >= min(ends)) & (stored <= max(ends))


def _as_signed_as(stored: NDArray[np.integer[Any]], value: int) -> int:
    # Writers give the padding of signed pixels as unsigned, and the other way round.
    if np.issubdtype(stored.dtype, np.signedinteger):
        return value - 2**16 if value >= 2**15 else value
    return value + 2**16 if value < 0 else value


def measured(values: Values, dataset: Dataset) -> Values:
    """Turn stored values into what was measured, Hounsfield units for CT.

    Raises:
        StudyError: If a slope or a table cannot be applied.
    """
    if tables := dataset.get("ModalityLUTSequence"):
        return _looked_up(values, tables[0], dataset)[0]
    slope, intercept = _first(dataset, "RescaleSlope"), _first(dataset, "RescaleIntercept")
    if slope == 0.0:
        msg = (
            "rescale slope 0; any other number was expected, or nothing would be left of the "
            "image; correct Rescale Slope (0028,1053), or delete it"
        )
        raise StudyError(msg)
    return values * (1.0 if slope is None else slope) + (intercept or 0.0)


def _values_of_interest(values: Values, dataset: Dataset, padding: Places) -> Values:
    # A table comes before a window: it is the curve the maker of the film chose, a window
    # its straight approximation. Of several of either, the first.
    if tables := dataset.get("VOILUTSequence"):
        entries, white = _looked_up(values, tables[0], dataset)
        grey: Values = entries / white
        return grey
    centre, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if centre is not None and width is not None:
        return _windowed(values, centre, width, dataset.get("VOILUTFunction") or "LINEAR")
    shown = values[~padding]
    span = float(np.ptp(shown)) if shown.size else 0.0
    if span == 0.0:
        return np.zeros_like(values)
    return np.clip((values - float(shown.min())) / span, 0.0, 1.0)


def _windowed(values: Values, centre: float, width: float, function: str) -> Values:
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        msg = f"VOI LUT Function {function!r}; LINEAR, LINEAR_EXACT or SIGMOID was expected"
        raise StudyError(msg)
    if width <= 0 or (function == "LINEAR" and width < 1):
        # Refused rather than passed over: a grey scale chosen by guess, and another than the
        # rest of the archive has, would change what a network sees and nobody would know.
        least = "at least 1" if function == "LINEAR" else "more than 0"
        msg = (
            f"window width {width:g}; {function} needs {least}; correct Window Width "
            "(0028,1051), or delete it to have the whole range of the image shown"
        )
        raise StudyError(msg)
    if function == "SIGMOID":
        # The hyperbolic tangent is the same curve and does not overflow.
        return (1.0 + np.tanh(2.0 * (values - centre) / width)) / 2.0
    low, span = centre - width / 2.0, width
    if function == "LINEAR":
        low, span = centre - 0.5 - (width - 1.0) / 2.0, width - 1.0
    if span == 0.0:
        return (values > low).astype(np.float64)
    return np.clip((values - low) / span, 0.0, 1.0)


def _looked_up(values: Values, item: Dataset, dataset: Dataset) -> tuple[Values, int]:
    descriptor = item.get("LUTDescriptor")
    if descriptor is None or len(descriptor) != 3 or not item.get("LUTData"):
        msg = "lookup table without a descriptor of three numbers or without data"
        raise StudyError(msg)
    count, first, bits = (int(number) for number in descriptor)
    entries = _entries(item.LUTData, count % 2**16 or 2**16, dataset)
    if first >= 2**15 and values.min() < 0:  # written as unsigned where negatives come in
        first -= 2**16
    positions = np.clip(np.rint(values) - first, 0, len(entries) - 1).astype(np.intp)
    largest = int(entries.max())
    # Some makers give 16, the stored size of an entry, for tables of 12 bits; then, and when
    # an entry does not fit, the entries themselves tell how many bits they have.
    if bits >= 16 or largest >= 2**bits:
        bits = max(1, largest.bit_length())
    return entries[positions].astype(np.float64), 2**bits - 1


def _entries(data: bytes | int | list[int], count: int, dataset: Dataset) -> NDArray[np.int64]:
    if isinstance(data, bytes):
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        eight_bits = len(data) <= count + 1  # an odd length is padded to even
        usable = data[: len(data) // 2 * 2]
        packed = np.frombuffer(usable, np.uint8 if eight_bits else f"{order}u2")
        return packed[:count].astype(np.int64)
    # Entries are unsigned whatever the value representation says.
    return np.atleast_1d(np.asarray(data, np.int64))[:count] & 0xFFFF


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str):  # several values, or none
        value = value[0] if len(value) else None
    if value is None or value == "":
        return None
    number = float(value)
    if not np.isfinite(number):
        element = dataset[keyword]
        msg = (
            f"{element.name} {number:g}; a finite number was expected; correct "
            f"({element.tag.group:04X},{element.tag.element:04X}), or delete it"
        )
        raise StudyError(msg)
    return number
