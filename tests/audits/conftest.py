"""Cohorts with something planted: a disease in the lungs, a marker in the corner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 64


@dataclass(frozen=True)
class Planted:
    """What to plant.

    Attributes:
        patients: Each with two films.
        disease: Brightness added to the middle of the film of whoever is ill.
        marker: Share of the ill whose films carry a bright square in a corner; as many of the
            others do not.
        texture: Whether all films of a patient have a texture of their own.
    """

    patients: int = 60
    disease: float = 70.0
    marker: float = 0.0
    texture: bool = False


def write_planted(folder: Path, planted: Planted, seed: int = 0) -> Path:
    """Write films, masks and a manifest with source, view, sex and age; give the manifest."""
    generator = np.random.default_rng(seed)
    (folder / "films").mkdir(parents=True)
    (folder / "masks").mkdir()
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    mask[14:50, 12:28], mask[14:50, 36:52] = 255, 255
    rows = []
    for patient in range(planted.patients):
        ill = patient % 2 == 1
        marked = ill and generator.random() < planted.marker
        own = _soft(generator)
        for film in range(2):
            pixels = own.copy() if planted.texture else _soft(generator)
            pixels += generator.normal(0, 4, pixels.shape).astype(np.float32)
            if ill:
                pixels[24:40, 16:26] += planted.disease
            if marked:
                pixels[2:6, 2:6] = 255
            name = f"{patient:03d}-{film}.png"
            picture = np.clip(pixels, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / "films" / name)
            Image.fromarray(mask).save(folder / "masks" / name)
            rows.append(
                {
                    "study_id": name,
                    "image_path": f"films/{name}",
                    "mask_path": f"masks/{name}",
                    "label": "ill" if ill else "well",
                    "patient_id": f"p{patient:03d}",
                    "source": "AB"[patient % 4 < 2],
                    "view": ("PA", "AP")[patient % 3 == 0],
                    "sex": "FM"[patient % 5 < 2],
                    "age": f"{20 + patient % 50}",
                }
            )
    write_table(folder / "manifest.csv", list(rows[0]), rows)
    return folder / "manifest.csv"


def _soft(generator: np.random.Generator) -> np.ndarray:
    coarse = generator.uniform(40, 140, (8, 8)).astype(np.float32)
    return cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., Path]:
    """Write a cohort with something planted, and give its manifest."""
    return lambda **planted: write_planted(tmp_path / "planted", Planted(**planted))


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a cohort where the class is told in the lungs alone; do not change it."""
    return write_planted(tmp_path_factory.mktemp("honest") / "planted", Planted())


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a cohort where a marker tells the class; do not change it."""
    return write_planted(tmp_path_factory.mktemp("marked") / "planted", Planted(marker=1.0))
