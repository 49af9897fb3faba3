"""Every figure of a model's size has one meaning."""

import torch
from safetensors.torch import save
from torch import nn

from leanlung.networks import NetworkSpec, build, size_of


def small_network() -> nn.Sequential:
    """Two maps of 3 x 3 over one channel, then a linear layer over 2 * 2 * 2 places."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))


def test_operations_are_counted_by_hand() -> None:
    convolution = (2 * 2) * 2 * 9  # output places, maps, weights of a map
    linear = 3 * 8
    assert size_of(small_network(), size=4, channels=1).macs == convolution + linear


def test_grouped_convolutions_count_their_own_inputs_only() -> None:
    network = nn.Sequential(nn.Conv2d(4, 8, 1, groups=2), nn.Flatten(), nn.Linear(8, 1))
    assert size_of(network, size=1, channels=4).macs == 8 * 2 + 8


def test_a_layer_used_twice_is_stored_once_and_computed_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = nn.Conv2d(1, 1, 1, bias=False)
            self.again = self.shared

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.again(self.shared(images))

    size = size_of(Twice(), size=2, channels=1)
    assert (size.stored, size.macs) == (1, 2 * 4)


def test_a_mask_is_not_compression() -> None:
    network = small_network()
    whole = size_of(network, 4, 1)
    with torch.no_grad():
        network[0].weight[0] = 0.0
    masked = size_of(network, 4, 1)
    assert masked.nonzero == whole.nonzero - 9
    assert (masked.stored, masked.file_bytes, masked.macs) == (
        whole.stored,
        whole.file_bytes,
        whole.macs,
    )


def test_frozen_parameters_are_stored_and_not_trainable() -> None:
    network = small_network()
    network[0].requires_grad_(requires_grad=False)
    size = size_of(network, 4, 1)
    assert (size.stored, size.trainable) == (20 + 27, 27)


def test_file_bytes_are_those_of_the_file() -> None:
    network = build(NetworkSpec("separable_cnn", classes=2, size=32))
    written = save(dict(network.state_dict()))
    assert size_of(network, 32).file_bytes == len(written)


def test_measuring_changes_nothing() -> None:
    network = build(NetworkSpec("separable_cnn", classes=2, size=32))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    size_of(network, 32)
    assert network.training
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
