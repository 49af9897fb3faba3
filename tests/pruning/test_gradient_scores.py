"""Taylor is the squared change of the loss, to first order, if a unit were removed."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import torch_pruning as tp
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import Removal, Taylor, channel_graph, remove, score_gradients


def first_logit(logits: torch.Tensor, _labels: torch.Tensor) -> torch.Tensor:
    return logits[:, 0]


def scores_of(network: nn.Module, batches: list, **options: object) -> dict[str, torch.Tensor]:
    graph = channel_graph(network, batches[0][0][:1])
    found = score_gradients(network, graph, batches, [Taylor()], **options)["taylor"]
    return dict(found.by_layer)


def pooled(body: nn.Module, width: int) -> nn.Sequential:
    head = nn.Linear(width, 2)
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).double().eval()


def test_three_units_by_hand(three_units: nn.Module) -> None:
    network = pooled(three_units[:2], 3)
    with torch.no_grad():
        network[4].weight[0] = torch.tensor([3.0, 2.0, 5.0])
    images = torch.tensor([[4.0, -1.0], [2.0, 2.0]], dtype=torch.float64).view(2, 1, 1, 2)
    # means: 1, 2 and 0; then 1, 2 and 0; times the weights of the first logit
    found = scores_of(network, [(images, torch.zeros(2))], loss=first_logit)["0"]
    assert found.tolist() == [9.0, (2 * 2.0) ** 2, 0.0]
    other = images * torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)  # the second is silent now
    found = scores_of(network, [(other, torch.zeros(2))], loss=first_logit)["0"]
    assert found.tolist() == [9.0, (16.0 + 0.0) / 2, 0.0]


class Streams(nn.Module):
    """A residual sum, a concatenation, groups and a linear bottleneck, then two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 1)
        self.grouped, self.linear = nn.Conv2d(8, 4, 1, groups=2), nn.Conv2d(4, 3, 1)
        self.head = nn.Linear(3 * 4, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        stem = torch.relu(self.stem(images))
        joined = torch.relu(self.branch(stem) + stem)
        grouped = torch.relu(self.grouped(torch.cat([stem, joined], dim=1)))
        return self.head(torch.flatten(self.linear(grouped), 1))


def streams() -> nn.Module:
    torch.manual_seed(0)
    return Streams().double().eval()


def test_it_is_what_removal_does_to_a_loss_that_is_linear_in_the_unit() -> None:
    network = streams()
    images = torch.rand(5, 1, 4, 4, dtype=torch.float64)
    graph = channel_graph(network, images[:1])
    found = scores_of(network, [(images, torch.zeros(5))], loss=first_logit)["linear"]
    for unit in range(3):
        smaller = remove(network, graph, Removal({"linear": (unit,)})).network
        change = (smaller(images) - network(images)).detach()[:, 0]
        assert float(found[unit]) == pytest.approx(float(change.square().mean()))


def test_it_is_weights_times_gradients_summed_over_all_that_read_a_unit() -> None:
    network = streams()
    image, label = torch.rand(1, 1, 4, 4, dtype=torch.float64), torch.tensor([1])
    graph = channel_graph(network, image)
    found = score_gradients(network, graph, [(image, label)], [Taylor()])["taylor"]
    F.cross_entropy(network(image), label).backward()
    slopes = torch.zeros(graph.units, dtype=torch.float64)
    for name, channels in graph.channels.items():
        weight = network.get_submodule(name).weight
        by_input = (weight * weight.grad).detach().transpose(0, 1).flatten(1).sum(dim=1)
        slopes.index_add_(0, torch.from_numpy(channels.inputs), by_input)
    for layer in graph.layers:
        expected = slopes[torch.from_numpy(layer.units)].square()
        torch.testing.assert_close(found.by_layer[layer.name], expected)


def test_torch_pruning_agrees_on_a_plain_chain_and_one_image() -> None:
    """Without biases what flows into a ReLU unit is what flows out of it, weight by weight."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False), nn.ReLU(), nn.Conv2d(6, 5, 3, bias=False), nn.ReLU(),
        nn.Flatten(), nn.Linear(20, 3, bias=False),
    ).double().eval()  # fmt: skip
    image, label = torch.rand(1, 1, 6, 6, dtype=torch.float64), torch.tensor([2])
    found = scores_of(network, [(image, label)])["0"]
    graph = tp.DependencyGraph().build_dependency(network, image)
    group = graph.get_pruning_group(network[0], tp.prune_conv_out_channels, list(range(6)))
    F.cross_entropy(network(image), label).backward()
    importance = tp.importance.GroupTaylorImportance(normalizer=None, multivariable=True)
    # tp adds up in single precision
    torch.testing.assert_close(found.sqrt(), importance(group).double(), rtol=1e-5, atol=1e-9)


def test_order_and_size_of_batches_do_not_matter() -> None:
    network = streams()
    images, labels = torch.rand(7, 1, 4, 4, dtype=torch.float64), torch.arange(7) % 2
    expected = scores_of(network, [(images, labels)])
    for size in (1, 3):
        backwards = zip(images.flip(0).split(size), labels.flip(0).split(size), strict=True)
        found = scores_of(network, list(backwards))
        for layer, values in expected.items():
            torch.testing.assert_close(found[layer], values, rtol=1e-9, atol=0.0)


def test_nothing_of_the_network_changes_and_frozen_layers_are_scored_alike() -> None:
    network = streams()
    batch = [(torch.rand(2, 1, 4, 4, dtype=torch.float64), torch.tensor([0, 1]))]
    graph = channel_graph(network, batch[0][0][:1])
    network.train()
    network.branch.eval()
    expected = score_gradients(network, graph, batch, [Taylor()])["taylor"].by_layer
    assert all(parameter.grad is None for parameter in network.parameters())
    modes = {name: module.training for name, module in network.named_children()}
    assert modes == {name: name != "branch" for name in modes}
    network.requires_grad_(False)
    with torch.no_grad():
        found = score_gradients(network, graph, batch, [Taylor()])["taylor"].by_layer
    for layer, values in expected.items():
        assert torch.equal(found[layer], values)


def test_a_loss_of_the_whole_batch_is_refused() -> None:
    batch = [(torch.rand(2, 1, 4, 4, dtype=torch.float64), torch.tensor([0, 1]))]
    with pytest.raises(SurgeryError, match=r"shape \(\); one number .* reduction=\"none\""):
        scores_of(streams(), batch, loss=F.cross_entropy)


def test_an_image_that_is_not_a_number_is_refused_with_a_layer() -> None:
    batch = [(torch.full((1, 1, 4, 4), torch.nan, dtype=torch.float64), torch.tensor([0]))]
    with pytest.raises(SurgeryError, match=r"of layer 'stem.*' has the taylor score nan"):
        scores_of(streams(), batch)


def test_no_images_are_refused() -> None:
    network = streams()
    graph = channel_graph(network, torch.zeros(1, 1, 4, 4, dtype=torch.float64))
    with pytest.raises(SurgeryError, match="no images to score units on"):
        score_gradients(network, graph, [], [Taylor()])
