"""A masked network is stored as bits and kept weights, and comes back bit for bit."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from leanlung.foundations.errors import NetworkError, SurgeryError
from leanlung.networks import NetworkSpec, build, restore, size_of, store
from leanlung.pruning import magnitude
from leanlung.pruning.masks import (
    WeightMask,
    impose,
    keep_largest,
    kernels,
    masked_size_of,
    read_masked,
    restore_masked,
    store_masked,
)

SPEC = NetworkSpec("separable_cnn", 3, size=32)


def header(path: Path) -> int:
    """Length of a safetensors header with its own eight bytes of length."""
    return 8 + int.from_bytes(path.read_bytes()[:8], "little")


def halved(network: nn.Module, share: float = 0.5) -> WeightMask:
    mask = keep_largest(magnitude(network, kernels(network)), share)
    impose(network, mask)
    return mask


def test_the_published_network_takes_8369968_bytes(
    published: nn.Module, tmp_path: Path
) -> None:
    """490,376 of bits, 7,846,016 of kept weights, 33,576 of all else; 15,725,608 dense."""
    mask = halved(published)
    store_masked(tmp_path / "masked", published, mask)
    store(tmp_path / "dense", published)
    counters = 5 * 8  # BatchNorm's, of 64 bits
    bytes_ = {
        name: (tmp_path / name).stat().st_size - header(tmp_path / name) - counters
        for name in ("masked", "dense")
    }
    assert bytes_ == {"masked": 8_369_968, "dense": 15_725_608}
    size = masked_size_of(published, mask)
    assert size.masked_bytes == (tmp_path / "masked").stat().st_size
    assert size.dense_bytes == (tmp_path / "dense").stat().st_size
    assert size.masked_bytes / size.dense_bytes == pytest.approx(0.5322, abs=1e-3)
    biases, scales = 2_506, 2_944 // 2  # BatchNorm's shifts are zero in a fresh network
    assert size.stored == 3_928_458
    assert size.nonzero == 1_961_504 + biases + scales
    assert json.loads(json.dumps(size.as_dict()))["stored"] == 3_928_458


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_network_comes_back_bit_for_bit_with_its_mask(tmp_path: Path, share: float) -> None:
    torch.manual_seed(0)
    network = build(SPEC).eval()
    mask = halved(network, share)
    path = tmp_path / "masked.safetensors"
    store_masked(path, network, mask)
    again, found = restore_masked(path, SPEC)
    assert not again.training
    state = network.state_dict()
    assert list(again.state_dict()) == list(state)
    for name, tensor in again.state_dict().items():
        assert tensor.dtype == state[name].dtype
        assert tensor.numpy().tobytes() == state[name].numpy().tobytes(), name
    assert found.by_parameter.keys() == mask.by_parameter.keys()
    for name, kept in found.by_parameter.items():
        assert torch.equal(kept, mask.by_parameter[name])


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    """Ten weights, 1010 1000 01 kept: two bytes, 168 and 64, and four values."""
    network = nn.Linear(5, 2, bias=False)
    kept = torch.tensor([[1, 0, 1, 0, 1], [0, 0, 0, 0, 1]]).bool()
    with torch.no_grad():
        network.weight.copy_(torch.arange(1.0, 11.0).reshape(2, 5))
    mask = WeightMask({"weight": kept})
    impose(network, mask)
    store_masked(tmp_path / "m", network, mask)
    raw = load_file(tmp_path / "m")
    assert raw["weight.kept"].tolist() == [0b10101000, 0b01000000]
    assert raw["weight.values"].tolist() == [1.0, 3.0, 5.0, 10.0]
    state, found = read_masked(tmp_path / "m")
    assert torch.equal(state["weight"], network.weight)
    assert torch.equal(found.by_parameter["weight"], kept)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_precision_and_memory_format_is_kept(tmp_path: Path, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 5, 3)).to(dtype, memory_format=torch.channels_last)
    mask = halved(network.float()) if dtype is torch.float64 else halved(network)
    network.to(dtype)
    store_masked(tmp_path / "m", network, mask)
    state, _ = read_masked(tmp_path / "m")
    assert state["0.weight"].dtype == dtype
    assert torch.equal(state["0.weight"], network[0].weight)


def test_a_mask_that_is_not_in_force_is_not_stored(tmp_path: Path) -> None:
    network = nn.Linear(4, 4)
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    with pytest.raises(SurgeryError, match="8 of 8 weights of 'weight' that the mask holds"):
        store_masked(tmp_path / "m", network, mask)
    assert not list(tmp_path.iterdir())


def test_a_mask_makes_no_network_smaller(published: nn.Module) -> None:
    """Stored parameters and the dense file are what they were; zeros alone changed."""
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Conv2d(8, 2, 1))
    before = size_of(network, 8, 1)
    mask = halved(network)
    after, masked = size_of(network, 8, 1), masked_size_of(network, mask)
    assert (after.stored, after.file_bytes, after.macs) == (
        before.stored, before.file_bytes, before.macs,
    )  # fmt: skip
    assert masked.nonzero == after.nonzero == before.nonzero - 44
    assert masked.stored == before.stored


def test_shared_parameters_are_stored_once(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[1].weight = network[0].weight
    store_masked(tmp_path / "m", network, halved(network))
    state, _ = read_masked(tmp_path / "m")
    assert set(state) == {"0.weight", "0.bias", "1.bias"}


def test_wrong_files_are_told_apart(tmp_path: Path) -> None:
    network = build(SPEC).eval()
    dense, masked = tmp_path / "dense", tmp_path / "masked"
    store(dense, network)
    store_masked(masked, network, halved(network))
    with pytest.raises(NetworkError, match="not a masked network of format 1, but of none"):
        restore_masked(dense, SPEC)
    with pytest.raises(NetworkError):
        restore(masked, SPEC)
    with pytest.raises(NetworkError, match=r"tensor '.*' is of shape .* in the file and"):
        restore_masked(masked, NetworkSpec("separable_cnn", 4, size=32))
    (tmp_path / "cut").write_bytes(masked.read_bytes()[:-9])
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        restore_masked(tmp_path / "cut", SPEC)
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        restore_masked(tmp_path / "missing", SPEC)


@pytest.mark.parametrize("spoilt", ["bits", "values", "missing"])
def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path, spoilt: str) -> None:
    parts = {"w.kept": torch.tensor([0b11000000], dtype=torch.uint8), "w.values": torch.ones(2)}
    if spoilt == "bits":
        parts["w.kept"] = torch.tensor([0, 0], dtype=torch.uint8)
    elif spoilt == "values":
        parts["w.values"] = torch.ones(3)
    else:
        del parts["w.kept"]
    metadata = {"leanlung_masked": "1", "shapes": '{"w": [2, 2]}'}
    save_file(parts, tmp_path / "m", metadata=metadata)
    with pytest.raises(NetworkError, match="what it holds of 'w' does not fit together"):
        read_masked(tmp_path / "m")


def test_the_same_network_gives_the_same_bytes_every_time(tmp_path: Path) -> None:
    """Twenty files of two entries of metadata: by chance one in a million would be alike."""
    network = nn.Linear(5, 2)
    mask = halved(network)
    for number in range(20):
        store_masked(tmp_path / f"{number}", network, mask)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    assert header(tmp_path / "0") % 8 == 0
    assert load_file(tmp_path / "0")["weight.values"].tolist() == (
        network.weight[mask.by_parameter["weight"]].tolist()
    )
