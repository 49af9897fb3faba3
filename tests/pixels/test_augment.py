"""What is changed is drawn first, then applied; what is switched off changes nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from leanlung.pixels import Augmentation, apply, draw
from leanlung.pixels.augment import Drawn

FULL = Augmentation(flip=0.5, degrees=15, shift=0.1, zoom=0.1, brightness=0.1, contrast=0.2)
ORDER = ("angle", "zoom", "across", "down", "gain", "offset")


class Told:
    """A generator that draws what it is told to, for every image of the batch."""

    def __init__(self, *, mirrored: bool = False, **drawn: float) -> None:
        self.mirrored = mirrored
        self.drawn = [drawn.get(name, 0.0) for name in ORDER]

    def random(self, count: int) -> np.ndarray:
        return np.full(count, 0.0 if self.mirrored else 1.0)

    def uniform(self, low: float, high: float, shape: tuple[int, int]) -> np.ndarray:
        assert (low, high, shape[0]) == (-1.0, 1.0, len(self.drawn))
        return np.repeat(np.array(self.drawn)[:, None], shape[1], axis=1)


def pictures(count: int = 3, size: int = 8) -> torch.Tensor:
    """Pictures of random bytes, as the cache gives them."""
    values = np.random.default_rng(0).integers(0, 256, (count, 1, size, size))
    return torch.from_numpy(values).float() / 255


def changed(plan: Augmentation, images: torch.Tensor, **drawn: float) -> torch.Tensor:
    return apply(draw(plan, len(images), Told(**drawn)), images)


def test_everything_is_off_by_default():
    assert set(Augmentation().model_dump().values()) == {0.0}


def test_with_everything_off_every_bit_stays():
    images = (torch.arange(256).float() / 255).view(1, 1, 16, 16)
    drawn = draw(Augmentation(), 1, np.random.default_rng(0))
    assert torch.equal(apply(drawn, images), images)


@pytest.mark.parametrize("plan", [Augmentation(brightness=0.3), Augmentation(contrast=0.3)])
def test_a_change_of_nothing_keeps_every_bit(plan):
    images = (torch.arange(256).float() / 255).view(1, 1, 16, 16)
    assert torch.equal(changed(plan, images), images)


def test_the_same_draw_gives_the_same_images_and_another_one_others():
    images = pictures()
    first, again, other = (draw(FULL, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(apply(first, images), apply(again, images))
    assert torch.equal(apply(first, images), apply(first, images))
    assert not torch.equal(apply(first, images), apply(other, images))


def test_applying_leaves_the_given_images_alone():
    images = pictures()
    before = images.clone()
    apply(draw(FULL, 3, np.random.default_rng(0)), images)
    assert torch.equal(images, before)


def test_an_image_is_changed_the_same_alone_and_in_a_batch():
    images = pictures()
    drawn = draw(FULL, 3, np.random.default_rng(0))
    whole = apply(drawn, images)
    for n in range(3):
        alone = Drawn(drawn.affine[n : n + 1], drawn.gain[n : n + 1], drawn.offset[n : n + 1])
        torch.testing.assert_close(apply(alone, images[n : n + 1]), whole[n : n + 1])


def test_a_flip_mirrors_left_and_right():
    images = pictures()
    flipped = changed(Augmentation(flip=0.5), images, mirrored=True)
    torch.testing.assert_close(flipped, torch.flip(images, [3]), atol=1e-6, rtol=0)
    kept = changed(Augmentation(flip=0.5), images, mirrored=False)
    torch.testing.assert_close(kept, images, atol=1e-6, rtol=0)


def test_flips_are_drawn_as_often_as_asked():
    flips = draw(Augmentation(flip=0.3), 2000, np.random.default_rng(0)).affine[:, 0, 0] < 0
    assert stats.binomtest(int(flips.sum()), 2000, 0.3).pvalue > 0.01
    assert (
        draw(Augmentation(flip=1.0), 50, np.random.default_rng(0)).affine[:, 0, 0] < 0
    ).all()


@pytest.mark.parametrize(
    ("across", "down"), [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, -0.5)]
)
def test_a_shift_by_whole_pixels_moves_the_image_and_leaves_black(across, down):
    # A quarter of eight pixels is two; positive draws read further right and lower.
    images = pictures()
    moved = changed(Augmentation(shift=0.25), images, across=across, down=down)
    columns, rows = round(2 * across), round(2 * down)
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    expected = padded[:, :, 2 + rows : 10 + rows, 2 + columns : 10 + columns]
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=0)


def test_a_rotation_by_180_degrees_is_a_flip_of_both_axes():
    images = pictures()
    turned = changed(Augmentation(degrees=180), images, angle=1.0)
    torch.testing.assert_close(turned, torch.flip(images, [2, 3]), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("angle", "quarters"), [(1.0, 1), (-1.0, -1)])
def test_a_rotation_by_90_degrees_is_a_quarter_turn(angle, quarters):
    images = pictures()
    turned = changed(Augmentation(degrees=90), images, angle=angle)
    torch.testing.assert_close(turned, torch.rot90(images, quarters, [2, 3]), atol=1e-5, rtol=0)


def test_a_zoom_to_half_leaves_a_black_frame():
    shrunk = changed(Augmentation(zoom=0.5), torch.ones(1, 1, 8, 8), zoom=-1.0)
    expected = torch.zeros(8, 8)
    expected[2:6, 2:6] = 1.0
    torch.testing.assert_close(shrunk[0, 0], expected, atol=1e-6, rtol=0)


def test_a_zoom_enlarges_around_the_middle():
    # At one and a half times the size, a ramp climbs two thirds as steeply.
    ramp = torch.linspace(0.0, 1.0, 17).repeat(17, 1).view(1, 1, 17, 17)
    zoomed = changed(Augmentation(zoom=0.5), ramp, zoom=1.0)
    across = (torch.arange(17) - 8) / 1.5 / 16 + 0.5
    torch.testing.assert_close(zoomed[0, 0], across.repeat(17, 1), atol=1e-5, rtol=0)


def test_a_flip_comes_with_its_rotation():
    # Reading is rotated after it is mirrored: a quarter turn, then left for right.
    images = pictures()
    both = changed(Augmentation(flip=1.0, degrees=90), images, mirrored=True, angle=1.0)
    expected = torch.flip(torch.rot90(images, 1, [2, 3]), [3])
    torch.testing.assert_close(both, expected, atol=1e-5, rtol=0)


def test_brightness_adds_and_contrast_stretches_around_mid_grey():
    values = torch.tensor([0.25, 0.5, 0.75]).view(1, 1, 1, 3).repeat(1, 1, 3, 1)
    brighter = changed(Augmentation(brightness=0.2), values, offset=0.5)
    assert brighter[0, 0, 0].tolist() == pytest.approx([0.35, 0.6, 0.85])
    harder = changed(Augmentation(contrast=0.5), values, gain=1.0)
    assert harder[0, 0, 0].tolist() == pytest.approx([0.125, 0.5, 0.875])
    both = changed(Augmentation(brightness=0.2, contrast=0.5), values, offset=-1.0, gain=-1.0)
    assert both[0, 0, 0].tolist() == pytest.approx([0.175, 0.3, 0.425])


@pytest.mark.parametrize("off", ["flip", "degrees", "shift", "zoom", "brightness", "contrast"])
def test_switching_one_change_off_leaves_the_others_as_they_were(off):
    one = draw(FULL, 5, np.random.default_rng(4))
    other = draw(FULL.model_copy(update={off: 0.0}), 5, np.random.default_rng(4))
    found = {name: (getattr(one, name), getattr(other, name)) for name in ("gain", "offset")}
    found["shift"] = one.affine[:, :, 2], other.affine[:, :, 2]
    turns = [torch.atan2(d.affine[:, 1, 0] * side(d), d.affine[:, 1, 1]) for d in (one, other)]
    scales = [torch.linalg.det(d.affine[:, :, :2]).abs() for d in (one, other)]
    found |= {"flip": (side(one), side(other)), "degrees": turns, "zoom": scales}
    names = {"brightness": "offset", "contrast": "gain"}
    for name, (first, second) in found.items():
        if name == names.get(off, off):
            assert not torch.allclose(first, second)
        else:
            torch.testing.assert_close(first, second, atol=1e-6, rtol=1e-5)


def side(drawn) -> torch.Tensor:
    return torch.linalg.det(drawn.affine[:, :, :2]).sign()


def test_changes_stay_within_what_was_asked_for():
    drawn = draw(FULL, 500, np.random.default_rng(0))
    turns = torch.atan2(drawn.affine[:, 1, 0] * side(drawn), drawn.affine[:, 1, 1])
    scales = 1 / torch.linalg.det(drawn.affine[:, :, :2]).abs().sqrt()
    for found, middle, largest in [
        (turns, 0.0, math.radians(15)),
        (scales, 1.0, 0.1),
        (drawn.affine[:, :, 2], 0.0, 0.2),
        (drawn.gain, 1.0, 0.2),
        (drawn.offset, 0.0, 0.1),
    ]:
        away = (found - middle).abs().max()
        assert 0.95 * largest < away <= largest * (1 + 1e-5)


@settings(deadline=None, max_examples=30)
@given(
    st.builds(
        Augmentation,
        flip=st.floats(0, 1),
        degrees=st.floats(0, 180),
        shift=st.floats(0, 1),
        zoom=st.floats(0, 0.99),
        brightness=st.floats(0, 1),
        contrast=st.floats(0, 0.99),
    ),
    st.integers(0, 99),
)
def test_values_stay_between_black_and_white(plan, seed):
    images = apply(draw(plan, 3, np.random.default_rng(seed)), pictures())
    assert images.shape == (3, 1, 8, 8)
    assert bool(torch.isfinite(images).all())
    assert 0.0 <= float(images.min()) <= float(images.max()) <= 1.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flip", 50),
        ("degrees", 181),
        ("shift", -0.1),
        ("zoom", 1.0),
        ("contrast", 1.0),
        ("brightness", 1.5),
        ("colour", 0.1),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(field, value):
    with pytest.raises(ValidationError) as caught:
        Augmentation(**{field: value})
    assert f"\n{field}\n" in str(caught.value)
