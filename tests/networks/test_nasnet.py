"""NASNet-A (mobile) is the large one of timm with fewer and narrower cells."""

import timm
import torch
from torch import Tensor, nn

from leanlung.networks.nasnet import nasnet_trunk


def trunk_on_meta() -> nn.Module:
    with torch.device("meta"):
        return nasnet_trunk(3).eval()


def test_it_has_kerass_count_of_trainable_parameters() -> None:
    assert sum(p.numel() for p in trunk_on_meta().parameters()) == 4_232_978


def test_tensors_are_named_as_in_timms_large_network() -> None:
    with torch.device("meta"):
        large = timm.create_model("nasnetalarge", num_classes=0)
    repeats = {f"cell_{n}" for n in (4, 5, 10, 11, 16, 17)}  # six times there, four here
    expected = {name for name in large.state_dict() if name.split(".")[0] not in repeats}
    assert set(trunk_on_meta().state_dict()) == expected


def test_cells_widen_as_the_penultimate_1056_filters_say() -> None:
    """Six times 44, 88 and 176 filters; four times 11 and 22 in the stem."""
    trunk = trunk_on_meta()
    seen: dict[str, tuple[int, ...]] = {}
    for name, cell in trunk.named_children():
        cell.register_forward_hook(
            lambda _m, _i, maps, name=name: seen.update({name: tuple(maps.shape[1:])})
        )
    trunk(torch.zeros(1, 3, 224, 224, device="meta"))
    assert seen["conv0"] == (32, 111, 111)
    assert seen["cell_stem_0"] == (44, 56, 56)
    assert seen["cell_stem_1"] == (88, 28, 28)
    assert seen["cell_3"] == (264, 28, 28)
    assert seen["reduction_cell_0"] == (352, 14, 14)
    assert seen["cell_9"] == (528, 14, 14)
    assert seen["cell_15"] == (1056, 7, 7)


def test_a_cell_computes_what_timms_cell_computes() -> None:
    """The same weights in both, at an odd and an even size of maps."""
    from timm.models import nasnet as theirs

    torch.manual_seed(0)
    ours = nasnet_trunk(3).double().eval()
    pairs: list[tuple[nn.Module, nn.Module, list[Tensor]]] = [
        (
            ours.cell_stem_0,
            theirs.CellStem0(stem_size=32, num_channels=11, pad_type=""),
            [torch.randn(1, 32, 15, 15)],
        ),
        (
            ours.cell_0,
            theirs.FirstCell(44, 22, 88, 44, pad_type=""),
            [torch.randn(1, 88, 8, 8), torch.randn(1, 44, 15, 15)],
        ),
        (
            ours.cell_2,
            theirs.NormalCell(264, 44, 264, 44, pad_type=""),
            [torch.randn(1, 264, 7, 7), torch.randn(1, 264, 7, 7)],
        ),
        (
            ours.reduction_cell_0,
            theirs.ReductionCell0(264, 88, 264, 88, pad_type=""),
            [torch.randn(1, 264, 7, 7), torch.randn(1, 264, 7, 7)],
        ),
    ]
    for own, timms, maps in pairs:
        timms.double().eval().load_state_dict(own.state_dict())
        for module in timms.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 1e-5
        given = [tensor.double() for tensor in maps]
        expected = timms(*given)
        found = own(*given) if len(given) > 1 else own(given[0], None)
        torch.testing.assert_close(found, expected)
