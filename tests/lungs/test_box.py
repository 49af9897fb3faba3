"""The box lies around the lungs in pixels of the film; an implausible mask leaves it whole."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.lungs import cropped, lungs_from
from leanlung.pixels.crop import Box


def mask() -> np.ndarray:
    found = np.zeros((256, 256), np.uint8)
    found[64:192, 32:96] = 1
    found[64:192, 160:224] = 1
    return found


def test_the_box_is_scaled_to_the_film_with_a_margin_of_its_longer_side() -> None:
    # Rows 64 to 192 of 256 are 128 to 384 of 512; columns 32 to 224 are 100 to 700 of 800.
    assert lungs_from(mask(), (512, 800), 0.0).at.box == Box(128, 384, 100, 700)
    assert lungs_from(mask(), (512, 800), 0.125).at.box == Box(53, 459, 25, 775)
    assert lungs_from(mask(), (512, 800), 0.5).at.box == Box(0, 512, 0, 800)


def test_an_implausible_mask_leaves_the_film_whole_and_says_why() -> None:
    one_lung = mask()
    one_lung[:, 128:] = 0
    found = lungs_from(one_lung, (50, 40))
    assert (found.at.box, found.at.plausible) == (Box(0, 50, 0, 40), False)
    assert "one piece" in found.at.reason
    assert found.at.as_dict()["bottom"] == 50
    film = np.zeros((50, 40), np.float32)
    assert cropped(film, found.at).shape == (50, 40)


def test_the_crop_is_the_box() -> None:
    film = np.arange(512 * 800, dtype=np.float32).reshape(512, 800)
    inside = cropped(film, lungs_from(mask(), (512, 800), 0.0).at)
    assert inside.shape == (256, 600)
    assert inside[0, 0] == 128 * 800 + 100


def test_the_mask_of_the_film_is_white_on_black_and_covers_what_was_found() -> None:
    whole = lungs_from(mask(), (512, 768)).of_film()
    assert whole.shape == (512, 768)
    assert set(np.unique(whole).tolist()) == {0, 255}
    assert (whole[129:383, 97:287] == 255).all()
    assert (whole[:127] == 0).all()
    assert (whole > 0).mean() == pytest.approx(0.25, abs=0.001)  # two of 128 x 64 in 256 x 256
