"""Units that never vary leave, and the answers stay; where they would not, it is said."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning import channel_graph
from leanlung.pruning.exact import (
    answers_of,
    constants,
    largest_change,
    read_constants,
    remove_constants,
)


def images(size: int = 8) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, 1, size, size, generator=generator).double() for _ in range(2)]


# In double precision, as a bias in single precision cannot hold a sum to its last digit.
def exact(network: nn.Module, given: list[torch.Tensor], **options: float | None):
    network.double()
    return remove_constants(network, channel_graph(network, given[0][:1]), given, **options)


def test_a_silent_unit_goes_free_and_a_constant_one_into_the_bias(
    three_units: nn.Module,
) -> None:
    head = three_units[2]
    found = exact(three_units, images())
    certificate = found.certificate
    assert found.removal.units == {"0": (0, 2)}
    assert (certificate.zero, certificate.folded, certificate.approximated) == (1, 1, 0)
    assert (certificate.kept, certificate.units, certificate.images) == (0, 3, 6)
    smaller = found.surgery.network
    # Unit 0 is 1 everywhere, so its readers' biases grow by its weights; by hand:
    torch.testing.assert_close(smaller[2].bias, head.bias + head.weight[:, 0, 0, 0])
    assert smaller[2].weight.shape == (2, 1, 1, 1)
    assert certificate.largest_change_float64 < 1e-14
    assert certificate.largest_change_float32 < 1e-6


def test_the_network_given_stays_as_it_was(three_units: nn.Module) -> None:
    before = copy.deepcopy(three_units.state_dict())
    exact(three_units, images())
    for name, tensor in three_units.state_dict().items():
        assert torch.equal(tensor, before[name])


def constant_before(head: nn.Module) -> nn.Module:
    """Unit 0 is 1 everywhere, units 1 and 2 vary."""
    body = nn.Conv2d(1, 3, 1)
    with torch.no_grad():
        body.weight.copy_(torch.tensor([0.0, 1.0, -1.0]).view(3, 1, 1, 1))
        body.bias.copy_(torch.tensor([1.0, 0.0, 0.5]))
    return nn.Sequential(body, nn.ReLU(), head).eval()


def test_behind_zero_padding_a_constant_stays_unless_any_change_is_allowed() -> None:
    torch.manual_seed(0)
    network = constant_before(nn.Conv2d(3, 2, 3, padding=1))
    given = images()
    careful = exact(network, given).certificate
    assert (careful.approximated, careful.kept, careful.largest_change_float64) == (0, 1, 0.0)
    bold = exact(network, given, tolerance=None)
    assert (bold.certificate.approximated, bold.certificate.kept) == (1, 0)
    assert bold.certificate.largest_change_float64 > 1e-3
    with torch.no_grad():
        difference = bold.surgery.network(given[0]) - network(given[0])
    assert difference[..., 1:-1, 1:-1].abs().max() < 1e-5  # the border alone changes
    assert difference.abs().max() > 1e-3


class Counted(list[torch.Tensor]):
    """Batches that know how often they were gone through."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_what_changes_too_much_in_single_precision_is_not_measured_in_double() -> None:
    torch.manual_seed(0)
    network = constant_before(nn.Conv2d(3, 2, 3, padding=1))
    given = Counted(images())
    exact(network, given)  # its one constant stays, as the test before shows
    # Constants, the whole network in both precisions; then all layers together and the one
    # layer by itself, each in single precision alone.
    assert given.times == 1 + 2 + 1 + 1


@pytest.mark.parametrize("options", [{"padding_mode": "replicate"}, {"padding": 0}])
def test_padding_with_copies_or_none_is_exact(options: dict) -> None:
    torch.manual_seed(0)
    network = constant_before(nn.Conv2d(3, 2, 3, **{"padding": 1, **options}))
    certificate = exact(network, images()).certificate
    assert (certificate.folded, certificate.kept) == (1, 0)
    assert certificate.largest_change_float64 < 1e-14


def test_a_reader_without_bias_gives_it_to_the_batchnorm_behind() -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(2)
    nn.init.uniform_(norm.running_mean)
    network = constant_before(nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), norm))
    found = exact(network, images())
    assert found.certificate.folded == 1
    weight = network[2][0].weight[:, 0, 0, 0]
    smaller = found.surgery.network[2][1].running_mean
    torch.testing.assert_close(smaller, norm.running_mean - weight.detach())
    assert found.certificate.largest_change_float64 < 1e-13


def test_without_a_bias_to_go_to_a_constant_stays() -> None:
    network = constant_before(nn.Conv2d(3, 2, 1, bias=False))
    for tolerance in (1e-5, None):
        certificate = exact(network, images(), tolerance=tolerance).certificate
        assert (certificate.folded, certificate.approximated, certificate.kept) == (0, 0, 1)


