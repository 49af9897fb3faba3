"""A tiny run that chooses features, carried out once for all that look at it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from leanlung.networks import NetworkSpec, build
from leanlung.runs import Options, RunFolder, run

DEAD = 6
"""Units of the last convolution that can never fire, whatever is trained."""

FEATURED = """
name = "featured"

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
weights = "trunk.safetensors"

[train]
epochs = 1
batch = 16
monitor = "accuracy"
optimiser = { kind = "adam", rate = 0.001, output_decay = 0.001 }

[features]
step = 20
scale = true

[choose]
rule = "last"

[evaluate]
margin = 0.1
resamples = 100
"""

Featuring = Callable[..., RunFolder]


def write_trunk(path: Path) -> None:
    """Write a fresh trunk, some units of whose last convolution are always below zero."""
    torch.manual_seed(0)
    trunk = build(NetworkSpec("separable_cnn", 2, size=32)).trunk
    state = {f"trunk.{name}": tensor.clone() for name, tensor in trunk.state_dict().items()}
    state["trunk.10.bias"][:DEAD] = -1e3
    save_file(state, path)


@pytest.fixture(scope="session")
def featuring(small_films: Path) -> Featuring:
    """Carries the recipe out in a folder, with changes."""

    def carried_out(folder: Path, *changes: str, until: str = "report") -> RunFolder:
        recipe = folder / "featured.toml"
        recipe.write_text(FEATURED)
        write_trunk(folder / "trunk.safetensors")
        options = Options(
            data=small_films / "data",
            out=folder / "runs",
            device="cpu",
            changes=changes,
            until=until,
            weights=(folder,),
        )
        return run(recipe, options)

    return carried_out


@pytest.fixture(scope="session")
def featured(tmp_path_factory: pytest.TempPathFactory, featuring: Featuring) -> RunFolder:
    """A finished run of it; read it, do not change it."""
    return featuring(tmp_path_factory.mktemp("featured"))
