"""Units fire along whatever axis their channels lie: the second, or the last."""

import pytest
import timm
import torch
from torch import nn
from torchvision import models

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import (
    Apoz,
    MeanActivation,
    OwnActivation,
    Removal,
    Variance,
    channel_graph,
    remove,
    score_activations,
)

CRITERIA = [
    Apoz(),
    MeanActivation(),
    Variance(),
    OwnActivation("peak", lambda activation: activation.flatten(2).amax(dim=2)),
]


class Pointwise(nn.Module):
    """A block of linear layers over the last axis, as ConvNeXt and Swin have them.

    Unit 0 always fires with 1, unit 1 with the pixel where it is positive, unit 2 never.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.back = nn.Linear(1, 3), nn.Linear(3, 2)
        with torch.no_grad():
            self.hidden.weight.copy_(torch.tensor([[0.0], [1.0], [0.0]]))
            self.hidden.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = images.permute(0, 2, 3, 1)  # (N, H, W, C)
        return self.back(torch.relu(self.hidden(maps))).mean((1, 2))


# Four places each; above zero at 1 and at 2 of them.
IMAGES = torch.tensor(
    [[[[4.0, -1.0], [-2.0, -3.0]]], [[[2.0, 2.0], [-1.0, -1.0]]]]
)  # (N, 1, H, W)


def test_three_units_by_hand() -> None:
    network = Pointwise().eval()
    graph = channel_graph(network, IMAGES[:1])
    assert [(site.axis, site.units.tolist()) for site in graph.sites.values()] == [
        (3, graph.layer("hidden").units.tolist())
    ]
    found = score_activations(network, graph, [IMAGES], CRITERIA)
    assert found["apoz"].by_layer["hidden"].tolist() == [1.0, 3 / 8, 0.0]
    # 4, 2, 2 and five zeros: the mean is 1, the mean of the squares 24 / 8 = 3
    assert found["mean_activation"].by_layer["hidden"].tolist() == [1.0, 1.0, 0.0]
    assert found["variance"].by_layer["hidden"].tolist() == [0.0, 3.0 - 1.0, 0.0]
    assert found["peak"].by_layer["hidden"].tolist() == [1.0, (4.0 + 2.0) / 2, 0.0]


def test_tokens_are_places() -> None:
    """(N, T, C): the four pixels of an image are its four places."""

    class Tokens(Pointwise):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            tokens = images.flatten(2).transpose(1, 2)
            return self.back(torch.relu(self.hidden(tokens))).mean(1)

    network = Tokens().eval()
    graph = channel_graph(network, IMAGES[:1])
    assert [site.axis for site in graph.sites.values()] == [2]
    found = score_activations(network, graph, [IMAGES], [Apoz()])["apoz"]
    assert found.by_layer["hidden"].tolist() == [1.0, 3 / 8, 0.0]


def test_batches_change_nothing() -> None:
    network = Pointwise().eval()
    nn.init.normal_(network.hidden.weight, generator=torch.Generator().manual_seed(0))
    images = torch.randn(7, 1, 5, 3, generator=torch.Generator().manual_seed(1))
    graph = channel_graph(network, images[:1])
    together = score_activations(network, graph, [images], CRITERIA)
    apart = score_activations(network, graph, images.flip(0).split([1, 4, 2]), CRITERIA)
    for name, scores in together.items():
        torch.testing.assert_close(
            apart[name].by_layer["hidden"], scores.by_layer["hidden"], rtol=1e-6, atol=1e-9
        )


def test_the_place_of_what_is_not_finite_is_told() -> None:
    network = Pointwise().eval()
    images = IMAGES.clone()
    graph = channel_graph(network, images[:1])
    images[1, 0, 1, 0] = torch.inf
    with pytest.raises(SurgeryError, match=r"'hidden' fires with .* channel \d, image 1 of"):
        score_activations(network, graph, [images], [Apoz()])


def test_sites_lose_the_units_that_leave() -> None:
    network = Pointwise().eval()
    graph = channel_graph(network, IMAGES[:1])
    surgery = remove(network, graph, Removal({"hidden": (0,)}))
    found = score_activations(surgery.network, surgery.graph, [IMAGES], [Apoz()])["apoz"]
    assert found.by_layer["hidden"].tolist() == [3 / 8, 0.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: models.convnext_tiny(num_classes=3),
        lambda: timm.create_model(
            "convnext_tiny", num_classes=3, depths=(1, 1, 1, 1), dims=(8, 16, 24, 32)
        ),
    ],
    ids=["torchvision", "timm"],
)
def test_the_hidden_units_of_a_convnext_are_seen_to_fire(make: object) -> None:
    """Against hooks on the activations themselves, whose last axis is the channels'."""
    torch.manual_seed(0)
    network = make().eval()
    images = torch.randn(2, 3, 64, 64)
    graph = channel_graph(network, images[:1])
    names = {module: name for name, module in network.named_modules()}
    expected, last = {}, ""

    def hook(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal last
        if isinstance(module, nn.Linear):
            last = names[module]  # what is rectified next
        elif type(module).__name__ == "GELU":  # torch's, or timm's own
            expected[last] = (output > 0).double().mean(dim=(0, 1, 2))

    handles = [module.register_forward_hook(hook) for module in network.modules()]
    with torch.no_grad():
        network(images)
    for handle in handles:
        handle.remove()
    found = score_activations(network, graph, [images], [Apoz()])["apoz"].by_layer
    assert set(expected) == set(found)
    for layer, values in expected.items():
        torch.testing.assert_close(found[layer], values, rtol=0, atol=1e-12)
