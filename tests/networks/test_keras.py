"""With keras's conventions strided convolutions are padded as TensorFlow pads "same"."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.networks import NetworkSpec, build
from leanlung.networks.keras import SamePaddedConv2d


@pytest.mark.parametrize(
    ("size", "before", "after"),
    # TensorFlow: zeros = max((ceil(n / 2) - 1) * 2 + 3 - n, 0), the odd one after
    [(8, 0, 1), (7, 1, 1), (1, 1, 1)],
)
def test_the_odd_zero_goes_right_and_bottom(size: int, before: int, after: int) -> None:
    layer = SamePaddedConv2d(1, 1, 3, stride=2)
    images = torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    padded = F.pad(images, (before, after, before, after))
    expected = F.conv2d(padded, layer.weight, layer.bias, stride=2)
    assert torch.equal(layer(images), expected)


def test_the_output_has_half_the_size_rounded_up() -> None:
    layer = SamePaddedConv2d(1, 1, 5, stride=2)
    assert layer(torch.zeros(1, 1, 9, 12)).shape == (1, 1, 5, 6)


def test_a_trunk_keeps_its_parameters_and_changes_its_epsilon() -> None:
    torch_like = build(NetworkSpec("mobilenet_v2", 3, size=32))
    keras_like = build(NetworkSpec("mobilenet_v2", 3, size=32, conventions="keras"))
    assert list(torch_like.state_dict()) == list(keras_like.state_dict())
    norms = [m.eps for m in keras_like.modules() if isinstance(m, nn.BatchNorm2d)]
    assert set(norms) == {1e-3}
    strided = [
        type(m) for m in keras_like.modules() if isinstance(m, nn.Conv2d) and m.stride == (2, 2)
    ]
    assert set(strided) == {SamePaddedConv2d}


def test_gamma_is_a_constant_one_where_keras_has_none() -> None:
    trunk = build(NetworkSpec("inception_v3", 2, conventions="keras")).trunk
    gammas = [m.weight for m in trunk.modules() if isinstance(m, nn.BatchNorm2d)]
    assert not any(gamma.requires_grad for gamma in gammas)
    assert all(torch.equal(gamma, torch.ones_like(gamma)) for gamma in gammas)


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec("inception_v3", 2),
        NetworkSpec("mobilenet", 2, conventions="keras"),
        NetworkSpec("densenet121", 2, conventions="keras"),
    ],
)
def test_gamma_trains_everywhere_else(spec: NetworkSpec) -> None:
    with torch.device("meta"):
        network = build(spec)
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("backbone", "kinds"),
    [
        ("inception_v3", {nn.Conv2d}),  # keras: padding "valid" wherever strided
        ("densenet121", {nn.Conv2d}),  # keras: three zeros on every side, then "valid"
        ("mobilenet", {SamePaddedConv2d}),
    ],
)
def test_only_convolutions_that_keras_pads_same_are_changed(
    backbone: str, kinds: set[type[nn.Module]]
) -> None:
    with torch.device("meta"):
        trunk = build(NetworkSpec(backbone, 2, conventions="keras")).trunk
    strided = [m for m in trunk.modules() if isinstance(m, nn.Conv2d) and m.stride != (1, 1)]
    assert strided
    assert {type(m) for m in strided} == kinds
