"""A DICOM file in a few words, for the tests of this folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom import Dataset


@pytest.fixture
def image_of() -> Callable[..., Dataset]:
    """Make a data set from pixels; keywords become attributes, None takes one away."""
    pydicom = pytest.importorskip("pydicom")

    def build(pixels: np.ndarray, bits: int | None = None, **attributes: object) -> Dataset:
        allocated = pixels.dtype.itemsize * 8
        dataset = pydicom.Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.SOPClassUID = pydicom.uid.DigitalXRayImageStorageForPresentation
        dataset.SOPInstanceUID = "1.2.3"
        dataset.Modality = "DX"
        dataset.Rows, dataset.Columns = pixels.shape[:2]
        dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
        if dataset.SamplesPerPixel == 3:
            dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
        dataset.BitsAllocated = allocated
        dataset.BitsStored = bits or allocated
        dataset.HighBit = (bits or allocated) - 1
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        data = pixels.tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
        for name, value in attributes.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        return dataset

    return build


@pytest.fixture
def table_of() -> Callable[..., Dataset]:
    """Make a lookup table: the values, the first input, and the bits it claims to have."""
    pydicom = pytest.importorskip("pydicom")

    def build(entries: list[int] | bytes, first: int, bits: int, count: int = -1) -> Dataset:
        item = pydicom.Dataset()
        item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [0, first, bits])
        item["LUTDescriptor"].value[0] = len(entries) if count < 0 else count
        item.add_new("LUTData", "OW" if isinstance(entries, bytes) else "US", entries)
        return item

    return build


@pytest.fixture
def file_of() -> Callable[[Dataset], bytes]:
    """Give the bytes of the file a data set is saved as."""

    def save(dataset: Dataset) -> bytes:
        file = io.BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()

    return save


@pytest.fixture
def ramp() -> np.ndarray:
    """Every 12-bit value once, in 64 rows of 64."""
    return np.arange(4096, dtype=np.uint16).reshape(64, 64)


@pytest.fixture
def alterations() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What happens to a film on its way from archive to archive; pictures in, pictures out."""

    def saved_as_jpeg(image: np.ndarray) -> np.ndarray:
        _, file = cv2.imencode(".jpg", eight_bit(image) * 255, [cv2.IMWRITE_JPEG_QUALITY, 40])
        return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255

    def resized(image: np.ndarray) -> np.ndarray:
        small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, image.shape[::-1])

    def cropped(image: np.ndarray) -> np.ndarray:
        rows, columns = (round(0.03 * side) for side in image.shape)
        return np.ascontiguousarray(image[rows:-rows, columns:-columns])

    def eight_bit(image: np.ndarray) -> np.ndarray:
        return np.rint(np.clip(image, 0, 1) * 255).astype(np.float32) / 255

    return {
        "JPEG 40": saved_as_jpeg,
        "60 %": resized,
        "gamma 0.7": lambda image: eight_bit(image**0.7),
        "gamma 1.4": lambda image: eight_bit(image**1.4),
        "brighter": lambda image: eight_bit(image + 0.15),
        "darker": lambda image: eight_bit(image - 0.15),
        "flatter": lambda image: eight_bit((image - 0.5) * 0.85 + 0.5),
        "harder": lambda image: eight_bit((image - 0.5) * 1.15 + 0.5),
        "cropped": cropped,
    }
