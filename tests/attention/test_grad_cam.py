"""Grad-CAM by hand, by other roads, and on networks as people have them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from leanlung.attention import find_layer, grad_cam
from leanlung.foundations.errors import NetworkError, UsageError
from leanlung.pruning import Removal, channel_graph, remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Making = Callable[..., nn.Sequential]


def stretched(maps: np.ndarray, size: int) -> np.ndarray:
    """Enlarge bilinearly, places between centres, by NumPy alone."""
    sides = maps.shape[0]
    at = np.clip((np.arange(size) + 0.5) * sides / size - 0.5, 0, sides - 1)
    rows = np.stack([np.interp(at, np.arange(sides), column) for column in maps.T], axis=1)
    return np.stack([np.interp(at, np.arange(sides), row) for row in rows])


def by_differences(
    network: nn.Sequential, image: Tensor, of_class: int, cut: int
) -> np.ndarray:
    """Grad-CAM of one image by finite differences of the layers behind ``cut``, in float64."""
    network = copy.deepcopy(network).double()
    trunk, head = network[:cut], network[cut:]
    step = 1e-6
    with torch.no_grad():
        maps = trunk(image.double())[0]
        slopes = torch.zeros_like(maps)
        for place in np.ndindex(*maps.shape):
            more, less = maps.clone(), maps.clone()
            more[place] += step
            less[place] -= step
            rise = head(more[None]) - head(less[None])
            slopes[place] = rise[0, of_class] / (2 * step)
    seen = (slopes.mean(dim=(1, 2))[:, None, None] * maps).sum(dim=0).clamp(min=0).numpy()
    over = stretched(seen, image.shape[-1])
    return np.asarray(over / over.max())


def test_two_maps_are_weighed_by_hand(two_maps: Making) -> None:
    slopes = torch.tensor([[[[1.0, 1.0], [1.0, 5.0]], [[-1.0, 0.0], [0.0, -3.0]]]])  # 2 and -1
    other = torch.zeros_like(slopes)
    image = torch.tensor([[[[1.0, 2.0], [3.0, 0.0]], [[1.0, 5.0], [2.0, 4.0]]]])
    # 2 a - b is [[1, -1], [4, -4]]; below zero is cut off, 4 becomes 1
    found = grad_cam(two_maps(torch.cat([slopes, other])), image, [0])
    np.testing.assert_allclose(found.values, [[[0.25, 0.0], [1.0, 0.0]]], rtol=1e-6)
    # logit by hand: 1 + 2 + 3 + 0 - 1 - 12
    assert found.logits.tolist() == [[-7.0, 0.0]]
    assert (found.layer, found.method) == ("maps", "grad-cam")


def test_the_class_asked_about_is_the_answer_unless_it_is_given(two_maps: Making) -> None:
    slopes = torch.tensor([1.0, -1.0])[:, None, None, None].expand(2, 2, 2, 2)
    images = torch.stack([torch.ones(2, 2, 2), -torch.ones(2, 2, 2)])
    found = grad_cam(two_maps(slopes), images)
    assert found.classes.tolist() == [0, 1]
    assert not found.empty.any()
    # asked about the other class, nothing speaks for it
    other = grad_cam(two_maps(slopes), images, [1, 0])
    assert other.empty.tolist() == [True, True]
    assert not other.values.any()


@pytest.mark.parametrize("of_class", [0, 1, 2])
def test_it_is_what_finite_differences_give(
    network: nn.Sequential, images: Tensor, of_class: int
) -> None:
    found = grad_cam(network, images, [of_class] * len(images))
    assert not found.empty.all()
    for image, values in zip(images, found.values, strict=True):
        if values.any():
            wanted = by_differences(network, image[None], of_class, cut=7)
            np.testing.assert_allclose(values, wanted, atol=1e-4)


def test_plus_plus_is_equation_nineteen_by_higher_derivatives(two_maps: Making) -> None:
    generator = torch.Generator().manual_seed(3)
    weights = torch.randn(1, 2, 2, 2, generator=generator).double() / 2
    maps = torch.rand(1, 2, 2, 2, generator=generator).double()
    wanted = torch.zeros(2, dtype=torch.float64)
    for map_, row, column in np.ndindex(2, 2, 2):

        def score(value: Tensor, place: tuple[int, ...] = (0, map_, row, column)) -> Tensor:
            moved = maps.clone()
            moved[place] = value
            return (weights * moved).sum().exp()

        slopes, value = [], maps[0, map_, row, column].clone().requires_grad_()
        derivative = score(value)
        for _ in range(3):
            (derivative,) = torch.autograd.grad(derivative, value, create_graph=True)
            slopes.append(derivative)
        first, second, third = slopes
        share = second / (2 * second + maps[0, map_].sum() * third)
        wanted[map_] += (share * first.clamp(min=0)).item()
    seen = (wanted[:, None, None] * maps[0]).sum(dim=0).clamp(min=0)
    network = two_maps(torch.cat([weights, weights * 0])).double()
    found = grad_cam(network, maps, [0], method="grad-cam++")
    np.testing.assert_allclose(found.values[0], seen / seen.max(), rtol=1e-5)


@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++"])
def test_a_pruned_network_looks_where_the_masked_one_does(
    making: Making, images: Tensor, method: str
) -> None:
    network = making(inplace=False)
    graph = channel_graph(network, images[:1])
    removal = Removal({"0": (1, 3), "4": (0, 5)})
    pruned = remove(network, graph, removal).network
    assert isinstance(pruned, nn.Sequential)
    masked = copy.deepcopy(network)
    with torch.no_grad():
        for norm, units in ((masked[1], [1, 3]), (masked[5], [0, 5])):
            assert isinstance(norm, nn.BatchNorm2d)
            norm.weight[units] = 0.0
            norm.bias[units] = 0.0
    one, two = (grad_cam(each, images, method=method) for each in (pruned, masked))
    assert pruned[4].out_channels == 4
    assert one.classes.tolist() == two.classes.tolist()
    assert not one.empty.all()
    np.testing.assert_allclose(one.values, two.values, atol=1e-5)


def test_each_image_is_on_its_own(network: nn.Sequential, images: Tensor) -> None:
    together = grad_cam(network, images).values
    alone = [grad_cam(network, image[None]).values[0] for image in images]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_same_comes_out_every_time(network: nn.Sequential, images: Tensor) -> None:
    assert np.array_equal(grad_cam(network, images).values, grad_cam(network, images).values)


def frozen(network: nn.Module) -> nn.Module:
    return network.requires_grad_(False)


def training(network: nn.Module) -> nn.Module:
    return network.train()


def compiled(network: nn.Module) -> nn.Module:
    found = torch.compile(network, backend="eager")
    assert isinstance(found, nn.Module)
    return found


def compiled_in_place(network: nn.Module) -> nn.Module:
    network.compile(backend="eager")
    return network


@pytest.mark.parametrize(
    "changed", [frozen, training, nn.DataParallel, compiled, compiled_in_place]
)
def test_frozen_and_wrapped_networks_give_the_same_maps(
    network: nn.Sequential, images: Tensor, changed: Callable[[nn.Module], nn.Module]
) -> None:
    wanted = grad_cam(network, images)
    found = grad_cam(changed(network), images)
    assert found.layer == wanted.layer
    assert np.array_equal(found.values, wanted.values)


@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_callers_may_forbid_gradients(
    network: nn.Sequential, images: Tensor, without: Callable[[], AbstractContextManager[None]]
) -> None:
    wanted = grad_cam(network, images)
    with without():
        found = grad_cam(network, images * 1.0)
        assert not torch.is_grad_enabled()
    assert np.array_equal(found.values, wanted.values)


def test_networks_made_where_gradients_are_forbidden_are_explained_too(
    making: Making, images: Tensor
) -> None:
    wanted = grad_cam(making(), images)
    with torch.inference_mode():
        found = grad_cam(making(), images)
    assert np.array_equal(found.values, wanted.values)


def test_the_network_is_left_as_it_was_found(network: nn.Sequential, images: Tensor) -> None:
    network[4].weight.requires_grad_(False)
    network.train()
    network[1].eval()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    inside = images.clone()
    grad_cam(network, images)
    assert not any(module._forward_hooks for module in network.modules())
    assert [module.training for module in network.modules()] == modes
    assert all(parameter.grad is None for parameter in network.parameters())
    flags = {name for name, p in network.named_parameters() if not p.requires_grad}
    assert flags == {"4.weight"}
    assert all(torch.equal(state[name], t) for name, t in network.state_dict().items())
    assert torch.equal(images, inside)
    assert not images.requires_grad


def test_hooks_are_gone_after_an_error_too(network: nn.Sequential) -> None:
    with pytest.raises(NetworkError, match="does not run on images of shape"):
        grad_cam(network, torch.zeros(1, 2, 12, 12))
    assert not any(module._forward_hooks for module in network.modules())


def test_half_precision_around_it_changes_nothing(
    network: nn.Sequential, images: Tensor
) -> None:
    wanted = grad_cam(network, images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = grad_cam(network, images)
    assert np.array_equal(found.values, wanted.values)


@pytest.mark.parametrize(
    ("classes", "method", "told"),
    [
        ([3] * 5, "grad-cam", "one from 0 to 2 was expected for each"),
        ([0], "grad-cam", "for 5 images"),
        (None, "gradcam", "did you mean 'grad-cam'"),
    ],
)
def test_what_cannot_be_asked_is_told(
    network: nn.Sequential, images: Tensor, classes: list[int] | None, method: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        grad_cam(network, images, classes, method=method)


def test_a_layer_the_answer_does_not_hang_on_is_told(images: Tensor) -> None:
    class Aside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.aside = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3)

        def forward(self, images: Tensor) -> Tensor:
            self.aside(images)
            maps: Tensor = self.used(images)
            return maps.mean(dim=(2, 3))

    network = Aside()
    assert find_layer(network, images).name == "used"
    with pytest.raises(NetworkError, match="do not depend on layer 'aside'"):
        grad_cam(network, images, layer="aside")


def test_logits_that_are_no_numbers_are_told(network: nn.Sequential, images: Tensor) -> None:
    with pytest.raises(NetworkError, match="not finite"):
        grad_cam(network, images * torch.nan)
