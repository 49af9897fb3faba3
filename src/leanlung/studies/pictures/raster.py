"""Read a raster picture: PNG, JPEG, BMP or TIFF, to grey in [0, 1].

Pillow decodes because it refuses a truncated file, where OpenCV fills in grey without a word.
OpenCV takes over only for 16-bit colour PNG, which Pillow would cut to 8 bits.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LARGEST_PIXELS = 80_000_000
"""More than twice the largest detector; more is a decompression bomb or no radiograph."""

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_RED, _GREEN, _BLUE = 19595, 38470, 7471
_WEIGHTS = 65536
_WHITE_IS_ZERO = 0
_BITS, _PHOTOMETRIC = 258, 262

# What sets a picture upright, by the value of its EXIF Orientation.
_UPRIGHT: dict[int, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.T,
    6: lambda image: image[::-1].T,
    7: lambda image: image[::-1, ::-1].T,
    8: lambda image: image.T[::-1],
}


def read(data: bytes) -> NDArray[np.float32]:
    """Decode a PNG, JPEG, BMP or TIFF.

    Colour becomes luminance, transparency is ignored, a 16-bit picture keeps its 16 bits,
    and the EXIF orientation is applied.

    Args:
        data: The whole file.

    Returns:
        Shape (height, width), values in [0, 1], 0 black.

    Raises:
        StudyError: If the file is damaged, truncated or too large, holds several pictures,
            or has pixels without a known white (32-bit or floating-point TIFF).

    Source: Luminance after ITU-R BT.601; orientation after EXIF 2.32, tag 0x0112.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            require_sensible_size(image.height, image.width)
            _require_one_picture(image)
            sixteen_bit_colour = ";16" in str(image.tile) and "I;16" not in image.mode
            image.load()
            # After loading: Pillow has then turned a TIFF itself and dropped its tag.
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            grey = _sixteen_bit_luminance(data, image) if sixteen_bit_colour else _grey(image)
    except StudyError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        found = str(error).rstrip(".")
        msg = f"{found}; a radiograph was expected; scale it down first if it is one"
        raise StudyError(msg) from error
    except UnidentifiedImageError as error:
        msg = (
            "damaged or truncated picture, or of a kind that Pillow does not know; get the "
            "original file again, or save it as a 16-bit grey PNG"
        )
        raise StudyError(msg) from error
    except Exception as error:  # damaged files raise nearly anything, from struct.error up
        msg = f"damaged or truncated picture ({error}); get the original file again"
        raise StudyError(msg) from error
    return np.ascontiguousarray(_UPRIGHT.get(orientation, _as_it_is)(grey))


def luminance(colour: NDArray[np.generic], white: float) -> NDArray[np.float32]:
    """Turn red, green and blue into grey.

    The weights are whole numbers that add up to a power of two, so that a grey picture saved
    as colour gives the very same grey.

    Args:
        colour: Shape (height, width, 3), from 0 to ``white``.
        white: The value of white.

    Returns:
        Shape (height, width), values in [0, 1].
    """
    # The sums of 8-bit colours stay below 2**24, so that 32-bit floats hold them exactly.
    exact = np.float32 if white <= 255 else np.float64
    weighted = colour.astype(exact) @ np.array([_RED, _GREEN, _BLUE], exact)
    grey: NDArray[np.float32] = (weighted / exact(_WEIGHTS * white)).astype(np.float32)
    return grey


def require_sensible_size(height: int, width: int) -> None:
    """Refuse a picture without pixels, or with more than `LARGEST_PIXELS`.

    Raises:
        StudyError: If it is so.
    """
    if height < 1 or width < 1:
        msg = f"{height} x {width} pixels; a picture has at least one"
        raise StudyError(msg)
    if height * width > LARGEST_PIXELS:
        msg = (
            f"{height} x {width} pixels, more than {LARGEST_PIXELS}; no radiograph is that "
            "large; scale it down first if it is one"
        )
        raise StudyError(msg)


def _require_one_picture(image: Image.Image) -> None:
    # The second picture of a JPEG is a camera's preview; those of the others are pages.
    pictures = getattr(image, "n_frames", 1) if image.format in ("PNG", "TIFF") else 1
    if pictures > 1:
        msg = f"{image.format} with {pictures} pictures; a radiograph is one; save it alone"
        raise StudyError(msg)


def _grey(image: Image.Image) -> NDArray[np.float32]:
    if image.mode in ("1", "L", "LA"):
        return np.asarray(image.convert("L"), np.float32) / np.float32(255)
    if image.mode.startswith("I;16"):
        # Pillow gives the 12 bits of a TIFF as they are, and turns 8-bit TIFFs whose zero is
        # white, but not those of more bits.
        tags = getattr(image, "tag_v2", {})
        white = 2 ** int(tags.get(_BITS, (16,))[0]) - 1
        grey = np.asarray(image).astype(np.float32) / np.float32(white)
        return np.float32(1) - grey if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey
    if image.mode in ("P", "PA"):
        # By way of RGBA: Pillow warns when a transparent palette goes straight to RGB.
        return luminance(np.asarray(image.convert("RGBA"))[..., :3], 255)
    if image.mode in ("RGB", "RGBA", "CMYK", "YCbCr"):
        return luminance(np.asarray(image.convert("RGB")), 255)
    msg = (
        f"{image.format} with pixels of kind {image.mode!r}, whose white is not known; "
        "8-bit or 16-bit was expected; save it as a 16-bit grey PNG"
    )
    raise StudyError(msg)


def _sixteen_bit_luminance(data: bytes, image: Image.Image) -> NDArray[np.float32]:
    if image.format != "PNG":
        msg = f"{image.format} with 16-bit colour; save it as a 16-bit grey PNG"
        raise StudyError(msg)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    blue_green_red = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if blue_green_red is None:
        msg = "PNG with 16-bit colour that OpenCV cannot decode; save it as a 16-bit grey PNG"
        raise StudyError(msg)
    return luminance(blue_green_red[..., ::-1], 65535)


def _as_it_is(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return image
