"""A bundle answers images of any size and type as it was trained to read them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from leanlung.exports import Bundle, answer
from leanlung.pixels import PixelSpec


@pytest.fixture
def film(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "film.png")
    return tmp_path / "film.png"


def test_the_answer_is_what_the_network_gives_by_hand(bundle: Bundle, film: Path) -> None:
    import cv2

    pixels = np.asarray(Image.open(film), dtype=np.float32) / 255
    small = cv2.medianBlur(cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA), 3)
    values = (np.rint(small * 255).astype(np.float32) / 255 - 0.45) / 0.2
    with torch.no_grad():
        logits = bundle.network(torch.from_numpy(values).expand(1, 3, 32, 32))
    expected = logits.double().softmax(1)[0].tolist()
    (found,) = answer(bundle, [film])
    assert list(found.probabilities) == list(bundle.classes)
    assert list(found.probabilities.values()) == pytest.approx(expected, rel=1e-5, abs=1e-8)
    assert found.label == bundle.classes[int(np.argmax(expected))]


def test_images_of_any_size_and_type_are_answered(bundle: Bundle, tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (33, 65), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.jpg")
    Image.fromarray(grey).convert("RGBA").save(tmp_path / "b.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "c.png")
    Image.fromarray(grey).resize((1000, 10)).save(tmp_path / "d.tif")
    found = answer(bundle, sorted(tmp_path.iterdir()))
    assert [one.problem for one in found] == [""] * 4
    assert found[1].probabilities == pytest.approx(found[2].probabilities, abs=0.01)


def test_one_bad_image_does_not_spoil_the_others(
    bundle: Bundle, film: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(film.read_bytes()[:60])
    alone = answer(bundle, [film])[0]
    found = answer(bundle, [bad, film, tmp_path / "none.png"])
    assert [one.label for one in found] == [None, alone.label, None]
    assert "bad.png" in found[0].problem
    assert "none.png" in found[2].problem
    assert found[1].probabilities == pytest.approx(alone.probabilities)


def test_an_image_that_cannot_be_prepared_is_named(bundle: Bundle, tmp_path: Path) -> None:
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    (found,) = answer(bundle, [tmp_path / "dot.png"])
    assert "dot.png: " in found.problem


def test_only_bad_images_are_told_too(bundle: Bundle, tmp_path: Path) -> None:
    (found,) = answer(bundle, [tmp_path / "none.png"])
    assert found.as_dict()["label"] is None
    assert "none.png" in found.as_dict()["problem"]


def test_a_mask_is_used_by_a_bundle_that_crops_to_the_lungs(
    bundle: Bundle, film: Path, tmp_path: Path
) -> None:
    mask = np.zeros((50, 40), dtype=np.uint8)
    mask[10:40, 5:35] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    crops = replace(bundle, pixels=PixelSpec(size=32, crop="lungs", margin=0.0))
    whole = replace(bundle, pixels=PixelSpec(size=32))
    cut = tmp_path / "cut.png"
    Image.fromarray(np.asarray(Image.open(film))[10:40, 5:35]).save(cut)
    (with_mask,) = answer(crops, [film], [tmp_path / "mask.png"])
    (by_hand,) = answer(whole, [cut])
    assert with_mask.probabilities == pytest.approx(by_hand.probabilities)
    (without,) = answer(crops, [film], [None])
    assert without.probabilities == pytest.approx(answer(whole, [film])[0].probabilities)


def test_an_empty_mask_is_named_beside_its_image(
    bundle: Bundle, film: Path, tmp_path: Path
) -> None:
    Image.new("L", (40, 50)).save(tmp_path / "mask.png")
    crops = replace(bundle, pixels=PixelSpec(size=32, crop="lungs"))
    (found,) = answer(crops, [film], [tmp_path / "mask.png"])
    assert found.problem == (
        f"{film} with lung mask {tmp_path / 'mask.png'}: the lung mask is empty; pixels above "
        "zero were expected where there is lung"
    )
