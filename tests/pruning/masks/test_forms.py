"""Every form of a network on disk: how many bytes it really takes, and that it comes back."""

import gzip
import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from scipy import sparse
from torch import nn

from leanlung.foundations.errors import NetworkError, SurgeryError
from leanlung.networks import NetworkSpec, build, size_of
from leanlung.networks.size import unshared_state
from leanlung.pruning import (
    L1,
    LowestShare,
    OneShot,
    channel_graph,
    magnitude,
    remove,
    score_filters,
)
from leanlung.pruning.masks import (
    WeightMask,
    impose,
    keep_largest,
    kernels,
    pack_int8,
    pack_sparse,
    storage_forms,
    unpack_int8,
    unpack_sparse,
    zeros_of,
)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(6, 2),
    )  # fmt: skip


def half_of(network: nn.Module, share: float = 0.5) -> WeightMask:
    return keep_largest(magnitude(network, kernels(network)), share)


def state_of(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: t.contiguous() for name, t in unshared_state(network).items()}


def test_the_published_network_in_every_form(ct_network: nn.Module) -> None:
    """3,931,402 numbers; 10 kernels of 2,506 rows; half of 3,923,008 weights are zero."""
    kept, rest, rows = 1_961_504, 4 * (2_506 + 2 * 2_944), 2_506 + 10
    mask = half_of(ct_network)
    forms = {one.name: one for one in storage_forms(ct_network, mask, gzipped=False)}
    assert {name: one.numbers for name, one in forms.items()} == {
        "wrapped checkpoint": 31_417_952,
        "dense": 15_725_608,
        "dense, masked": 15_725_608,
        "CSR, int32": 8 * kept + 4 * rows + rest,
        "CSR, int16": 6 * kept + 4 * rows + rest,
        "COO": 12 * kept + rest,
        "bits and values": 8_369_968,
        "int8": 3_923_008 + 4 * 2_506 + rest,
    }
    assert forms["CSR, int32"].numbers == 15_735_672
    assert forms["CSR, int16"].numbers == 11_812_664
    assert forms["COO"].numbers == 23_571_624
    assert (
        forms["dense, masked"].bytes == forms["dense"].bytes == len(save(state_of(ct_network)))
    )
    assert forms["CSR, int32"].share > 1.0 > forms["CSR, int16"].share
    assert [name for name, one in forms.items() if not one.lossless] == ["int8"]
    zeros = zeros_of(ct_network, mask)
    assert (zeros.weights, zeros.nonzero, zeros.share) == (3_923_008, kept, 0.5)
    assert "A mask is not compression" in zeros.sentence()
    assert "1,961,504 of 3,923,008" in zeros.sentence()


def test_every_file_is_as_long_as_told() -> None:
    network = small()
    mask = half_of(network)
    forms = {one.name: one for one in storage_forms(network, mask)}
    free = save(state_of(network))
    impose(network, mask)
    held = state_of(network)
    names = kernels(network)
    files = {
        "dense": free,
        "CSR, int32": pack_sparse(held, names),
        "CSR, int16": pack_sparse(held, names, columns=torch.int16),
        "COO": pack_sparse(held, names, "coo"),
        "gzip of dense": gzip.compress(free, 6, mtime=0),
        "gzip of masked": gzip.compress(save(held), 6, mtime=0),
        "int8": pack_int8(held, names),
    }
    assert {name: forms[name].bytes for name in files} == {n: len(f) for n, f in files.items()}
    assert forms["gzip of dense"].numbers is None
    assert json.loads(json.dumps(forms["COO"].as_dict()))["lossless"] is True
    again = {one.name: one for one in storage_forms(network, mask)}  # the mask is in force
    assert "gzip of dense" not in again
    assert again["gzip of masked"] == forms["gzip of masked"]
    assert storage_forms(network) == tuple(again.values())  # read off the zeros


def test_a_network_without_zeros_has_no_masked_form() -> None:
    names = [one.name for one in storage_forms(small())]
    assert "gzip of dense" in names
    assert not {"dense, masked", "gzip of masked", "gzip of bits and values"} & set(names)


