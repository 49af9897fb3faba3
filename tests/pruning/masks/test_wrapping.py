"""The wrapper of TensorFlow's toolkit, counted: the six integers of a published table."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import magnitude
from leanlung.pruning.masks import (
    keep_largest,
    kernels,
    storage_forms,
    wrapped_counts,
    wrapped_state,
)


def test_table_1_of_shahabade_and_londhe(ct_network: nn.Module) -> None:
    found = wrapped_counts(ct_network)
    assert (found.kernels, found.thresholds, found.steps) == (3_923_008, 10, 34)
    assert found.bookkeeping == 3_923_052 == 3_925_996 - 2_944
    assert found.before == (7_854_454, 3_928_458, 3_925_996)
    assert found.after == (3_931_402, 3_928_458, 2_944)
    assert int(10_000 * found.vanished) == 4_994  # printed 49.94 %, cut off
    assert int(10_000 * (1 - 2_944 / 3_925_996)) == 9_992  # printed 99.92 %
    assert "49.95% fewer and no compression" in found.sentence()
    assert found.as_dict()["before"] == [7_854_454, 3_928_458, 3_925_996]


def test_it_is_as_large_whatever_the_mask_holds(ct_network: nn.Module) -> None:
    """Four bytes a number, eight for each of 34 counters; BatchNorm's own are not counted."""
    for share in (0.0, 0.9):
        mask = keep_largest(magnitude(ct_network, kernels(ct_network)), share)
        state = wrapped_state(ct_network, mask)
        counters = sum(b.nbytes for b in ct_network.buffers() if not b.ndim)
        assert sum(tensor.nbytes for tensor in state.values()) - counters == 31_417_952


def test_a_threshold_is_the_largest_weight_that_is_held() -> None:
    network = nn.Sequential(nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, -4.0, 2.0, 3.0]]))
    state = wrapped_state(network, keep_largest(magnitude(network, ("0.weight",)), 0.5))
    assert state["0.weight.mask"].tolist() == [[0.0, 1.0, 0.0, 1.0]]
    assert state["0.weight.threshold"] == 2.0
    assert [name for name in state if name.startswith("pruning_step")] == ["pruning_step.0"]


def test_joins_are_layers_and_what_follows_the_last_weights_is_not() -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 1)
            self.pool, self.flat = nn.AdaptiveMaxPool2d(1), nn.Flatten()
            self.last = nn.Linear(4, 2)
            self.act = nn.Softmax(dim=1)

        def forward(self, x):
            joined = torch.cat([self.one(x), self.two(x) + self.one(x)], dim=1)
            return self.act(self.last(self.flat(self.pool(joined))) * 2.0)

    found = wrapped_counts(Joined())
    assert found.steps == 6  # two convolutions, addition, concatenation, pooling, dense


def test_what_cannot_be_traced_has_no_such_form() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            return self.layer(x) if x.sum() > 0 else x

    with pytest.raises(SurgeryError, match=r"Odd cannot be traced by torch\.fx"):
        wrapped_counts(Odd())
    assert "wrapped checkpoint" not in [one.name for one in storage_forms(Odd())]
