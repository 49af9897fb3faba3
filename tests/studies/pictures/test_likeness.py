"""The same film is recognised after a crop; the film of another patient is not."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms import draw
from leanlung.studies.pictures import (
    Look,
    distance,
    likeness,
    look,
    near_identical,
    near_identical_pairs,
)
from leanlung.studies.pictures.hashes import NEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    Alterations = dict[str, Callable[[np.ndarray], np.ndarray]]


def film(patient: int) -> np.ndarray:
    return draw(Seeds(0), patient, sex="FM"[patient % 2]).image.astype(np.float32) / 255


def test_a_look_is_small_and_can_be_kept() -> None:
    seen = look(film(0))
    assert seen == look(film(0))
    assert len(bytes.fromhex(seen.hash)) == 32
    assert len(seen.thumbnail) == 32 * 32


def test_a_picture_is_wholly_explained_by_itself() -> None:
    seen = look(film(0))
    assert likeness(seen, seen) == pytest.approx(1.0, abs=1e-5)


def test_unrelated_pictures_explain_little_of_each_other() -> None:
    chance = np.random.default_rng(0)
    one, two = (cv2.resize(chance.random((9, 9), np.float32), (256, 256)) for _ in range(2))
    assert likeness(look(one), look(two)) < 0.3


def test_a_turned_window_explains_as_well() -> None:
    assert likeness(look(film(0)), look(1 - film(0))) > 0.99


@pytest.mark.parametrize(
    "name",
    ["JPEG 40", "60 %", "gamma 0.7", "gamma 1.4", "darker", "flatter", "harder", "cropped"],
)
def test_an_altered_film_is_recognised(name: str, alterations: Alterations) -> None:
    found = 0
    for patient in range(12):
        image = film(patient)
        found += near_identical(look(image), look(alterations[name](image)))
    assert found >= 11


@pytest.mark.parametrize("name", ["JPEG 40", "60 %", "gamma 1.4"])
def test_a_negative_is_the_same_film(name: str, alterations: Alterations) -> None:
    # MONOCHROME1 that somebody saved without turning it round.
    negatives = [look(1 - alterations[name](film(patient))) for patient in range(12)]
    looks = [look(film(patient)) for patient in range(12)] + negatives
    found = near_identical_pairs(looks)
    assert len(found) >= 11
    assert {second - first for first, second in found} == {12}
    assert near_identical(looks[0], negatives[0])


def test_a_crop_is_what_the_hash_alone_misses(alterations: Alterations) -> None:
    image = film(0)
    one, two = look(image), look(alterations["cropped"](image))
    assert distance(one.hash, two.hash) > NEAR
    assert near_identical(one, two)


def test_films_of_different_patients_are_not_the_same_film() -> None:
    assert near_identical_pairs([look(film(patient)) for patient in range(60)]) == []


def test_alike_thumbnails_with_far_hashes_are_not_the_same_film() -> None:
    seen = look(film(0))
    flipped = f"{int(seen.hash, 16) ^ (2**100 - 1):064x}"  # 100 bits away
    assert not near_identical(seen, Look(flipped, seen.thumbnail))
    assert near_identical_pairs([seen, Look(flipped, seen.thumbnail)]) == []


def test_pairs_are_those_that_looking_one_by_one_finds(alterations: Alterations) -> None:
    originals = [film(patient) for patient in range(6)]
    looks = [look(image) for image in originals]
    looks += [look(alterations["cropped"](image)) for image in originals]
    looks += [look(alterations["gamma 1.4"](image)) for image in originals]
    expected = [
        (first, second)
        for first, second in combinations(range(18), 2)
        if near_identical(looks[first], looks[second])
    ]
    assert near_identical_pairs(looks) == expected
    assert {(patient, patient + 12) for patient in range(6)} <= set(expected)


def test_blank_pictures_are_like_nothing() -> None:
    blank = look(np.full((40, 30), 0.5, np.float32))
    assert likeness(blank, blank) == 0.0
    assert not near_identical(blank, look(film(0)))
    assert near_identical_pairs([blank, blank]) == []


def test_no_pictures_have_no_pairs() -> None:
    assert near_identical_pairs([]) == []