@pytest.mark.parametrize("columns", [torch.int32, torch.int16])
@pytest.mark.parametrize("layout", ["csr", "coo"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_sparse_kernels_come_back(layout: str, columns: torch.dtype, share: float) -> None:
    network = small()
    impose(network, half_of(network, share))
    with torch.no_grad():
        network[0].weight[2] = 0.0  # an empty row
    state = state_of(network)
    again = unpack_sparse(pack_sparse(state, kernels(network), layout, columns))
    assert again.keys() == state.keys()
    for name, tensor in state.items():
        assert torch.equal(again[name], tensor), name


def test_scipy_reads_the_same_rows_and_places() -> None:
    network = small()
    impose(network, half_of(network))
    state = state_of(network)
    expected = state["0.weight"].flatten(1).numpy()
    raw = load(pack_sparse(state, ["0.weight"], "csr", torch.int16))
    parts = [raw[f"0.weight.{end}"].numpy() for end in ("values", "columns", "starts")]
    assert parts[1].dtype == np.int16
    assert np.array_equal(sparse.csr_array(tuple(parts), shape=(6, 9)).toarray(), expected)
    raw = load(pack_sparse(state, ["0.weight"], "coo"))
    values, columns, rows = (
        raw[f"0.weight.{e}"].numpy() for e in ("values", "columns", "rows")
    )
    found = sparse.coo_array((values, (rows, columns)), shape=(6, 9))
    assert np.array_equal(found.toarray(), expected)


def test_long_rows_keep_wide_columns() -> None:
    state = {"w": torch.zeros(1, 2**15 + 1), "v": torch.zeros(1, 2**15)}
    state["w"][0, -1] = state["v"][0, -1] = 1.0
    raw = load(pack_sparse(state, ["w", "v"], columns=torch.int16))
    assert (raw["w.columns"].dtype, raw["v.columns"].dtype) == (torch.int32, torch.int16)
    again = unpack_sparse(pack_sparse(state, ["w", "v"], columns=torch.int16))
    assert all(torch.equal(again[name], state[name]) for name in ("w", "v"))


def test_eight_bits_are_off_by_half_a_scale_at_most() -> None:
    network = small()
    impose(network, half_of(network))
    with torch.no_grad():
        network[0].weight[2] = 0.0
    state = state_of(network)
    again = unpack_int8(pack_int8(state, kernels(network)))
    for name in kernels(network):
        rows = state[name].flatten(1)
        scale = rows.abs().amax(dim=1, keepdim=True) / 127
        assert ((again[name].flatten(1) - rows).abs() <= scale / 2 * (1 + 1e-5)).all()
        assert not again[name][state[name] == 0].any()
    assert all(torch.equal(again[n], t) for n, t in state.items() if n not in kernels(network))
    assert again.keys() == state.keys()


def test_units_that_left_make_the_dense_file_itself_smaller() -> None:
    """Half of all filters: 988,810 parameters, counted from the widths by hand."""
    torch.manual_seed(0)
    whole = build(NetworkSpec("shahabade2025", 2, size=32, channels=1, head="own")).eval()
    graph = channel_graph(whole, torch.zeros(1, 1, 32, 32))
    alone = ("head.branches.*",)
    cut = LowestShare("layer", OneShot(0.5), leave_alone=alone)
    scores = score_filters(whole, graph, [L1()])["l1"]
    network = remove(whole, graph, cut(scores, 1, graph.originals)).network
    widths = [1, 32, 64, 128, 256, 256]
    convolutions = sum(9 * a * b + 3 * b for a, b in pairwise(widths))
    head = 3 * (256 * 3 + 3) + (9 * 512 + 512) + (512 + 1)
    assert sum(p.numel() for p in network.parameters()) == convolutions + head
    statistics = 2 * sum(widths[1:])
    assert convolutions + head + statistics == 988_810
    before, after = storage_forms(network, whole=whole, gzipped=False)[0::2][:2]
    assert (before.name, before.share) == ("dense, whole", 1.0)
    assert after.name == "dense"
    assert (before.numbers, after.numbers) == (15_725_608, 4 * 988_810)
    assert after.share == pytest.approx(0.2515, abs=1e-3)
    macs = size_of(network, 32, 1).macs / size_of(whole, 32, 1).macs
    assert macs == pytest.approx(0.25, abs=0.01)


def test_a_mask_of_another_network_is_refused() -> None:
    with pytest.raises(SurgeryError):
        storage_forms(small(), WeightMask({"3.weight": torch.ones(2, 2, dtype=torch.bool)}))


@pytest.mark.parametrize("read", [unpack_sparse, unpack_int8])
def test_damaged_files_are_told(read) -> None:
    state = state_of(small())
    data = pack_sparse(state, ["0.weight"]) if read is unpack_sparse else pack_int8(state, [])
    for broken in (b"", data[:-9], b"x" * 40):
        with pytest.raises(NetworkError):
            read(broken)
    with pytest.raises(NetworkError, match="not a file of sparse kernels"):
        unpack_sparse(save(state))
