"""A series small enough for tests: three tiny networks, phantoms, two tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.runs import Options
from leanlung.runs.series import reproduce

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series import SeriesFolder

SERIES = """
name = "tiny"
about = "Three networks, two tasks."
labels = ["normal", "lobar_consolidation", "ground_glass"]

[phantoms]
patients = 90
images = [1, 2]
size = 64
contrast = [0.8, 1.0]

[split]
train = 0.5
validation = 0.2
test = 0.3

[pixels]
size = 32

[[network]]
name = "one"
backbone = "separable_cnn"
dropout = 0.0
published_as = "Custom"

[[network]]
name = "two"
backbone = "separable_cnn"
dropout = 0.2
rate = 0.5

[[network]]
name = "three"
backbone = "separable_cnn"
dropout = 0.4
rate = 0.001

[pretrain.data]
classes = ["normal", "abnormal"]
merge = { abnormal = ["lobar_consolidation", "ground_glass"] }

[pretrain.train]
epochs = 2
batch = 16
optimiser = { kind = "adam", rate = 0.01 }

[pretrain.evaluate]
resamples = 100

[top]
count = 2

[[task]]
name = "two-classes"
[task.data]
classes = ["normal", "ground_glass"]
[task.train]
epochs = 1
batch = 16
optimiser = { kind = "adam", rate = 0.01 }
[task.evaluate]
resamples = 100

[[task]]
name = "three-classes"
published_table = "table_4"
[task.data]
classes = ["normal", "lobar_consolidation", "ground_glass"]
[task.train]
epochs = 2
batch = 16
optimiser = { kind = "adam", rate = 0.01 }
[task.prune]
rounds = 2
schedule = { kind = "steady", share = 0.2, ceiling = 0.5 }
[task.prune.retrain]
epochs = 1
batch = 16
optimiser = { kind = "adam", rate = 0.003 }
[task.choose]
rule = "best"
[task.evaluate]
margin = 0.1
resamples = 100
[task.ensemble]
combiners = ["vote", "mean", "weighted", "stacking"]
folds = 2

[[task]]
name = "over-the-network"
[task.data]
classes = ["normal", "lobar_consolidation", "ground_glass"]
[task.train]
epochs = 2
batch = 16
optimiser = { kind = "adam", rate = 0.01 }
[task.prune]
rounds = 1
scope = "network"
schedule = { kind = "steady", share = 0.2, ceiling = 0.5 }
[task.prune.retrain]
epochs = 1
batch = 16
optimiser = { kind = "adam", rate = 0.003 }
[task.evaluate]
resamples = 100

[published.table_4."Custom"]
accuracy = 0.9
parameters = 47885
"""


@pytest.fixture(scope="session")
def series_text() -> str:
    """The text of the series."""
    return SERIES


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the series; read it, do not change it."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.toml"
    path.write_text(SERIES)
    return path


@pytest.fixture(scope="session")
def chosen(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, bool]]:
    """The folder of the series with all chosen, and what was there before it was opened."""
    out = tmp_path_factory.mktemp("series")
    folder = reproduce(tiny, Options(data=None, out=out, until="ensembles", device="cpu"))
    return out, {
        "openings": folder.openings.exists(),
        "test predictions": any(folder.path.rglob("predictions-*test.csv")),
        "openings of a run": any(folder.path.rglob("openings.jsonl")),
    }


@pytest.fixture(scope="session")
def finished_series(tiny: Path, chosen: tuple[Path, dict[str, bool]]) -> SeriesFolder:
    """The finished series; read it, do not change it."""
    return reproduce(tiny, Options(data=None, out=chosen[0], device="cpu"))
