"""CLAHE as a step of preparing, and flips of image and mask together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from leanlung.foundations.errors import PixelError
from leanlung.pixels import (
    Augmentation,
    Clahe,
    PixelSpec,
    apply,
    draw,
    flipped,
    levelled,
    prepare,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture
def faint() -> np.ndarray:
    """A picture of little contrast with a step in it."""
    image = np.random.default_rng(0).normal(0.5, 0.02, (64, 64)).astype(np.float32)
    image[:, 32:] += 0.05
    return np.clip(image, 0, 1)


def test_contrast_grows_and_values_stay_in_range(faint: NDArray[np.float32]) -> None:
    found = levelled(faint, Clahe())
    assert found.dtype == np.float32
    assert found.std() > 2 * faint.std()
    assert 0 <= found.min() < found.max() <= 1


def test_a_higher_clip_gives_more_contrast(faint: NDArray[np.float32]) -> None:
    spreads = [levelled(faint, Clahe(clip=clip)).std() for clip in (1.0, 2.0, 4.0, 8.0)]
    assert spreads == sorted(spreads)


def test_it_is_near_to_another_library_s(faint: NDArray[np.float32]) -> None:
    """Both equalise tile by tile; scikit-image clips and blends by its own count."""
    exposure = pytest.importorskip("skimage.exposure")
    ours = levelled(faint, Clahe(tiles=4, clip=40.0))
    theirs = exposure.equalize_adapthist(faint, kernel_size=16, clip_limit=0.99, nbins=256)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.98


def test_one_tile_without_clipping_is_plain_equalisation(faint: NDArray[np.float32]) -> None:
    eight = np.rint(faint * 255).astype(np.uint8)
    plain = cv2.equalizeHist(eight)
    ours = np.rint(levelled(faint, Clahe(tiles=1, clip=256)) * 255)
    # Plain equalisation takes the share below, CLAHE that up to and with a grey level.
    share = np.cumsum(np.bincount(eight.ravel(), minlength=256)) / eight.size
    np.testing.assert_allclose(ours, np.rint(share * 255)[eight], atol=1)
    assert np.corrcoef(plain.ravel(), ours.ravel())[0, 1] > 0.999


def test_the_whole_image_is_levelled_before_it_is_cropped(faint: NDArray[np.float32]) -> None:
    mask = np.zeros(faint.shape)
    mask[10:30, 10:30] = 1
    clahe = Clahe(tiles=2)
    spec = PixelSpec(size=20, crop="lungs", margin=0.0, clahe=clahe)
    by_hand = np.rint(levelled(faint, clahe)[10:30, 10:30] * 255)
    np.testing.assert_array_equal(prepare(faint, spec, mask), by_hand)


def test_without_it_a_specification_is_written_as_before() -> None:
    assert "clahe" not in PixelSpec().model_dump()
    asked = PixelSpec(clahe=Clahe(tiles=4, clip=3.0))
    assert asked.model_dump()["clahe"] == {"tiles": 4, "clip": 3.0}
    assert PixelSpec.model_validate(asked.model_dump()) == asked
    assert PixelSpec.model_validate_json(asked.model_dump_json()) == asked


@pytest.mark.parametrize("wrong", [{"tiles": 0}, {"tiles": 65}, {"clip": 0.0}, {"limit": 2}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Clahe(**wrong)


def test_image_and_masks_are_flipped_together() -> None:
    image, mask = np.arange(6).reshape(2, 3), np.array([[1, 0, 0], [0, 0, 0]])
    across = flipped(image, mask, left_right=True)
    assert across[0].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert across[1].tolist() == [[0, 0, 1], [0, 0, 0]]
    down = flipped(image, mask, up_down=True)
    assert down[0].tolist() == [[3, 4, 5], [0, 1, 2]]
    assert down[1].tolist() == [[0, 0, 0], [1, 0, 0]]
    both = flipped(image, mask, left_right=True, up_down=True)
    assert image[both[1].astype(bool)[::-1, ::-1]] == both[0][both[1].astype(bool)]
    assert flipped(image)[0].tolist() == image.tolist()


def test_planes_of_two_shapes_are_not_flipped() -> None:
    with pytest.raises(PixelError, match="one shape"):
        flipped(np.zeros((2, 3)), np.zeros((3, 2)))


def test_upside_down_turns_rows_and_nothing_else() -> None:
    image = torch.arange(16.0).reshape(1, 1, 4, 4) / 16
    drawn = draw(Augmentation(upside_down=1.0), 1, np.random.default_rng(0))
    torch.testing.assert_close(apply(drawn, image), image.flip(2))


def test_both_flips_are_drawn_apart() -> None:
    count = 20_000
    images = torch.tensor([[0.0, 0.25], [0.5, 1.0]]).expand(count, 1, 2, 2)
    plan = Augmentation(flip=0.5, upside_down=0.25)
    turned = apply(draw(plan, count, np.random.default_rng(0)), images)[:, 0]
    # Where the white corner went: across, down, both or nowhere; 3 sd of 20,000 is 0.011.
    shares = [(turned[:, row, column] == 1.0).double().mean().item() for row, column in
              ((1, 1), (1, 0), (0, 1), (0, 0))]  # fmt: skip
    assert shares == pytest.approx([0.375, 0.375, 0.125, 0.125], abs=0.011)


def test_without_it_the_same_numbers_are_drawn_as_before() -> None:
    plan = Augmentation(flip=0.5, degrees=10)
    before = draw(plan, 50, np.random.default_rng(3))
    after = draw(plan.model_copy(update={"upside_down": 0.5}), 50, np.random.default_rng(3))
    assert before.affine is not None
    assert after.affine is not None
    torch.testing.assert_close(before.affine[:, :, 0], after.affine[:, :, 0], rtol=0, atol=0)
    rng = np.random.default_rng(3)
    draw(plan, 50, rng)
    once = np.random.default_rng(3)
    once.random(50)
    once.uniform(-1, 1, (6, 50))
    assert rng.random() == once.random()
    assert "upside_down" not in plan.model_dump()
