"""A stored network comes back bit for bit, and only as itself."""

from pathlib import Path

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, Width, build, restore, store

SPEC = NetworkSpec(
    "separable_cnn",
    classes=3,
    size=32,
    widths={"trunk.9": Width(128, 200, 1), "trunk.10": Width(200, 200, 1),
            "head.3": Width(200, 3, 1)},
)  # fmt: skip


def test_it_comes_back_bit_for_bit(tmp_path: Path) -> None:
    network = build(SPEC)
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    network.to(memory_format=torch.channels_last)
    store(tmp_path / "n.safetensors", network)
    back = restore(tmp_path / "n.safetensors", SPEC)
    assert not back.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor)


def test_another_specification_is_refused_by_the_first_tensor_that_differs(
    tmp_path: Path,
) -> None:
    store(tmp_path / "n.safetensors", build(SPEC))
    with pytest.raises(NetworkError, match=r"'trunk.9.weight' is of shape \(200, 128, 1, 1\)"):
        restore(tmp_path / "n.safetensors", NetworkSpec("separable_cnn", 3, size=32))


def test_a_tensor_too_many_is_refused(tmp_path: Path) -> None:
    network = build(SPEC)
    network.register_buffer("stray", torch.zeros(2))
    store(tmp_path / "n.safetensors", network)
    with pytest.raises(
        NetworkError, match=r"'stray' is of shape \(2,\) in the file and missing"
    ):
        restore(tmp_path / "n.safetensors", SPEC)


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_a_damaged_or_missing_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "n.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        restore(path, SPEC)
