"""Parts of a slice, drawn by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leanlung.foundations.errors import PixelError, UsageError
from leanlung.pixels import Clahe, PixelSpec, prepare
from leanlung.slices import CutSpec, Rule, cut, regions, sides, verdict


def blank() -> np.ndarray:
    return np.zeros((20, 30), np.bool_)


def two_lungs() -> np.ndarray:
    lung = blank()
    lung[4:12, 3:11] = True  # the patient's right: 64 pixels
    lung[4:16, 18:26] = True  # the left: 96
    return lung


def test_the_right_lung_is_at_the_picture_s_left() -> None:
    right, left = sides(two_lungs())
    assert (right.sum(), left.sum()) == (64, 96)
    assert right[:, :15].sum() == 64


def test_lungs_that_touch_are_parted_where_they_are_thinnest() -> None:
    lung = two_lungs()
    lung[8:9, 11:18] = True
    right, left = sides(lung)
    assert not (right & left).any()
    assert (right | left).sum() == lung.sum()
    assert right[4:12, 3:11].all()
    assert left[4:16, 18:26].all()


def test_two_pieces_that_overlap_in_columns_stay_whole() -> None:
    lung = blank()
    lung[2:8, 2:17] = True
    lung[10:18, 14:29] = True
    right, left = sides(lung)
    assert right[2:8, 2:17].all()
    assert left[10:18, 14:29].all()


@pytest.mark.parametrize(
    ("columns", "is_right"), [(slice(3, 14), True), (slice(16, 28), False)]
)
def test_a_single_lung_is_of_the_half_it_lies_in(columns: slice, is_right: bool) -> None:
    lung = blank()
    lung[5:15, columns] = True
    right, left = sides(lung)
    assert bool(right.any()) is is_right
    assert bool(left.any()) is not is_right


def test_no_lung_gives_two_empty_sides() -> None:
    assert [side.sum() for side in sides(blank())] == [0, 0]


def test_quadrants_are_front_and_back_of_each_lung() -> None:
    parts = [(one.name, one.lung) for one in regions(two_lungs(), "quadrants")]
    found = {name: int(lung.sum()) for name, lung in parts if lung is not None}
    assert found == {"right-front": 32, "right-back": 32, "left-front": 48, "left-back": 48}
    front = parts[0][1]
    assert front is not None
    assert front[:8].sum() == 32  # above in the picture


@pytest.mark.parametrize(
    ("infection", "lung", "found"),
    [
        (0, 300, "clear"), (1, 300, "neither clear nor infected enough"),
        (5, 300, "neither clear nor infected enough"), (6, 300, "infected"),
        (0, 255, "too few pixels of lung"), (255, 255, "too few pixels of lung"),
    ],
)  # fmt: skip
def test_the_label_follows_from_the_share_of_infected_lung(
    infection: int, lung: int, found: Any
) -> None:
    assert verdict(infection, lung, Rule(infected=0.02, clear=0.0, lung=256)) == found


@pytest.mark.parametrize(
    "rule",
    [
        {"infected": 0.1, "clear": 0.1},
        {"infected": 1.1},
        {"clear": -0.1},
        {"lung": 0},
        {"pixels": 0},
    ],
)
def test_a_rule_without_room_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Rule(**rule)


def a_slice() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    lesion = blank()
    lesion[10:14, 20:24] = True  # 16 of 96 pixels, in the left lung's back
    return image, two_lungs(), lesion


def test_halves_are_labelled_by_their_own_lung_alone() -> None:
    pieces, left_out = cut(*a_slice(), CutSpec(size=16, crop="left-right", rule=Rule(lung=10)))
    assert [(p.region, p.label, p.infection_pixels) for p in pieces] == [
        ("right", "clear", 0),
        ("left", "infected", 16),
    ]
    assert left_out == []


def test_a_quadrant_with_little_lung_and_one_in_doubt_are_left_out_with_the_reason() -> None:
    image, lung, lesion = a_slice()
    rule = Rule(infected=0.5, lung=40)
    pieces, left_out = cut(image, lung, lesion, CutSpec(size=16, crop="quadrants", rule=rule))
    assert [(p.region, p.label) for p in pieces] == [("left-front", "clear")]
    assert left_out == [
        ("right-front", "too few pixels of lung"),
        ("right-back", "too few pixels of lung"),
        ("left-back", "neither clear nor infected enough"),
    ]


def test_a_whole_slice_is_labelled_by_its_pixels_of_infection() -> None:
    image, lung, lesion = a_slice()
    asked = CutSpec(size=16, rule=Rule(pixels=16))
    assert cut(image, lung, lesion, asked)[0][0].label == "infected"
    lesion[10, 20] = False
    assert cut(image, lung, lesion, asked)[1] == [("", "neither clear nor infected enough")]
    assert cut(image, lung, blank(), asked)[0][0].label == "clear"


def test_image_and_masks_are_cropped_and_resized_on_each_other() -> None:
    image, lung, lesion = a_slice()
    image[lesion] = 255
    image[~lesion] = 0
    piece = cut(image, lung, lesion, CutSpec(size=48, crop="left-right", margin=0.0))[0]
    assert piece == []  # 96 pixels of lung are fewer than 256
    rule = Rule(lung=1)
    _, left = cut(image, lung, lesion, CutSpec(48, "left-right", 0.0, rule=rule))[0]
    # The box is 12 x 8 pixels; lesion rows 6 to 9 and columns 2 to 5 of it, each 4 and 6 wide.
    assert left.lesion is not None
    assert left.lung is not None
    rows, columns = np.flatnonzero(left.lesion.any(1)), np.flatnonzero(left.lesion.any(0))
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (24, 40, 12, 36)
    assert left.image[30, 24] == 255
    assert left.image[10, 24] == 0
    assert np.all(left.lung == 255)
    assert left.stretch == (12 / 48, 8 / 48)


def test_a_piece_is_what_preparing_the_same_slice_gives() -> None:
    image, lung, _ = a_slice()
    clahe = Clahe(tiles=2, clip=3.0)
    spec = CutSpec(size=24, margin=0.1, clahe=clahe)
    piece = cut(image, lung, None, spec)[0][0]
    grey = image.astype(np.float32) / np.float32(255)
    theirs = prepare(grey, PixelSpec(size=24, crop="lungs", margin=0.1, clahe=clahe), lung)
    np.testing.assert_array_equal(piece.image, theirs)
    assert piece.label == ""


def test_what_is_no_lung_can_be_black() -> None:
    image, lung, lesion = a_slice()
    image[:] = 200
    spec = CutSpec(size=20, crop="left-right", margin=0.5, outside="black", rule=Rule(lung=1))
    right = cut(image, lung, lesion, spec)[0][0]
    assert right.image[0, 0] == 0
    assert right.image[10, 10] == 200


def test_a_slice_without_lung_is_left_out() -> None:
    image, _, lesion = a_slice()
    assert cut(image, blank(), lesion & False, CutSpec())[1] == [("", "no lung in the slice")]


def test_masks_of_another_size_and_missing_ones_are_refused() -> None:
    image, lung, lesion = a_slice()
    with pytest.raises(PixelError, match="20 x 29 pixels beside a slice of 20 x 30"):
        cut(image, lung[:, 1:], lesion, CutSpec())
    with pytest.raises(PixelError, match="without a lung mask"):
        cut(image, None, lesion, CutSpec())


@pytest.mark.parametrize("wrong", [{"crop": "left"}, {"size": 4}, {"margin": 2.0}])
def test_an_impossible_cut_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        CutSpec(**wrong)
