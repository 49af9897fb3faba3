"""A phantom is the same whenever it is drawn, and its lesion is where its mask says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms import HOSPITALS, LESIONS, Phantom, draw

SEEDS = Seeds(0)
PATIENTS = range(24)


def films(label: str, **options: object) -> list[Phantom]:
    """One film of each of two dozen patients."""
    return [
        draw(SEEDS, patient, label=label, sex="FM"[patient % 2], size=128, **options)
        for patient in PATIENTS
    ]


def sides(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a lung mask into what is left and right of the middle of the picture."""
    count, parts, boxes, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    lungs = sorted(range(1, count), key=lambda part: -boxes[part, cv2.CC_STAT_AREA])[:2]
    left, right = sorted(lungs, key=lambda part: centres[part, 0])
    return parts == left, parts == right


def test_shapes_and_kinds() -> None:
    phantom = draw(SEEDS, 0, size=100)
    assert phantom.image.shape == phantom.lungs.shape == phantom.lesion.shape == (100, 100)
    assert phantom.image.dtype == np.uint8
    assert phantom.lungs.dtype == phantom.lesion.dtype == np.bool_


def test_the_same_call_draws_the_same_film_bit_by_bit() -> None:
    one = draw(SEEDS, 3, 1, label="ground_glass", hospital="B")
    two = draw(Seeds(0), 3, 1, label="ground_glass", hospital="B")
    for name in ("image", "lungs", "lesion"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("other", [(Seeds(1), 3, 1), (SEEDS, 4, 1), (SEEDS, 3, 2)])
def test_another_seed_patient_or_image_is_another_film(other: tuple[Seeds, int, int]) -> None:
    assert (draw(*other).image != draw(SEEDS, 3, 1).image).mean() > 0.5


def test_films_of_one_patient_are_more_alike_than_those_of_two() -> None:
    def overlap(one: Phantom, two: Phantom) -> float:
        return (one.lungs & two.lungs).sum() / (one.lungs | two.lungs).sum()

    same = [overlap(draw(SEEDS, p, 0), draw(SEEDS, p, 1)) for p in PATIENTS]
    different = [overlap(draw(SEEDS, p, 0), draw(SEEDS, p + 1, 0)) for p in PATIENTS]
    assert np.mean(same) > np.mean(different) + 0.05


@pytest.mark.parametrize("label", LESIONS)
def test_lungs_take_up_a_fifth_to_four_tenths_and_are_darker_than_the_rest(label: str) -> None:
    for phantom in films(label):
        assert 0.18 < phantom.lungs.mean() < 0.42
        middle = slice(32, 96)  # the corners are dark too
        image, lungs = phantom.image[middle, middle], phantom.lungs[middle, middle]
        assert image[lungs].mean() < image[~lungs].mean() - 15


def test_the_heart_is_on_the_right_of_the_picture() -> None:
    areas = np.array([[lung.sum() for lung in sides(p.lungs)] for p in films("normal")])
    assert areas[:, 0].mean() > 1.1 * areas[:, 1].mean()  # the heart takes from the left lung


def test_the_right_dome_is_the_higher_one() -> None:
    def dome(lung: np.ndarray) -> int:
        columns = np.flatnonzero(lung.any(axis=0))  # from the heart outward
        beside_the_heart = columns[len(columns) * 6 // 10 : len(columns) * 8 // 10]
        return min(np.flatnonzero(lung[:, column])[-1] for column in beside_the_heart)

    pairs = [sides(phantom.lungs) for phantom in films("normal")]
    lower = [dome(left) - dome(right[:, ::-1]) for right, left in pairs]
    assert np.median(lower) > 1  # pixels, of 128


def test_a_normal_film_has_no_lesion() -> None:
    assert not any(phantom.lesion.any() for phantom in films("normal"))


@pytest.mark.parametrize("label", ["lobar_consolidation", "ground_glass"])
def test_a_lesion_lies_inside_the_lungs_and_is_not_small(label: str) -> None:
    for phantom in films(label):
        assert not (phantom.lesion & ~phantom.lungs).any()
        assert 0.05 < phantom.lesion.sum() / phantom.lungs.sum() < 0.6


def test_consolidation_is_in_one_lung_and_ground_glass_in_both() -> None:
    for phantom in films("lobar_consolidation"):
        shares = [(phantom.lesion & lung).sum() for lung in sides(phantom.lungs)]
        assert min(shares) == 0 < max(shares)
    for phantom in films("ground_glass"):
        assert all((phantom.lesion & lung).sum() > 20 for lung in sides(phantom.lungs))


def test_ground_glass_prefers_the_bases() -> None:
    heights = [
        np.argwhere(p.lesion)[:, 0].mean() - np.argwhere(p.lungs)[:, 0].mean()
        for p in films("ground_glass")
    ]
    assert np.mean(heights) > 8  # pixels further down, of 128


@pytest.mark.parametrize("label", ["lobar_consolidation", "ground_glass"])
@pytest.mark.parametrize("hospital", HOSPITALS)
def test_the_film_is_brighter_where_the_lesion_is_and_nowhere_else(
    label: str, hospital: str
) -> None:
    ill = films(label, hospital=hospital)
    well = films("normal", hospital=hospital)
    for one, two in zip(ill, well, strict=True):
        np.testing.assert_array_equal(one.lungs, two.lungs)  # the same patient, before
        change = one.image.astype(float) - two.image
        assert change[one.lesion].mean() > 5
        assert abs(change[~one.lungs].mean()) < 1


def test_the_mirrored_lung_is_darker_than_a_consolidation() -> None:
    differences = []
    for phantom in films("lobar_consolidation"):
        mirrored = phantom.lesion[:, ::-1] & phantom.lungs & ~phantom.lesion
        if mirrored.any():
            image = phantom.image.astype(float)
            differences.append(image[phantom.lesion].mean() - image[mirrored].mean())
    assert len(differences) > 20
    assert np.mean(differences) > 15


def test_contrast_is_how_strong_the_lesion_is() -> None:
    def rise(contrast: float) -> float:
        ill = draw(SEEDS, 5, label="lobar_consolidation", contrast=(contrast, contrast))
        change = ill.image.astype(float) - draw(SEEDS, 5).image
        return float(change[ill.lesion].mean())

    assert rise(0.2) < rise(0.5) < rise(1.0)


def test_hospitals_differ_in_grey_and_in_letters_but_not_in_anatomy() -> None:
    a, b = films("normal", hospital="A"), films("normal", hospital="B")
    for one, two in zip(a, b, strict=True):
        np.testing.assert_array_equal(one.lungs, two.lungs)
        assert two.image[two.lungs].mean() > one.image[one.lungs].mean() + 20
    assert burned_in(b, "top", "left") > 30
    assert burned_in(a, "top", "left") == 0
    assert burned_in(a, "top", "right") > 3


def burned_in(drawn: list[Phantom], row: str, column: str) -> int:
    """Count the light pixels of a quarter that are the same on every one of some films."""
    half = len(drawn[0].image) // 2
    rows = slice(0, half) if row == "top" else slice(half, None)
    columns = slice(0, half) if column == "left" else slice(half, None)
    quarters = np.stack([phantom.image[rows, columns] for phantom in drawn])
    return int(((quarters == quarters[0]).all(axis=0) & (quarters[0] > 100)).sum())


def test_every_film_says_that_it_is_made_up() -> None:
    every = [
        draw(SEEDS, patient, label=label, hospital=hospital)
        for patient in range(4)
        for label in LESIONS
        for hospital in HOSPITALS
    ]
    assert burned_in(every, "bottom", "right") > 60
    assert burned_in(every, "bottom", "left") == 0


@pytest.mark.parametrize("size", [64, 100, 97, 300])
def test_every_size_can_be_drawn(size: int) -> None:
    for label in LESIONS:
        phantom = draw(SEEDS, 1, label=label, size=size, hospital="B")
        assert phantom.image.shape == (size, size)
        assert phantom.lesion.any() == (label != "normal")


def test_a_larger_film_shows_the_same_patient() -> None:
    small = draw(SEEDS, 2, size=128, label="lobar_consolidation")
    large = draw(SEEDS, 2, size=256, label="lobar_consolidation")
    for name in ("lungs", "lesion"):
        shrunk = getattr(large, name)[::2, ::2]
        same = getattr(small, name)
        assert (shrunk & same).sum() / (shrunk | same).sum() > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "ground_glas"}, "no phantom class 'ground_glas'.*did you mean"),
        ({"hospital": "C"}, r"no phantom hospital 'C'; expected one of \['A', 'B'\]"),
        ({"size": 63}, "phantoms of 63 pixels; from 64 to 2048"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        draw(SEEDS, 0, **options)
