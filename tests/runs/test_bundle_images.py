"""Images for a bundle: what cannot be decoded or prepared is named, with its lung mask."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from leanlung.exports import load_bundle
from leanlung.foundations.errors import PixelError, StudyError
from leanlung.runs.bundle_images import bundle_images

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.exports import Bundle

FIRST = "films/000-0.png"


@pytest.fixture
def cropping(finished: Path) -> Bundle:
    """A bundle that crops to the lungs."""
    found = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    return replace(found, pixels=found.pixels.model_copy(update={"crop": "lungs"}))


@pytest.fixture
def masked_films(films: Path) -> Path:
    """The films, each with a lung mask beside it."""
    with (films / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (films / "masks").mkdir()
    for row in rows:
        row["mask_path"] = row["image_path"].replace("films", "masks")
        lungs = np.zeros((48, 48), np.uint8)
        lungs[10:40, 10:40] = 255
        Image.fromarray(lungs).save(films / row["mask_path"])
    with (films / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return films


def test_every_image_is_cropped_to_its_mask(cropping: Bundle, masked_films: Path) -> None:
    whole = replace(cropping, pixels=cropping.pixels.model_copy(update={"crop": "none"}))
    assert len(bundle_images(cropping, masked_films, "train")) == 60
    first, other = (
        bundle_images(one, masked_films, "train").take([0]) for one in (cropping, whole)
    )
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", [FIRST, FIRST.replace("films", "masks")])
def test_a_file_that_cannot_be_decoded_is_named(
    cropping: Bundle, masked_films: Path, name: str
) -> None:
    (masked_films / name).write_bytes(b"no picture")
    with pytest.raises(StudyError) as told:
        bundle_images(cropping, masked_films, "train")
    assert str(told.value).startswith(f"{masked_films / name}: not a picture")


def test_an_image_that_cannot_be_prepared_is_named(
    cropping: Bundle, masked_films: Path
) -> None:
    Image.fromarray(np.zeros((48, 48), np.uint8)).save(masked_films / FIRST)
    with pytest.raises(PixelError) as told:
        bundle_images(cropping, masked_films, "train")
    assert str(told.value).startswith(f"{masked_films / FIRST} with lung mask ")
    assert "nearly black" in str(told.value)


def test_an_empty_mask_is_named_with_its_image(cropping: Bundle, masked_films: Path) -> None:
    mask = masked_films / FIRST.replace("films", "masks")
    Image.fromarray(np.zeros((48, 48), np.uint8)).save(mask)
    with pytest.raises(PixelError) as told:
        bundle_images(cropping, masked_films, "train")
    assert str(told.value).startswith(f"{masked_films / FIRST} with lung mask {mask}: the lung")