def test_a_unit_that_another_reader_sees_vary_stays() -> None:
    class TwoReaders(nn.Module):
        """One reads behind a rectifier, where unit 0 is silent; one in front of it."""

        def __init__(self) -> None:
            super().__init__()
            self.body, self.one, self.two = (
                nn.Conv2d(1, 2, 1),
                nn.Conv2d(2, 1, 1),
                nn.Conv2d(2, 1, 1),
            )
            with torch.no_grad():
                self.body.weight.copy_(torch.tensor([1.0, 1.0]).view(2, 1, 1, 1))
                self.body.bias.copy_(torch.tensor([-100.0, 0.0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found = self.body(x)
            return self.one(torch.relu(found)) + self.two(found)

    certificate = exact(TwoReaders().eval(), images()).certificate
    assert (certificate.zero, certificate.kept) == (0, 0)


def test_behind_a_flatten_every_place_has_its_own_constant() -> None:
    class Flat(nn.Module):
        """Unit 0 reads nothing of the image, but padding makes its map 4, 6 or 9 ones high."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.body, self.head = (
                nn.Conv2d(1, 2, 1),
                nn.Conv2d(2, 2, 3, padding=1),
                nn.Linear(32, 2),
            )
            with torch.no_grad():
                self.first.weight.copy_(torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
                self.first.bias.copy_(torch.tensor([1.0, 0.0]))
                self.body.weight[0] = torch.stack([torch.ones(3, 3), torch.zeros(3, 3)])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.body(torch.relu(self.first(x)))).flatten(1))

    network, given = Flat().eval().double(), images(size=4)
    constants = read_constants(network, channel_graph(network, given[0][:1]), given)
    read = (constants.low["head"] - network.body.bias[0].double())[:16].reshape(4, 4)
    edge = torch.tensor([4.0, 6.0, 6.0, 4.0], dtype=torch.float64)
    torch.testing.assert_close(read[0], edge, rtol=1e-6, atol=1e-6)
    found = exact(network, given)
    assert found.removal.units["body"] == (0,)
    assert found.certificate.largest_change_float64 < 1e-14


def test_groups_are_folded_each_with_its_own_weights() -> None:
    torch.manual_seed(0)
    body = nn.Conv2d(1, 4, 1)
    with torch.no_grad():
        body.weight[[0, 2]] = 0.0  # the first of each group, which leave together
        body.bias[[0, 2]] = torch.tensor([1.0, 3.0])
    network = nn.Sequential(body, nn.ReLU(), nn.Conv2d(4, 2, 1, groups=2)).eval()
    found = exact(network, images())
    assert found.removal.units == {"0": (0,)}
    assert found.certificate.largest_change_float64 < 1e-14


def test_one_unit_of_a_layer_that_never_varies_stays() -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 2, 1)).eval()
    nn.init.zeros_(network[0].weight)
    nn.init.ones_(network[0].bias)
    found = exact(network, images())
    assert (len(found.removal), found.certificate.kept) == (2, 1)
    assert found.certificate.largest_change_float64 < 1e-14


@pytest.mark.parametrize("value", [0.1, 1e-30, -3.0])
def test_constant_is_constant_however_many_images_and_batches(value: float) -> None:
    """A running mean of 0.1 drifts in its last bits; smallest and largest value do not."""
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1)).eval()
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
        network[0].bias.copy_(torch.tensor([value, 0.0]))
    graph = channel_graph(network, torch.zeros(1, 1, 8, 8))
    many = torch.randn(999, 1, 8, 8)
    for parts in (1, 7, 100):
        constants = read_constants(network, graph, many.chunk(parts))
        assert constants.varies("1").tolist() == [False, True]
        assert constants.images == 999


def test_a_last_bit_is_a_difference() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 1, 1)).eval()
    nn.init.ones_(network[0].weight)
    one = torch.ones(1, 1, 2, 2)
    other = one.clone()
    other[0, 0, 1, 1] = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    graph = channel_graph(network, one)
    assert not read_constants(network, graph, [one, one]).varies("1").item()
    assert read_constants(network, graph, [one, other]).varies("1").item()


def test_what_varies_late_is_found_among_what_never_does() -> None:
    """Of eight units six vary at once, one only in the last batch, one never."""
    network = nn.Sequential(nn.Conv2d(1, 8, 1), nn.ReLU(), nn.Conv2d(8, 1, 1)).eval()
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.copy_(torch.tensor([0.0] * 6 + [-5.0, -100.0]))
    graph = channel_graph(network, torch.zeros(1, 1, 4, 4))
    early = [torch.rand(2, 1, 4, 4, generator=torch.manual_seed(n)) for n in range(3)]
    late = torch.zeros(2, 1, 4, 4)
    late[1, 0, 3, 2] = 6.0
    varies = read_constants(network, graph, [*early, late]).varies("2")
    assert varies.tolist() == [True] * 7 + [False]
    assert (
        read_constants(network, graph, early).varies("2").tolist() == [True] * 6 + [False] * 2
    )


def test_what_was_seen_to_vary_is_not_looked_at_again(
    three_units: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []
    plain = constants.extremes

    def counted(read: torch.Tensor, layer: nn.Module) -> list[torch.Tensor]:
        seen.append((type(layer).__name__, read.shape[1]))
        return plain(read, layer)

    monkeypatch.setattr(constants, "extremes", counted)
    graph = channel_graph(three_units, torch.zeros(1, 1, 8, 8))
    read_constants(three_units, graph, [batch.float() for batch in images()] * 2)
    # The first image itself varies at once. Of the three units behind it two never do, and two
    # of three is no less than going over all: the first image, the rest, three more batches.
    assert seen == [("Conv2d", 1), *[("Conv2d", 3)] * 5]


def test_a_value_that_is_no_number_is_told_however_late(three_units: nn.Module) -> None:
    graph = channel_graph(three_units, torch.zeros(1, 1, 8, 8))
    broken = torch.randn(2, 1, 8, 8)
    broken[1, 0, 5, 5] = torch.nan
    fine = [batch.float() for batch in images()]
    with pytest.raises(SurgeryError, match=r"layer '0' reads NaN at input 0"):
        read_constants(three_units, graph, [*fine, broken, *fine])


def test_networks_people_use_answer_alike(
    trained_like: tuple[str, nn.Module, torch.Tensor],
) -> None:
    """A tenth of the channels is made silent or constant; what leaves changes nothing."""
    _, network, given = trained_like
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            chosen = torch.rand(len(module.weight), generator=generator) < 0.1
            with torch.no_grad():
                module.weight[chosen] = 0.0
                module.bias[chosen] = -1.0  # silent behind a rectifier, constant elsewhere
        elif isinstance(module, nn.Conv2d) and module.bias is not None:
            chosen = torch.rand(len(module.weight), generator=generator) < 0.1
            with torch.no_grad():
                module.weight[chosen] = 0.0
                module.bias[chosen] = -1.0
    graph = channel_graph(network, given[:1])
    found = remove_constants(network.float(), graph, [given.float()])
    certificate = found.certificate
    assert certificate.zero > 0
    assert certificate.largest_change_float32 <= 1e-5
    assert certificate.largest_change_float64 <= 1e-5
    with torch.no_grad():
        torch.testing.assert_close(
            found.surgery.network.double()(given), network.double()(given), rtol=1e-4, atol=1e-4
        )


def test_no_image_and_no_number_are_refused(three_units: nn.Module) -> None:
    graph = channel_graph(three_units, torch.zeros(1, 1, 8, 8))
    with pytest.raises(SurgeryError, match="no images to find constant units on"):
        remove_constants(three_units, graph, [])
    broken = torch.full((1, 1, 8, 8), float("nan"))
    with pytest.raises(SurgeryError, match=r"layer '0' reads NaN at input 0"):
        remove_constants(three_units, graph, [broken])


def test_the_largest_change_is_relative_to_the_largest_logit_of_the_image() -> None:
    before = torch.tensor([[10.0, 1.0], [1.0, 2.0]])
    after = torch.tensor([[10.0, 1.1], [1.0, 2.2]])
    # First image: 0.1 of 10; second: 0.2 of 2.
    assert largest_change(before, after) == pytest.approx(0.1)
    assert largest_change(torch.zeros(1, 2), after[:1]) == float("inf")
    assert largest_change(torch.zeros(1, 2), torch.zeros(1, 2)) == 0.0


def test_answers_of_several_heads_stand_side_by_side() -> None:
    class Heads(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, object]:
            return {"one": x.mean((2, 3)), "more": (x.amax((2, 3)), x.amin((2, 3)))}

    found = answers_of(
        Heads(), [torch.ones(2, 1, 3, 3), torch.zeros(1, 1, 3, 3)], torch.float32
    )
    assert found.tolist() == [[1.0, 1.0, 1.0]] * 2 + [[0.0, 0.0, 0.0]]

    class Words(nn.Module):
        def forward(self, _x: torch.Tensor) -> str:
            return "ill"

    with pytest.raises(SurgeryError, match="answers with a str; tensors were expected"):
        answers_of(Words(), [torch.ones(1, 1, 3, 3)], torch.float32)
