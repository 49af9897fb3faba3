"""Small U-Nets, drawn chests, tables of films and masks."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from leanlung.lungs import Segmenter, UNet, UNetSpec

TINY = UNetSpec(width=2, fold=8, levels=2)


def two_lungs(size: int = 256, shift: float = 0.0) -> np.ndarray:
    """Two upright ellipses left and right of the middle: 0.18 of the film."""
    mask = np.zeros((size, size), np.uint8)
    for across in (0.3, 0.7):
        centre = round((across + shift) * size), round(0.5 * size)
        cv2.ellipse(mask, centre, (round(0.12 * size), round(0.25 * size)), 0, 0, 360, 1, -1)
    return mask


@pytest.fixture
def tiny_spec() -> UNetSpec:
    """The smallest U-Net that halves twice."""
    return TINY


@pytest.fixture
def chest() -> np.ndarray:
    """A plausible mask, (256, 256)."""
    return two_lungs()


@pytest.fixture
def tiny() -> Segmenter:
    """A segmenter that has learnt nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Segmenter(UNet(TINY).eval())


def write_pairs(folder: Path, count: int = 20, size: int = 64) -> Path:
    """Write drawn chests with dark lungs, and their masks: two a patient, of two sources."""
    generator = np.random.default_rng(0)
    rows = ["image_path,mask_path,patient_id,annotator"]
    for name in ("films", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        mask = two_lungs(size, float(generator.uniform(-0.05, 0.05)))
        coarse = generator.uniform(0, 60, (7, 7)).astype(np.float32)
        film = 150 + cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        film = np.where(mask > 0, film - 120, film)
        cv2.imwrite(
            str(folder / f"films/{number:02d}.png"), np.clip(film, 0, 255).astype(np.uint8)
        )
        cv2.imwrite(str(folder / f"masks/{number:02d}.png"), mask * 255)
        who = "AB"[number // 2 % 2]
        rows.append(f"films/{number:02d}.png,masks/{number:02d}.png,p{number // 2},{who}")
    table = folder / "pairs.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


@pytest.fixture
def pairs_table(tmp_path: Path) -> Path:
    """A table of 20 films of 10 patients with masks."""
    return write_pairs(tmp_path / "pairs")


@pytest.fixture
def finder() -> Segmenter:
    """A segmenter, set by hand, that calls lung what is brighter than the film's mean."""
    network = UNet(UNetSpec(width=1, fold=1, levels=1, batch_norm=False)).eval()
    weights = dict(network.named_parameters())
    with torch.no_grad():
        for parameter in weights.values():
            parameter.zero_()
        # The first decoder block reads the bridge as its channel 0.
        for name in ("encoder.0.0", "encoder.0.3", "decoder.0.0", "decoder.0.2"):
            weights[f"{name}.weight"][0, 0, 1, 1] = 1.0
        weights["answer.weight"][0, 0, 0, 0] = 1.0
        weights["answer.bias"][0] = -0.01
    return Segmenter(network)


@pytest.fixture
def bright_lungs(tmp_path: Path) -> Path:
    """A manifest of 24 films of 12 patients with bright lungs, but for three plain ones."""
    generator = np.random.default_rng(0)
    rows = ["image_path,label,patient_id"]
    (tmp_path / "data").mkdir()
    for number in range(24):
        film = 40 + 160 * two_lungs(128, float(generator.uniform(-0.06, 0.06))).astype(float)
        film += cv2.resize(generator.uniform(-15, 15, (9, 9)), (128, 128)) * (film > 100)
        if number in {0, 1, 8}:
            film[:] = generator.uniform(60, 180)
        cv2.imwrite(str(tmp_path / f"data/{number:02d}.png"), film.astype(np.uint8))
        rows.append(f"{number:02d}.png,{'ab'[number // 2 % 2]},p{number // 2}")
    table = tmp_path / "data/manifest.csv"
    table.write_text("\n".join(rows) + "\n")
    return table.parent
