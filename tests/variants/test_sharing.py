"""What several variants fit, and take out of it, alike is done once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.runs import Options, RunFolder
from leanlung.runs.variants import vary

if TYPE_CHECKING:
    from pathlib import Path

BACKBONE = "separable_cnn"
READERS = """
name = "readers"
seeds = [0]
labels = ["upper", "lower"]

[[archive]]
name = "pool"
path = "pool/manifest.csv"

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

[recipe.train]
epochs = 1
batch = 16

[recipe.features]
step = 100
scale = true

[recipe.choose]
rule = "last"

[recipe.evaluate]
resamples = 100

[[variant]]
name = "polynomial"
archives = ["pool"]

[[variant]]
name = "linear"
archives = ["pool"]
set = { "features.classifier" = "svm_linear" }

[[variant]]
name = "longer"
archives = ["pool"]
set = { "train.epochs" = 2 }
"""


def test_readers_of_one_network_share_its_fit_and_its_removal(
    desk: Path, tmp_path: Path
) -> None:
    file = tmp_path / "readers.toml"
    file.write_text(READERS)
    options = Options(data=desk / "data", out=tmp_path / "out", until="choose", device="cpu")
    folder = vary(file, options)
    runs = json.loads(folder.runs.read_text())

    def steps(name: str) -> list[dict[str, Any]]:
        here = RunFolder(folder.path / runs[name]).seed(0)
        places = (here.fit(BACKBONE), here.round(BACKBONE, 1), here.round(BACKBONE, 2))
        return [json.loads((place / "step.json").read_text()) for place in places]

    first, second, other = (steps(name) for name in ("polynomial", "linear", "longer"))
    assert first[:2] == second[:2]  # the seconds they took too: copied, not done again
    assert first[2]["inputs"] != second[2]["inputs"]
    assert all(a["inputs"] != b["inputs"] for a, b in zip(first, other, strict=True))
