"""Modality, then window or table, then inversion, then padding: against hand arithmetic."""

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


def test_without_a_window_smallest_is_black_and_largest_white(image_of: Build) -> None:
    stored = row(100, 150, 300)
    np.testing.assert_allclose(render(stored, image_of(stored, 12))[0], [0, 0.25, 1])


def test_a_constant_image_is_black(image_of: Build) -> None:
    stored = row(7, 7, 7)
    assert not render(stored, image_of(stored)).any()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # centre 100, width 51: from 99.5 - 25 to 99.5 + 25
        ("LINEAR", [0, (75 - 74.5) / 50, (100 - 74.5) / 50, (124 - 74.5) / 50, 1]),
        # from 100 - 25.5 to 100 + 25.5
        ("LINEAR_EXACT", [0, 0.5 / 51, 0.5, 49.5 / 51, 1 - 0.5 / 51]),
        ("SIGMOID", [1 / (1 + np.exp(-4 * (x - 100) / 51)) for x in (10, 75, 100, 124, 125)]),
    ],
)
def test_a_window_is_what_the_standard_says(
    image_of: Build, function: str, expected: list[float]
) -> None:
    stored = row(10, 75, 100, 124, 125)
    window = {"WindowCenter": 100, "WindowWidth": 51, "VOILUTFunction": function}
    grey = render(stored, image_of(stored, 12, **window))
    np.testing.assert_allclose(grey[0], expected, atol=1e-6)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_a_window_agrees_with_pydicom(image_of: Build, function: str, kind: type) -> None:
    stored = np.arange(-2048, 2048, dtype=np.int16) + (2048 if kind is np.uint16 else 0)
    stored = stored.astype(kind).reshape(64, 64)
    dataset = image_of(
        stored,
        12,
        WindowCenter=["310.5", "1"],
        WindowWidth=["900", "1"],
        VOILUTFunction=function,
        RescaleSlope="0.5",
        RescaleIntercept="-20",
    )
    theirs = processing.apply_windowing(processing.apply_rescale(stored, dataset), dataset)
    ends = np.array([stored.min(), stored.max()]) * 0.5 - 20  # the whole 12-bit range
    np.testing.assert_allclose(
        render(stored, dataset), (theirs - ends[0]) / np.ptp(ends), atol=1e-6
    )


def test_the_window_is_not_stretched_to_the_image(image_of: Build) -> None:
    stored = row(1000, 2000)
    grey = render(stored, image_of(stored, 12, WindowCenter=2048, WindowWidth=4096))
    np.testing.assert_allclose(grey[0], [1000 / 4095, 2000 / 4095], atol=1e-6)


def test_the_window_is_in_units_of_the_modality(image_of: Build) -> None:
    stored = row(0, 1000, 2000)  # -1000, 0 and 1000 after the rescale
    dataset = image_of(
        stored,
        12,
        RescaleSlope=1,
        RescaleIntercept=-1000,
        WindowCenter=0.5,
        WindowWidth=2001,
    )
    np.testing.assert_allclose(render(stored, dataset)[0], [0, 0.5, 1])


def test_a_falling_slope_turns_the_picture_round(image_of: Build) -> None:
    stored = row(0, 1, 4)
    dataset = image_of(stored, 12, RescaleSlope=-2, RescaleIntercept=8)
    np.testing.assert_allclose(render(stored, dataset)[0], [1, 0.75, 0])


def test_a_slope_of_zero_is_refused_because_nothing_would_be_left(image_of: Build) -> None:
    dataset = image_of(row(0, 1, 4), 12, RescaleSlope=0, RescaleIntercept=0)
    with pytest.raises(StudyError, match=r"rescale slope 0; .* delete it"):
        render(row(0, 1, 4), dataset)


def test_a_window_of_width_one_is_a_step(image_of: Build) -> None:
    stored = row(9, 10)
    grey = render(stored, image_of(stored, 12, WindowCenter=10, WindowWidth=1))
    assert grey[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("function", "width"),
    [("LINEAR", 0), ("LINEAR", 0.5), ("LINEAR_EXACT", 0), ("SIGMOID", -3)],
)
def test_an_impossible_width_is_refused(image_of: Build, function: str, width: float) -> None:
    dataset = image_of(row(1, 2), 12, WindowCenter=1, WindowWidth=width)
    dataset.VOILUTFunction = function
    with pytest.raises(StudyError, match=rf"window width {width}; {function} needs"):
        render(row(1, 2), dataset)


