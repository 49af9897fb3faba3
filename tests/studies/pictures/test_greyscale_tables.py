"""Lookup tables, of the modality and of the values of interest: against hand arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures.greyscale import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom import Dataset

    Build = Callable[..., Dataset]

processing = pytest.importorskip("pydicom.pixels.processing")


def row(*values: int, kind: type = np.uint16) -> np.ndarray:
    return np.array([values], kind)


def test_a_modality_table_comes_first_and_replaces_the_slope(
    image_of: Build, table_of: Build
) -> None:
    stored = row(9, 10, 11, 12, 99)
    dataset = image_of(stored, 12, RescaleSlope=1000, RescaleIntercept=7)
    dataset.ModalityLUTSequence = [table_of([0, 100, 400], first=10, bits=12)]
    np.testing.assert_allclose(render(stored, dataset)[0], [0, 0, 0.25, 1, 1])
    dataset.WindowCenter, dataset.WindowWidth = 100.5, 201
    np.testing.assert_allclose(render(stored, dataset)[0], [0, 0, 0.5, 1, 1])


def test_a_table_of_interest_is_scaled_by_its_bits_and_preferred_to_a_window(
    image_of: Build, table_of: Build
) -> None:
    stored = row(0, 1, 2, 3)
    dataset = image_of(stored, 12, WindowCenter=1, WindowWidth=1)
    second = table_of([0, 0, 0, 0], first=0, bits=12)
    dataset.VOILUTSequence = [table_of([0, 1000, 2000, 3000], first=0, bits=12), second]
    np.testing.assert_allclose(
        render(stored, dataset)[0], np.array([0, 1000, 2000, 3000]) / 4095, atol=1e-6
    )
    theirs = processing.apply_voi(stored, dataset)
    np.testing.assert_allclose(render(stored, dataset), theirs / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("bits", "top", "white"),
    [
        (16, 4095, 4095),  # 16 is the stored size, 12 what the entries have
        (8, 4095, 4095),  # entries do not fit into 8 bits
        (12, 3000, 4095),  # a table may stay below white
        (16, 65535, 65535),
        (16, 0, 1),
    ],
)
def test_a_wrong_number_of_bits_is_seen_from_the_entries(
    image_of: Build, table_of: Build, bits: int, top: int, white: int
) -> None:
    stored = row(0, 1)
    dataset = image_of(stored, 12, VOILUTSequence=[table_of([0, top], first=0, bits=bits)])
    np.testing.assert_allclose(render(stored, dataset)[0], [0, top / white], atol=1e-6)


@pytest.mark.parametrize("first", [-2, 2**16 - 2])
def test_the_first_input_of_signed_values_is_signed(
    image_of: Build, table_of: Build, first: int
) -> None:
    stored = row(-3, -2, -1, 0, 5, kind=np.int16)
    dataset = image_of(stored, VOILUTSequence=[table_of([0, 2, 4, 255], first=first, bits=8)])
    np.testing.assert_allclose(render(stored, dataset)[0] * 255, [0, 0, 2, 4, 255])


def test_the_first_input_of_unsigned_values_may_be_large(
    image_of: Build, table_of: Build
) -> None:
    stored = row(40_000, 40_001)
    dataset = image_of(stored, VOILUTSequence=[table_of([51, 255], first=40_000, bits=8)])
    np.testing.assert_allclose(render(stored, dataset)[0], [0.2, 1])


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (np.array([0, 500, 4095], "<u2").tobytes(), "1.2.840.10008.1.2.1"),
        (np.array([0, 500, 4095], ">u2").tobytes(), "1.2.840.10008.1.2.2"),
    ],
)
def test_a_table_in_words_is_read_in_the_byte_order_of_the_file(
    image_of: Build, table_of: Build, data: bytes, syntax: str
) -> None:
    stored = row(0, 1, 2)
    dataset = image_of(stored, VOILUTSequence=[table_of(data, first=0, bits=12, count=3)])
    dataset.file_meta.TransferSyntaxUID = type(dataset.file_meta.TransferSyntaxUID)(syntax)
    np.testing.assert_allclose(render(stored, dataset)[0], [0, 500 / 4095, 1], atol=1e-6)


def test_a_table_of_bytes_is_read_as_bytes(image_of: Build, table_of: Build) -> None:
    stored = row(0, 1, 2)
    table = table_of(bytes([0, 51, 255, 0]), first=0, bits=8, count=3)  # padded to even
    np.testing.assert_allclose(
        render(stored, image_of(stored, VOILUTSequence=[table]))[0], [0, 0.2, 1]
    )


def test_a_table_of_65536_entries_writes_its_length_as_zero(
    image_of: Build, table_of: Build
) -> None:
    stored = row(0, 1, 2**16 - 1)
    table = table_of(list(range(2**16)), first=0, bits=16, count=0)
    grey = render(stored, image_of(stored, VOILUTSequence=[table]))
    np.testing.assert_allclose(grey[0], stored[0] / 65535)


def test_a_table_of_one_entry_gives_one_grey(image_of: Build, table_of: Build) -> None:
    stored = row(0, 9)
    grey = render(stored, image_of(stored, VOILUTSequence=[table_of([51], first=0, bits=8)]))
    np.testing.assert_allclose(grey[0], [0.2, 0.2])


@pytest.mark.parametrize("missing", ["LUTDescriptor", "LUTData"])
def test_a_table_without_one_of_its_parts_is_refused(
    image_of: Build, table_of: Build, missing: str
) -> None:
    table = table_of([0, 255], first=0, bits=8)
    delattr(table, missing)
    with pytest.raises(StudyError, match="lookup table without"):
        render(row(0, 1), image_of(row(0, 1), VOILUTSequence=[table]))
