"""Anybody's network, pruned, is stored without pickle and comes back bit for bit."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models

from leanlung.foundations.errors import NetworkError
from leanlung.networks import restore_pruned, store_pruned
from leanlung.pruning import Removal, channel_graph, remove


class Everything(nn.Module):
    """All kinds of layers that have a width, and tensors that belong to none."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.slope = nn.PReLU(8)
        self.deep = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.grouped = nn.Conv2d(8, 8, 1, groups=4)
        self.by_group = nn.GroupNorm(4, 8)
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.register_buffer("shift", torch.rand(1, 8, 1, 1), persistent=False)
        self.left, self.right = nn.Conv2d(8, 6, 1), nn.Conv2d(8, 6, 1)
        self.right.weight = self.left.weight
        self.head = nn.Linear(6, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.slope(self.norm(self.stem(images)))
        maps = self.grouped(self.deep(maps) * self.scale + self.shift)
        maps = self.by_group(maps).relu()
        return self.head((self.left(maps) + self.right(maps).relu()).mean((2, 3)))


def made(seed: int = 0) -> Everything:
    torch.manual_seed(seed)
    network = Everything()
    network.train()(torch.randn(4, 3, 8, 8))  # statistics that are not 0 and 1
    return network.eval()


IMAGES = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def pruned(network: nn.Module, part: int = 2) -> nn.Module:
    graph = channel_graph(network, IMAGES[:1])
    units = {layer.name: tuple(range(len(layer) // part)) for layer in graph.layers}
    return remove(network, graph, Removal(units)).network


def same_state(one: nn.Module, other: nn.Module) -> bool:
    tensors = [dict(n.named_parameters()) | dict(n.named_buffers()) for n in (one, other)]
    return tensors[0].keys() == tensors[1].keys() and all(
        torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items()
    )


def test_all_that_has_a_width_comes_back(tmp_path: Path) -> None:
    smaller = pruned(made())
    assert smaller.stem.out_channels < 8  # the test is about something
    assert smaller.left.out_channels < 6
    assert smaller.shift.shape[1] < 8
    store_pruned(tmp_path / "n.safetensors", smaller.train())
    back = restore_pruned(tmp_path / "n.safetensors", made(seed=9))
    assert not any(module.training for module in back.modules())
    assert same_state(back, smaller)
    assert back.right.weight is back.left.weight
    with torch.no_grad():
        assert torch.equal(back(IMAGES), smaller.eval()(IMAGES))


def test_a_second_surgery_is_kept_apart_from_the_first(tmp_path: Path) -> None:
    """One channel a group is left, as in a depthwise layer; shapes alone would not tell."""

    def network() -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 8, 1, groups=4), nn.ReLU(),
            nn.Conv2d(8, 2, 1),
        )  # fmt: skip

    twice = pruned(pruned(network()))
    assert twice[2].groups < 4
    store_pruned(tmp_path / "n.safetensors", twice)
    back = restore_pruned(tmp_path / "n.safetensors", network())
    assert torch.equal(back(IMAGES), twice(IMAGES))
    assert str(back) == str(twice)  # the numbers that layers keep of themselves
    assert torch.equal(pruned(back)(IMAGES), pruned(twice)(IMAGES))  # and rounds go on


def test_the_whole_network_is_not_changed_and_frozen_tensors_stay_frozen(
    tmp_path: Path,
) -> None:
    whole, before = made().train(), made().train()
    whole.stem.requires_grad_(requires_grad=False)
    store_pruned(tmp_path / "n.safetensors", pruned(made()))
    back = restore_pruned(tmp_path / "n.safetensors", whole)
    assert same_state(whole, before)
    assert whole.training
    assert {n for n, p in back.named_parameters() if not p.requires_grad} == {
        "stem.weight",
        "stem.bias",
    }


OTHER_PROCESS = """
import sys, torch
from pathlib import Path
from safetensors.torch import load_file
from torchvision import models
from leanlung.networks import restore_pruned
back = restore_pruned(Path(sys.argv[1]), models.resnet18(num_classes=3))
expected = load_file(sys.argv[2])
with torch.no_grad():
    assert torch.equal(back(expected["images"]), expected["logits"])
"""


def test_another_process_gets_the_same_answers_bit_for_bit(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = models.resnet18(num_classes=3).eval()
    images = torch.randn(2, 3, 64, 64)
    graph = channel_graph(network, images[:1])
    half = {layer.name: tuple(range(len(layer) // 2)) for layer in graph.layers}
    smaller = remove(network, graph, Removal(half)).network
    store_pruned(tmp_path / "n.safetensors", smaller)
    with torch.no_grad():
        save_file({"images": images, "logits": smaller(images)}, tmp_path / "e.safetensors")
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, tmp_path / "n.safetensors",
         tmp_path / "e.safetensors"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_file_is_plain_safetensors(tmp_path: Path) -> None:
    store_pruned(tmp_path / "n.safetensors", pruned(made()))
    found = load_file(tmp_path / "n.safetensors")
    assert found["stem.weight"].shape == (4, 3, 3, 3)
    assert "right.weight" not in found  # shared with left: once


def test_a_network_that_was_never_pruned_comes_back_too(tmp_path: Path) -> None:
    store_pruned(tmp_path / "n.safetensors", made())
    assert same_state(restore_pruned(tmp_path / "n.safetensors", made(seed=9)), made())


def test_another_network_is_refused_by_the_first_thing_that_differs(tmp_path: Path) -> None:
    path = tmp_path / "n.safetensors"
    store_pruned(path, pruned(made()))
    with pytest.raises(NetworkError, match=r"n.safetensors: no layer '\w+' .* Sequential"):
        restore_pruned(path, nn.Sequential(nn.Conv2d(3, 8, 1)))

    class More(Everything):
        def __init__(self) -> None:
            super().__init__()
            self.more = nn.Conv2d(6, 6, 1)

    whole = More()
    with pytest.raises(
        NetworkError, match=r"'more.weight' is missing in the file and of shape"
    ):
        restore_pruned(path, whole)
    assert whole.stem.out_channels == 8


def test_another_precision_is_refused(tmp_path: Path) -> None:
    store_pruned(tmp_path / "n.safetensors", pruned(made()).double())
    with pytest.raises(NetworkError, match=r"float64 in the file .* float32 in the network"):
        restore_pruned(tmp_path / "n.safetensors", made())
    back = restore_pruned(tmp_path / "n.safetensors", made().double())
    assert back.stem.weight.dtype == torch.float64


def test_a_file_without_widths_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "n.safetensors")
    with pytest.raises(NetworkError, match="has no widths; was it written by store_pruned"):
        restore_pruned(tmp_path / "n.safetensors", made())
    save_file(
        {"weight": torch.zeros(2)}, tmp_path / "m.safetensors", {"leanlung.widths": "[1]"}
    )
    with pytest.raises(NetworkError, match="has no widths; was it written by store_pruned"):
        restore_pruned(tmp_path / "m.safetensors", made())


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_a_damaged_or_missing_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "n.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        restore_pruned(path, made())
