"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.allocator import keep_freed_memory

keep_freed_memory()  # as the command line does

VARIABLE = "LEANLUNG_DATA"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images; tests that need it are skipped by name without it."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} is not set; it names the folder of real images")
    return Path(folder)


def write_films(folder: Path, patients: int = 30, size: int = 48, seed: int = 0) -> Path:
    """Write small films of two classes that a small network can tell apart, with a manifest.

    Every patient has two films; class ``upper`` is brighter above, ``lower`` below. Each film
    has a pattern of its own, so that no two look alike.
    """
    generator = np.random.default_rng(seed)
    rows = ["image_path,label,patient_id,source,license"]
    (folder / "films").mkdir(parents=True, exist_ok=True)
    for patient in range(patients):
        label = ("upper", "lower")[patient % 2]
        for film in range(2):
            coarse = generator.integers(0, 150, (9, 9)).astype(np.float32)
            pixels = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
            half = slice(0, size // 2) if label == "upper" else slice(size // 2, size)
            pixels[half] += 60
            name = f"films/{patient:03d}-{film}.png"
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / name)
            rows.append(f"{name},{label},p{patient:03d},{'AB'[patient % 3 == 0]},none")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


RECIPE = """
name = "small"
about = "Two classes of small films."

[data]
classes = ["upper", "lower"]

[split]
train = 0.5
validation = 0.25
test = 0.25

[pixels]
size = 32

[network]
backbone = "separable_cnn"
dropout = 0.1

[train]
epochs = 3
batch = 16
optimiser = { kind = "adam", rate = 0.01 }

[prune]
rounds = 2
schedule = { kind = "steady", share = 0.25, ceiling = 0.5 }

[prune.retrain]
epochs = 2
batch = 16
optimiser = { kind = "adam", rate = 0.003 }

[choose]
rule = "best"

[evaluate]
margin = 0.1
resamples = 200
"""


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder of small films with a manifest."""
    return write_films(tmp_path / "data")


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    """A recipe for them that runs in a few seconds."""
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="session")
def small_films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data`` and ``small.toml``, shared: read it, do not change it."""
    folder = tmp_path_factory.mktemp("small")
    write_films(folder / "data")
    (folder / "small.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of films as another hospital might send them; read it, do not change it."""
    return write_films(tmp_path_factory.mktemp("elsewhere"), patients=14, seed=77)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small_films: Path) -> Path:
    """The folder of a finished run; read it, do not change it."""
    from leanlung.runs import Options, run

    out = tmp_path_factory.mktemp("finished")
    return run(
        small_films / "small.toml", Options(data=small_films / "data", out=out, device="cpu")
    ).path
