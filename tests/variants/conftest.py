"""A recipe with variants small enough for tests: small films, a tiny network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from leanlung.runs import Options
from leanlung.runs.variants import vary

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants import VariantsFolder

PAPER = """
name = "tiny"
about = "Two classes of small films, raw and masked."
seeds = [0, 1]
labels = ["upper", "lower"]
positive = "lower"

[[archive]]
name = "pool"
path = "pool/manifest.csv"
masks = "pool/masks.csv"

[[archive]]
name = "nowhere"
path = "nowhere/manifest.csv"
needed = false
about = "ask its authors"

[recipe.data]
classes = ["upper", "lower"]

[recipe.split]
train = 0.5
validation = 0.25
test = 0.25

[recipe.pixels]
size = 32

[recipe.network]
backbone = "separable_cnn"
dropout = 0.1

[recipe.train]
epochs = 2
batch = 16
optimiser = { kind = "adam", rate = 0.01 }

[recipe.prune]
rounds = 1
schedule = { kind = "steady", share = 0.25, ceiling = 0.5 }

[recipe.prune.retrain]
epochs = 1
batch = 16
optimiser = { kind = "adam", rate = 0.003 }

[recipe.choose]
rule = "best"
metric = "accuracy"

[recipe.evaluate]
metric = "accuracy"
margin = 0.1
resamples = 100

[[variant]]
name = "raw"
archives = ["pool"]
group = "pool"
published_table = "table_1"

[[variant]]
name = "masked"
archives = ["pool"]
group = "pool"
set = { "pixels.crop" = "lungs", "pixels.margin" = 1.0, "pixels.outside" = "black" }

[[variant]]
name = "lost"
archives = ["pool", "nowhere"]

[[variant]]
name = "flawed"
archives = ["pool"]
seeds = [0]
without = ["prune"]
set = { "prune.rounds" = 0 }
flaws = ["by_file", "chosen_on_test"]
as_published = ["They choose on the test part."]

[[compare]]
name = "raw or masked"
baseline = "raw"
candidate = "masked"
published_p = "0.6230"

[external]
name = "elsewhere"
path = "elsewhere/manifest.csv"
variants = ["raw", "masked"]
constant = "upper"

[attention]
variants = ["masked"]
films = 4
overlays = 1

[images]
counts = [8, 9999]

[published.table_1]
title = "Table 1"
p = "0.9094"
columns = ["fine-tuned", "reduced", "features", "parameters", "share", "MB"]
rows = [[93.09, 92.48, 1700, 85322575, 63.54, 332], [92.94, 93.09, 687, 97216140, 72.40, 380],
        [93.71, 94.63, 1300, 107484814, 80.05, 422]]
"""


def write_masks(folder: Path, films: int) -> None:
    """Give the first films lung masks: a disk in the middle of each."""
    mask = np.zeros((48, 48), np.uint8)
    cv2.circle(mask, (24, 24), 18, 255, -1)
    (folder / "masks").mkdir()
    lines = ["image,mask"]
    for path in sorted((folder / "films").iterdir())[:films]:
        Image.fromarray(mask).save(folder / "masks" / path.name)
        lines.append(f"films/{path.name},masks/{path.name}")
    (folder / "masks.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def paper_text() -> str:
    """The text of the paper."""
    return PAPER


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, small_films: Path, elsewhere: Path) -> Path:
    """A folder with ``data`` and ``tiny.toml``; read it, do not change it."""
    folder = tmp_path_factory.mktemp("variants")
    shutil.copytree(small_films / "data", folder / "data" / "pool")
    write_masks(folder / "data" / "pool", films=54)
    shutil.copytree(elsewhere, folder / "data" / "elsewhere")
    (folder / "tiny.toml").write_text(PAPER)
    return folder


@pytest.fixture(scope="session")
def chosen(desk: Path) -> tuple[VariantsFolder, dict[str, bool]]:
    """The paper with all chosen, and what was there before test parts were opened."""
    options = Options(data=desk / "data", out=desk / "out", until="choose", device="cpu")
    folder = vary(desk / "tiny.toml", options)
    return folder, {
        "openings": any(folder.path.rglob("*openings.jsonl")),
        "test predictions": any(folder.path.rglob("predictions-*test.csv")),
    }


@pytest.fixture(scope="session")
def finished_paper(
    desk: Path, chosen: tuple[VariantsFolder, dict[str, bool]]
) -> VariantsFolder:
    """The finished paper; read it, do not change it."""
    options = Options(data=desk / "data", out=desk / "out", device="cpu")
    return vary(desk / "tiny.toml", options)
