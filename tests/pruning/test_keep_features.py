"""Features that nobody reads leave with their units; those that are read stay as they were."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from leanlung.foundations.errors import NetworkError, SurgeryError
from leanlung.networks import (
    NetworkSpec,
    build,
    drop_last_layer,
    last_layer,
    restore,
    size_of,
    store,
    widths_of,
)
from leanlung.pruning import channel_graph
from leanlung.pruning.features import keep_features


class TwoDense(nn.Module):
    """A VGG in small: one convolution with 3 maps over 2 x 2 places, 12 -> 5 -> 4 -> 3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.fc1 = nn.Linear(12, 5)
        self.fc2 = nn.Linear(5, 4)
        self.output = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        hidden = torch.relu(self.fc1(self.pool(torch.relu(self.conv(images))).flatten(1)))
        logits: Tensor = self.output(torch.relu(self.fc2(hidden)))
        return logits


def read_by_last(network: nn.Module, images: Tensor) -> Tensor:
    """What the last linear layer is given, caught by a hook."""
    seen: list[Tensor] = []
    layer = network.get_submodule(last_layer(network))
    handle = layer.register_forward_hook(lambda _m, given, _o: seen.append(given[0]))
    with torch.no_grad():
        network.eval()(images)
    handle.remove()
    return seen[0]


def livened(network: nn.Module) -> nn.Module:
    """Statistics as training leaves them."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.get_buffer("running_mean"), std=0.3)
            nn.init.uniform_(module.get_buffer("running_var"), 0.5, 2.0)
    return network.eval()


def test_a_small_vgg_loses_rows_of_fc2_and_its_last_layer_counted_by_hand() -> None:
    torch.manual_seed(0)
    network = TwoDense().eval()
    images = torch.rand(6, 1, 8, 8)
    before = read_by_last(network, images)
    surgery, columns = keep_features(network, channel_graph(network, images[:1]), [3, 1])
    smaller = surgery.network
    with torch.no_grad():
        given = smaller(images)
    assert given.shape == (6, 2)
    assert columns == (1, 0)  # asked for 3 first; 1 lies before it
    torch.testing.assert_close(given[:, list(columns)], before[:, [3, 1]], rtol=1e-6, atol=0)
    # conv 3*9+3, fc1 12*5+5 as before; fc2 5*2+2 instead of 5*4+4; no last layer.
    assert size_of(smaller, 8, 1).stored == (27 + 3) + (60 + 5) + (10 + 2)
    assert isinstance(smaller.get_submodule("output"), nn.Identity)
    assert smaller.get_submodule("fc2").out_features == 2
    assert network.fc2.out_features == 4


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (NetworkSpec("mobilenet_v2", 3, size=64), 40),  # the last convolution is cut
        (NetworkSpec("torchvision/resnet50", 3, size=64), 2048),  # shortcuts read every unit
        (NetworkSpec("densenet121", 3, size=64), None),  # those of the last block alone go
        (NetworkSpec("vgg16_quarter", 3, head="linear", size=64), 40),
        (NetworkSpec("vgg16_quarter", 3, head="fully_connected", size=64), 40),
    ],
    ids=["mobilenet_v2", "resnet50", "densenet121", "vgg16_quarter", "vgg_dense"],
)
def test_features_are_the_same_before_and_after(
    spec: NetworkSpec, expected: int | None
) -> None:
    torch.manual_seed(0)
    network = livened(build(spec))
    images = torch.randn(2, 3, 64, 64)
    before = read_by_last(network, images)
    chosen = torch.randperm(before.shape[1])[:40].tolist()
    surgery, columns = keep_features(network, channel_graph(network, images[:1]), chosen)
    with torch.no_grad():
        given = surgery.network.eval()(images)
    largest = before.abs().max()
    assert float((given[:, list(columns)] - before[:, chosen]).abs().max()) <= 1e-6 * largest
    assert len(set(columns)) == 40
    if expected is None:
        # Only what layer 16 of the last block writes is read by nobody else: 32 of 1,024.
        assert 1024 - 32 <= given.shape[1] < 1024
        unread = [column for column in range(1024 - 32, 1024) if column not in chosen]
        assert given.shape[1] == 1024 - len(unread)
    else:
        assert given.shape[1] == expected


def test_a_last_convolution_is_really_narrower() -> None:
    network = livened(build(NetworkSpec("mobilenet_v2", 3, size=64)))
    graph = channel_graph(network, torch.zeros(1, 3, 64, 64))
    smaller = keep_features(network, graph, range(100))[0].network
    changed = widths_of(smaller, like=network)
    assert {tuple(width) for width in changed.values()} == {(320, 100, 1), (100, 100, 1)}


def test_a_layer_that_would_be_left_without_units_keeps_its_first() -> None:
    network = livened(build(NetworkSpec("densenet121", 3, size=64)))
    images = torch.randn(2, 3, 64, 64)
    before = read_by_last(network, images)
    graph = channel_graph(network, images[:1])
    surgery, columns = keep_features(network, graph, [0, 991])
    with torch.no_grad():
        given = surgery.network.eval()(images)
    assert given.shape[1] == 1024 - 31
    torch.testing.assert_close(
        given[:, list(columns)], before[:, [0, 991]], rtol=1e-5, atol=1e-6
    )


def test_it_is_stored_and_built_again_from_its_specification(tmp_path: Path) -> None:
    whole = NetworkSpec("vgg16_quarter", 3, size=32)
    network = build(whole).eval()
    images = torch.rand(2, 3, 32, 32)
    surgery, _ = keep_features(network, channel_graph(network, images[:1]), [5, 7, 9])
    like = build(NetworkSpec("vgg16_quarter", 3, size=32, output="features"))
    widths = widths_of(surgery.network, like=like)
    spec = NetworkSpec("vgg16_quarter", 3, size=32, widths=widths, output="features")
    assert NetworkSpec.from_dict(spec.as_dict()) == spec
    path = tmp_path / "network.safetensors"
    store(path, surgery.network)
    again = restore(path, spec)
    with torch.no_grad():
        assert torch.equal(again(images), surgery.network(images))


def test_a_specification_of_logits_says_nothing_new() -> None:
    assert "output" not in NetworkSpec("vgg16", 3).as_dict()
    assert NetworkSpec("vgg16", 3, output="features").as_dict()["output"] == "features"
    with pytest.raises(NetworkError, match="'maps'"):
        NetworkSpec("vgg16", 3, output="maps")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "told"),
    [([], "none was asked for"), ([1, 1], "some twice"), ([0, 4], "4 is not there")],
)
def test_columns_that_cannot_be_are_refused(columns: list[int], told: str) -> None:
    network = TwoDense().eval()
    graph = channel_graph(network, torch.zeros(1, 1, 8, 8))
    with pytest.raises(SurgeryError, match=told):
        keep_features(network, graph, columns)


def test_a_network_that_ends_otherwise_is_refused() -> None:
    ends_with_relu = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2), nn.ReLU()
    )
    graph = channel_graph(ends_with_relu, torch.zeros(1, 1, 8, 8))
    with pytest.raises(SurgeryError, match="does not end with a linear layer"):
        keep_features(ends_with_relu, graph, [0])


def test_a_head_of_its_own_has_no_features() -> None:
    with pytest.raises(NetworkError, match="does not end with a linear layer"):
        build(NetworkSpec("hu2020", 2, head="own", size=64, output="features"))
    dense = build(NetworkSpec("vgg16_quarter", 3, head="linear", size=32))
    assert drop_last_layer(dense) == "head.3"
