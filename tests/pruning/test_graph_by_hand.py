"""The channel graph of small networks, worked out by hand."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import ChannelGraph, channel_graph


def graph_of(network: nn.Module, channels: int = 1, size: int = 8) -> ChannelGraph:
    return channel_graph(network, torch.zeros(1, channels, size, size))


def widths(graph: ChannelGraph) -> dict[str, int]:
    return {layer.name: len(layer) for layer in graph.layers}


def test_input_and_output_channels_never_leave() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Conv2d(4, 2, 1))
    assert widths(graph_of(network)) == {"0": 4}


def test_an_addition_ties_what_it_joins(residual: nn.Module) -> None:
    (layer,) = graph_of(residual).layers
    assert (layer.name, layer.writers, len(layer)) == ("stem", ("stem", "branch"), 4)


def test_a_concatenation_lines_channels_up() -> None:
    class Concatenation(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 3, 1)
            self.head = nn.Conv2d(5, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(torch.cat([self.left(images), self.right(images)], dim=1))

    graph = graph_of(Concatenation())
    assert widths(graph) == {"left": 2, "right": 3}
    left, right = (graph.layer(name).units.tolist() for name in ("left", "right"))
    assert graph.channels["head"].inputs.tolist() == left + right


def test_a_concatenation_along_rows_ties_channels() -> None:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(1, 3, 1), nn.Conv2d(1, 3, 1)
            self.head = nn.Conv2d(3, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(torch.cat([self.left(images), self.right(images)], dim=2))

    (layer,) = graph_of(Rows()).layers
    assert layer.writers == ("left", "right")


def test_the_same_channels_twice_in_a_concatenation_are_one_unit() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Conv2d(1, 3, 1), nn.Conv2d(6, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.body(images)
            return self.head(torch.cat([maps, maps], dim=1))

    graph = graph_of(Twice())
    units = graph.layer("body").units.tolist()
    assert graph.channels["head"].inputs.tolist() == units + units


def test_flattening_repeats_every_channel_for_its_places() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(2 * 9, 2))
    graph = graph_of(network, size=3)
    first, second = graph.layer("0").units.tolist()
    assert graph.channels["2"].inputs.tolist() == [first] * 9 + [second] * 9


def test_a_depthwise_convolution_hands_channels_on_with_its_multiplier() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 3, 1), nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1)
    )
    graph = graph_of(network)
    assert widths(graph) == {"0": 3}
    units = graph.layer("0").units.repeat(2).tolist()
    assert graph.channels["1"].outputs.tolist() == units
    assert graph.channels["3"].inputs.tolist() == units


def test_a_depthwise_convolution_of_the_image_itself_stays_whole() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 3, 3, groups=3), nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
    )
    assert widths(graph_of(network, channels=3)) == {"1": 4}


def test_the_groups_of_a_grouped_convolution_stay_equally_wide() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 6, 1), nn.Conv2d(6, 4, 3, groups=2), nn.Conv2d(4, 2, 1)
    )
    graph = graph_of(network)
    assert widths(graph) == {"0": 3, "1": 2}  # places within a group
    first = graph.channels["0"].outputs.tolist()
    assert first[:3] == first[3:]


def test_a_layer_used_twice_keeps_one_set_of_units() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.shared = nn.Conv2d(1, 3, 1), nn.Conv2d(3, 3, 1)
            self.head = nn.Conv2d(3, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.shared(self.shared(self.stem(images))))

    (layer,) = graph_of(Shared()).layers
    assert set(layer.writers) == {"stem", "shared"}


def test_one_map_broadcast_over_all_channels_stays() -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.gate = nn.Conv2d(1, 3, 1), nn.Conv2d(1, 1, 1)
            self.head = nn.Conv2d(3, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(images) * torch.sigmoid(self.gate(images)))

    assert widths(graph_of(Gate())) == {"body": 3}


def test_a_pooled_gate_is_tied_to_the_channels_it_multiplies() -> None:
    class SqueezeExcite(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(1, 4, 1)
            self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)
            self.head = nn.Conv2d(4, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.body(images)
            gate = self.excite(F.relu(self.squeeze(maps.mean((2, 3), keepdim=True))))
            return self.head(maps * gate.sigmoid())

    graph = graph_of(SqueezeExcite())
    assert widths(graph) == {"body": 4, "squeeze": 2}
    assert graph.layer("body").writers == ("body", "excite")


def test_frozen_parameters_do_not_change_the_graph(residual: nn.Module) -> None:
    whole = graph_of(residual)
    residual.stem.requires_grad_(requires_grad=False)
    assert widths(graph_of(residual)) == widths(whole)


def test_sites_are_found_whether_modules_functions_or_methods() -> None:
    class Sites(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
            self.activation, self.head = nn.ReLU6(), nn.Conv2d(2, 1, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.c(F.relu(self.b(self.activation(self.a(images)))))
            return self.head(maps.relu())

    graph = graph_of(Sites())
    fired = [site.units.tolist() for site in graph.sites.values()]
    assert fired == [graph.layer(name).units.tolist() for name in ("a", "b", "c")]


def test_a_normalisation_that_fires_is_a_site() -> None:
    from timm.layers import BatchNormAct2d

    network = nn.Sequential(nn.Conv2d(1, 3, 1), BatchNormAct2d(3), nn.Conv2d(3, 2, 1))
    graph = graph_of(network)
    assert [site.units.tolist() for site in graph.sites.values()] == [
        graph.layer("0").units.tolist()
    ]


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        (lambda maps: torch.softmax(maps, dim=1), "softmax"),
        (lambda maps: maps.flip(1), "flip"),
        (lambda maps: F.pad(maps, (0, 0, 0, 0, -1, 1)), "pad"),
        (lambda maps: maps.mean(1, keepdim=True).expand(-1, 3, -1, -1), "mean"),
        (lambda maps: torch.cat([maps, maps], dim=0)[:1], "cat"),
        (lambda maps: maps.reshape(-1, 3, 64, 1), "reshape"),
        (lambda maps: maps + torch.ones(1, 3, 1, 1), "add"),
    ],
)
def test_what_has_no_rule_stays_whole_and_is_named(operation: object, named: str) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.body = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 3, 1)
            self.head = nn.Conv2d(3, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(operation(self.body(self.stem(images))))

    graph = graph_of(Odd())
    assert widths(graph) == {"stem": 2}
    assert any(named in note and "stay whole" in note for note in graph.notes)


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (nn.ConvTranspose2d(3, 3, 1), "ConvTranspose2d at '2' has no rule"),
        (nn.GroupNorm(1, 3), "GroupNorm at '2' measures all its channels together"),
        (nn.LayerNorm([3, 8, 8]), "LayerNorm at '2' measures all its channels together"),
        (nn.Linear(8, 8), "Linear at '2' works along another axis than its channels"),
    ],
)
def test_layers_that_are_not_followed_are_named_with_the_reason(
    layer: nn.Module, told: str
) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Conv2d(2, 3, 1), layer, nn.Conv2d(3, 2, 1))
    graph = graph_of(network)
    assert widths(graph) == {"0": 2}
    assert graph.notes[0] == f"{told}; its channels stay whole"


def test_a_network_of_which_nothing_can_leave_is_refused_with_the_reasons() -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.LayerNorm([3, 8, 8]), nn.Conv2d(3, 2, 1))
    with pytest.raises(SurgeryError, match=r"(?s)no channel that could leave.*LayerNorm at"):
        graph_of(network)


def test_arguments_may_be_named() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Conv2d(1, 3, 1), nn.Linear(6, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = F.relu(input=self.body(images))
            pooled = torch.mean(input=maps, dim=(2, 3))
            return self.head(torch.cat(tensors=[pooled, pooled], dim=-1))

    assert widths(graph_of(Named())) == {"body": 3}


def test_new_axes_are_followed() -> None:
    class Ranks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Conv2d(1, 3, 1), nn.Linear(3, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.body(images)
            return self.head((maps + maps.mean((2, 3))[:, :, None, None]).mean((2, 3)))

    graph = graph_of(Ranks(), size=3)
    assert widths(graph) == {"body": 3}
    assert not graph.notes


def test_layers_whose_halves_go_different_ways_are_told_apart() -> None:
    class Halves(nn.Module):
        """``a`` writes four channels; joined with ``b`` and ``c`` as a concatenation."""

        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(1, 4, 1), nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 1)
            self.head = nn.Conv2d(4, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            wide = self.a(images)
            both = torch.cat([self.b(images), self.c(images)], dim=1)
            return self.head(wide + both)

    assert widths(graph_of(Halves())) == {"a+b": 2, "a+c": 2}


def test_reading_leaves_the_network_as_it_was(residual: nn.Module) -> None:
    residual.train()
    residual.branch.eval()
    graph_of(residual)
    assert residual.training
    assert residual.stem.training
    assert not residual.branch.training


def test_what_a_forward_pass_remembers_is_forgotten() -> None:
    class Remembering(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Conv2d(1, 3, 1), nn.Conv2d(3, 2, 1)
            self.seen: dict[str, torch.Tensor] = {}

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.last = self.seen["images"] = self.body(images)
            return self.head(self.last)

    network = Remembering()
    graph_of(network)
    assert network.seen == {}
    assert not hasattr(network, "last")


def test_a_layer_that_does_not_exist_is_named_with_its_neighbour(residual: nn.Module) -> None:
    with pytest.raises(SurgeryError, match=r"no layer 'stern'.*did you mean 'stem'\?"):
        graph_of(residual).layer("stern")


def test_anothers_lineage_is_refused(residual: nn.Module) -> None:
    with pytest.raises(SurgeryError, match="lineage tells of 2: it belongs to another network"):
        graph_of(residual).with_lineage({"stem": 8}, {"stem": (0, 1)})
