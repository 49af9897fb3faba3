"""Layers that are to be left alone keep their constant units; the others lose theirs."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import remove_constants


@pytest.fixture
def network() -> nn.Module:
    """Unit 0 of each of two layers never fires."""
    torch.manual_seed(0)
    found = nn.Sequential(
        nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 2, 1)
    )
    with torch.no_grad():
        for place in ("0", "2"):
            found.get_parameter(f"{place}.bias").fill_(5.0)[0] = -1e3
    return found


@pytest.mark.parametrize(
    ("left_alone", "removed", "kept"),
    [((), {"0": (0,), "2": (0,)}, 0), (("0",), {"2": (0,)}, 1), (("2",), {"0": (0,)}, 1)],
)
def test_what_leaves_and_what_is_kept(
    network: nn.Module,
    left_alone: tuple[str, ...],
    removed: dict[str, tuple[int, ...]],
    kept: int,
) -> None:
    images = [torch.rand(4, 1, 3, 3)]
    graph = channel_graph(network, images[0][:1])
    found = remove_constants(network, graph, images, leave_alone=left_alone)
    assert found.removal.units == removed
    assert found.certificate.kept == kept


def test_a_layer_that_is_not_there_is_told(network: nn.Module) -> None:
    images = [torch.rand(2, 1, 3, 3)]
    graph = channel_graph(network, images[0][:1])
    with pytest.raises(SurgeryError, match="no layer fits 'fc9'"):
        remove_constants(network, graph, images, leave_alone=("fc9",))
