"""A hash is the same for the same pixels, near for the same film, far for another patient's."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms import draw
from leanlung.studies.pictures import distance, near_pairs, perceptual_hash, pixel_sha256
from leanlung.studies.pictures.hashes import BITS, NEAR, levelled

if TYPE_CHECKING:
    from collections.abc import Callable


def film(patient: int) -> np.ndarray:
    return draw(Seeds(0), patient, sex="FM"[patient % 2]).image.astype(np.float32) / 255


def bits(text: str) -> np.ndarray:
    return np.array([digit == "1" for digit in f"{int(text, 16):0{BITS}b}"])


def test_the_same_pixels_have_the_same_sha_and_one_step_in_16_bits_another() -> None:
    image = film(0)
    assert pixel_sha256(image) == pixel_sha256(image.copy())
    assert pixel_sha256(image) == pixel_sha256(image + np.float32(0.2 / 65535))
    nudged = image.copy()
    nudged[7, 7] += np.float32(1 / 65535)
    assert pixel_sha256(nudged) != pixel_sha256(image)


def test_the_same_pixels_in_another_shape_have_another_sha() -> None:
    image = np.zeros((4, 6), np.float32)
    assert pixel_sha256(image) != pixel_sha256(image.reshape(6, 4))


def test_a_perceptual_hash_is_the_signs_of_the_lowest_frequencies() -> None:
    image = film(1)
    place, frequency = np.arange(64), np.arange(16)
    cosines = np.cos(np.pi * (2 * place + 1) * frequency[:, None] / 128)  # DCT-II, unscaled
    low = cosines @ levelled(image).astype(float) @ cosines.T
    expected = (low > 0).ravel()
    clear = np.abs(low).ravel() > 1e-3  # rounding decides the sign of a zero
    found = bits(perceptual_hash(image))
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert clear.sum() > 250


def test_a_levelled_picture_has_as_many_dark_as_light_pixels() -> None:
    level = levelled(film(2))
    assert level.shape == (64, 64)
    assert 120 < np.median(level) < 136
    np.testing.assert_allclose(np.quantile(level, [0.25, 0.75]), [64, 191], atol=8)


def test_distance_counts_bits() -> None:
    zero = "0" * 64
    assert distance(zero, zero) == 0
    assert distance(zero, "f" * 64) == 256
    assert distance("8" + "0" * 62 + "1", zero) == 2


@pytest.mark.parametrize("name", ["JPEG 40", "60 %", "gamma 0.7", "gamma 1.4", "flatter"])
def test_an_altered_film_is_near(
    name: str, alterations: dict[str, Callable[[np.ndarray], np.ndarray]]
) -> None:
    for patient in range(8):
        image = film(patient)
        altered = alterations[name](image)
        assert distance(perceptual_hash(image), perceptual_hash(altered)) <= NEAR


def test_films_of_different_patients_are_far() -> None:
    hashes = [perceptual_hash(film(patient)) for patient in range(40)]
    apart = [distance(one, two) for one, two in combinations(hashes, 2)]
    assert min(apart) > NEAR
    assert np.median(apart) > 80


def test_near_pairs_are_those_that_counting_one_by_one_finds() -> None:
    chance = np.random.default_rng(0)
    numbers = [int.from_bytes(chance.bytes(32)) for _ in range(60)]
    numbers += [number ^ (2**10 - 1) << 40 for number in numbers[:5]]  # ten bits away
    numbers += [numbers[7], numbers[7]]
    expected = [
        (first, second)
        for first, second in combinations(range(len(numbers)), 2)
        if (numbers[first] ^ numbers[second]).bit_count() <= 10
    ]
    assert len(expected) == 5 + 3
    assert near_pairs([f"{number:064x}" for number in numbers], within=10) == expected


@pytest.mark.parametrize("hashes", [[], ["0" * 64]])
def test_fewer_than_two_pictures_have_no_pairs(hashes: list[str]) -> None:
    assert near_pairs(hashes) == []


def test_blank_pictures_have_a_hash() -> None:
    black, white = np.zeros((50, 40), np.float32), np.ones((50, 40), np.float32)
    assert distance(perceptual_hash(black), perceptual_hash(white)) <= 1


@pytest.mark.parametrize("wrong", ["", "0" * 63, "0" * 66, "z" * 64])
def test_what_is_no_hash_is_refused(wrong: str) -> None:
    with pytest.raises(StudyError, match=f"perceptual hash '{wrong}'; 64 hexadecimal digits"):
        distance("0" * 64, wrong)
