"""Read a DICOM image to grey in [0, 1].

Pydicom, an optional part, is imported when the first DICOM file is met.

Source: DICOM PS3.3 C.7.6.3 (Image Pixel module); the grey scale itself is in `greyscale`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import greyscale
from leanlung.studies.pictures.frames import require_sound
from leanlung.studies.pictures.raster import luminance, require_sensible_size

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from pydicom import Dataset

EXTRA = 'pip install "leanlung[dicom]"'

_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


def read(data: bytes) -> NDArray[np.float32]:
    """Decode a DICOM image.

    Args:
        data: The whole file, with or without the 128-byte preamble.

    Returns:
        Shape (rows, columns), values in [0, 1], 0 black, whatever the photometric
        interpretation; colour becomes luminance.

    Raises:
        StudyError: If pydicom or a decoder is missing, the file is damaged or truncated, or it
            holds no image or several.
    """
    try:
        import pydicom  # noqa: F401 - optional, so looked for first
    except ImportError as error:
        msg = f"a DICOM file, and pydicom is not installed; {EXTRA}"
        raise StudyError(msg) from error
    try:
        dataset = _dataset(data)
        _require_one_image(dataset)
        return _grey(_stored(dataset), dataset)
    except StudyError:
        raise
    except Exception as error:  # damaged files raise nearly anything, from KeyError up
        msg = f"damaged or incomplete DICOM file ({error}); get the original file again"
        raise StudyError(msg) from error


def measured(data: bytes) -> NDArray[np.float32]:
    """Decode a DICOM image in the units of its modality, Hounsfield units for CT.

    Args:
        data: The whole file.

    Returns:
        Shape (rows, columns): stored values times slope plus intercept; no window is applied.

    Raises:
        StudyError: As `read`, or if the image is in colour.
    """
    try:
        dataset = _dataset(data)
        _require_one_image(dataset)
        photometric = dataset.PhotometricInterpretation
        if photometric not in _MONOCHROME:
            msg = f"DICOM with photometric interpretation {photometric!r}; grey was expected"
            raise StudyError(msg)
        values = greyscale.measured(_stored(dataset).astype(np.float64), dataset)
    except StudyError:
        raise
    except Exception as error:  # damaged files raise nearly anything, from KeyError up
        msg = f"damaged or incomplete DICOM file ({error}); get the original file again"
        raise StudyError(msg) from error
    return values.astype(np.float32)


def _dataset(data: bytes) -> Dataset:
    from pydicom import dcmread, uid
    from pydicom.dataset import FileMetaDataset

    dataset = dcmread(io.BytesIO(data), force=True)
    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", ()):
        # Pydicom found out by trial how elements are written; how pixels are compressed
        # nobody can find out.
        if "PixelData" in dataset and dataset["PixelData"].is_undefined_length:
            msg = "DICOM with compressed pixels that does not say how; its header is missing"
            raise StudyError(msg)
        implicit, little_endian = dataset.original_encoding
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = (
            uid.ImplicitVRLittleEndian
            if implicit
            else uid.ExplicitVRLittleEndian
            if little_endian
            else uid.ExplicitVRBigEndian
        )
    return dataset


def _require_one_image(dataset: Dataset) -> None:
    if "PixelData" not in dataset:
        modality = dataset.get("Modality") or "unknown"
        msg = f"DICOM of modality {modality} without pixel data; an image was expected"
        raise StudyError(msg)
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        msg = f"DICOM that has {frames} frames; a radiograph has one; save the frame you want"
        raise StudyError(msg)
    require_sensible_size(int(dataset.Rows), int(dataset.Columns))
    stored, high = int(dataset.BitsStored), int(dataset.get("HighBit", dataset.BitsStored - 1))
    if high != stored - 1:
        # Read as they stand, such pixels wrap round into stripes.
        msg = (
            f"DICOM with {stored} bits stored and high bit {high}; high bit {stored - 1} was "
            "expected; convert it with its maker's software"
        )
        raise StudyError(msg)


def _stored(dataset: Dataset) -> NDArray[np.integer[Any]]:
    from pydicom.encaps import get_frame
    from pydicom.pixels import get_decoder, pixel_array

    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        msg = f"DICOM in transfer syntax {syntax.name} ({syntax}), which holds no still image"
        raise StudyError(msg) from error
    if not decoder.is_available:
        msg = f"DICOM in transfer syntax {syntax.name} ({syntax}) needs a decoder; {EXTRA}"
        raise StudyError(msg)
    # GDCM where there is nothing else: damaged files can make it end the whole process.
    plugin = min(decoder.available_plugins, key=lambda name: name == "gdcm", default="")
    try:
        if syntax.is_encapsulated:
            frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
            shape = int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel)
            require_sound(frame, syntax, *shape)
        pixels: NDArray[np.integer[Any]] = pixel_array(dataset, decoding_plugin=plugin)
    except Exception as error:
        reason = " ".join(str(error).split())
        msg = f"DICOM pixel data in {syntax.name} cannot be decoded ({reason})"
        raise StudyError(msg) from error
    return pixels


def _grey(stored: NDArray[np.integer[Any]], dataset: Dataset) -> NDArray[np.float32]:
    photometric = dataset.PhotometricInterpretation
    if photometric in _MONOCHROME and stored.ndim == 2:
        return greyscale.render(stored, dataset)
    if photometric in _COLOUR and stored.ndim == 3:
        white = 2.0 ** int(dataset.BitsStored) - 1
        return luminance(np.clip(stored, 0, white), white)
    if photometric == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        colour = apply_color_lut(stored, dataset)
        return luminance(colour[..., :3], float(np.iinfo(colour.dtype).max))
    msg = (
        f"DICOM with photometric interpretation {photometric!r} and pixels of shape "
        f"{stored.shape}; expected {_MONOCHROME} with one sample a pixel, {_COLOUR} with "
        "three, or 'PALETTE COLOR'"
    )
    raise StudyError(msg)