@pytest.mark.parametrize(
    ("keyword", "name", "tag"),
    [
        ("WindowCenter", "Window Center", "0028,1050"),
        ("WindowWidth", "Window Width", "0028,1051"),
        ("RescaleSlope", "Rescale Slope", "0028,1053"),
        ("RescaleIntercept", "Rescale Intercept", "0028,1052"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_what_is_no_finite_number_is_named(
    image_of: Build, keyword: str, name: str, tag: str, number: str
) -> None:
    dataset = image_of(row(1, 2), 12, WindowCenter=1, WindowWidth=2)
    setattr(dataset, keyword, float(number))
    with pytest.raises(StudyError) as caught:
        render(row(1, 2), dataset)
    assert str(caught.value) == (
        f"{name} {number}; a finite number was expected; correct ({tag}), or delete it"
    )


def test_an_unknown_window_function_is_refused(image_of: Build) -> None:
    dataset = image_of(row(1, 2), 12, WindowCenter=1, WindowWidth=2, VOILUTFunction="CUBIC")
    with pytest.raises(StudyError, match="'CUBIC'; LINEAR, LINEAR_EXACT or SIGMOID"):
        render(row(1, 2), dataset)


@pytest.mark.parametrize("empty", [None, "", ["", "40"]])
def test_half_a_window_is_no_window(image_of: Build, empty: str | list[str] | None) -> None:
    dataset = image_of(row(100, 300), 12, WindowCenter=5)
    dataset.WindowWidth = empty
    assert render(row(100, 300), dataset)[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("photometric", "shape", "turned"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),  # DX: one inversion, said twice
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_a_picture_is_turned_round_once_and_after_its_window(
    image_of: Build, photometric: str, shape: str | None, turned: bool
) -> None:
    stored = row(0, 10, 20, 40)
    dataset = image_of(
        stored, 12, PhotometricInterpretation=photometric, WindowCenter=10.5, WindowWidth=21
    )
    if shape:
        dataset.PresentationLUTShape = shape
    windowed = np.array([0, 0.5, 1, 1])
    np.testing.assert_allclose(render(stored, dataset)[0], 1 - windowed if turned else windowed)


def test_padding_is_black_and_does_not_count(image_of: Build) -> None:
    stored = row(0, 1000, 1500, 2000, 4095)
    dataset = image_of(stored, 12, PixelPaddingValue=0)
    np.testing.assert_allclose(
        render(stored, dataset)[0], [0, 0, 500 / 3095, 1000 / 3095, 1], atol=1e-6
    )
    dataset.PixelPaddingRangeLimit = 1200
    np.testing.assert_allclose(render(stored, dataset)[0], [0, 0, 0, 500 / 2595, 1], atol=1e-6)


def test_padding_stays_black_when_the_picture_is_turned_round(image_of: Build) -> None:
    stored = row(0, 1000, 2000)
    dataset = image_of(stored, 12, PhotometricInterpretation="MONOCHROME1")
    dataset.PixelPaddingValue = 0
    assert render(stored, dataset)[0].tolist() == [0.0, 1.0, 0.0]


def test_nothing_but_padding_is_black(image_of: Build) -> None:
    stored = row(5, 5)
    assert not render(stored, image_of(stored, 12, PixelPaddingValue=5)).any()


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (row(-2000, 0, 100, kind=np.int16), 2**16 - 2000),
        (row(-2000, 0, 100, kind=np.int16), -2000),
        (row(65000, 0, 100), 65000 - 2**16),
    ],
)
def test_padding_written_with_the_wrong_sign_is_understood(
    image_of: Build, stored: np.ndarray, written: int
) -> None:
    dataset = image_of(stored)
    dataset.add_new("PixelPaddingValue", "SS" if written < 0 else "US", written)
    assert render(stored, dataset)[0].tolist() == [0.0, 0.0, 1.0]
