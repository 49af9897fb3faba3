"""What a mask holds at zero stays there, whatever the optimiser does, until the end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn, optim

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.pruning import Cosine, Polynomial, magnitude
from leanlung.pruning.masks import (
    Hold,
    Ramp,
    WeightMask,
    impose,
    keep_largest,
    kernels,
    mask_of_zeros,
    require_held,
)
from leanlung.training import Fitted, OptimiserPlan, TrainingPlan, fit

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.05, weight_decay=0.1),
    "adam": lambda p: optim.Adam(p, lr=0.05, amsgrad=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.02, momentum=0.9, weight_decay=0.01),
    "centred": lambda p: optim.RMSprop(p, lr=0.02, momentum=0.9, centered=True),
}


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 2),
    )  # fmt: skip


@pytest.fixture
def images() -> ImageSet:
    generator = np.random.default_rng(0)
    pixels = torch.from_numpy(generator.integers(0, 255, (40, 8, 8)).astype(np.uint8))
    labels = torch.from_numpy(generator.integers(0, 2, 40))
    return ImageSet(pixels, torch.arange(40), labels)


def steps(network: nn.Module, optimiser: optim.Optimizer, count: int, each: Callable) -> None:
    images = torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    network.train()
    each(network, optimiser, 0)
    for number in range(1, count + 1):
        optimiser.zero_grad()
        (network(images).square().mean() - network(images).mean()).backward()
        optimiser.step()
        each(network, optimiser, number)


def half(network: nn.Module) -> WeightMask:
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    impose(network, mask)
    return mask


def fitted(network: nn.Module, images: ImageSet, **options: object) -> Fitted:
    given = {
        "plan": TrainingPlan(
            epochs=4, batch=8, optimiser=OptimiserPlan(kind="adam", rate=0.05)
        ),
        "statistics": PixelStatistics(mean=0.5, deviation=0.25),
        "channels": 1,
        "seeds": Seeds(0),
        "validate": lambda net: {"log_likelihood": -float(net[5].weight.detach().norm())},
        "device": torch.device("cpu"),
    }
    return fit(network, images, **(given | options))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_no_optimiser_brings_a_weight_back(network: nn.Module, name: str) -> None:
    """As when a dense network is masked: momentum is there before the mask is."""
    optimiser = OPTIMISERS[name](network.parameters())
    steps(network, optimiser, 3, lambda *_: None)
    mask = half(network)
    before = {key: value.detach().clone() for key, value in network.named_parameters()}

    def held(net: nn.Module, opt: optim.Optimizer, number: int) -> None:
        Hold(mask)(net, opt, number)
        require_held(net, mask)
        for key, kept in mask.by_parameter.items():
            parameter = net.get_parameter(key)
            for value in opt.state[parameter].values():
                if value.shape == parameter.shape:
                    assert not value[~kept].any()

    steps(network, optimiser, 5, held)
    assert mask_of_zeros(network).grows_from(mask) == 0
    for key, value in network.named_parameters():  # and all others still learn
        kept = mask.by_parameter.get(key, torch.ones_like(value, dtype=torch.bool))
        assert (value != before[key])[kept].float().mean() > 0.9, key


@pytest.mark.parametrize("name", OPTIMISERS)
def test_without_the_mask_all_zeros_are_filled_at_once(network: nn.Module, name: str) -> None:
    """The CT paper's own last step: strip the mask, fine-tune, and no zero is left."""
    mask = half(network)
    optimiser = OPTIMISERS[name](network.parameters())
    steps(network, optimiser, 2, lambda *_: None)
    assert mask_of_zeros(network).share < 0.02
    with pytest.raises(SurgeryError, match="something changed them without the mask"):
        require_held(network, mask)


def test_a_held_network_moves_as_one_that_never_had_the_weights(network: nn.Module) -> None:
    """Gradients of held weights set to zero by hand give the same kept weights, bit for bit."""
    mask = half(network)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    steps(network, OPTIMISERS["sgd"](network.parameters()), 4, Hold(mask))
    expected = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.load_state_dict(state)
    for name, kept in mask.by_parameter.items():
        network.get_parameter(name).register_hook(lambda grad, kept=kept: grad * kept)
    steps(network, OPTIMISERS["sgd"](network.parameters()), 4, lambda *_: None)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
def test_a_mask_holds_through_a_fit(network: nn.Module, images: ImageSet, kind: str) -> None:
    mask = half(network)
    hold = Hold(mask)
    plan = TrainingPlan(
        epochs=3, batch=8, optimiser=OptimiserPlan(kind=kind, rate=0.05, weight_decay=0.01)
    )
    checked = []

    def validate(net: nn.Module) -> dict[str, float]:
        checked.append(mask_of_zeros(net).grows_from(mask))
        return {"log_likelihood": float(len(checked))}

    result = fitted(network, images, plan=plan, each_step=hold, validate=hold.checked(validate))
    assert checked == [0, 0, 0]
    require_held(result.network, mask)
    assert mask_of_zeros(result.network).kept == mask.kept


def test_a_fit_without_the_mask_is_stopped_at_its_first_epoch(
    network: nn.Module, images: ImageSet
) -> None:
    hold = Hold(half(network))
    with pytest.raises(SurgeryError, match=r"of '0.weight' .* each_step=Hold\(mask\)"):
        fitted(network, images, validate=hold.checked(lambda _network: {}))


def test_the_mask_is_refreshed_every_so_often_from_the_first_step_to_the_last() -> None:
    def due(first: int, last: int, every: int) -> list[int]:
        ramp = Ramp(Polynomial(final=0.5, first=first, last=last), every=every)
        return [step for step in range(last + 200) if ramp.due(step)]

    assert due(0, 400, 100) == [0, 100, 200, 300, 400]
    assert due(50, 400, 100) == [50, 150, 250, 350]
    assert due(2, 11, 3) == [2, 5, 8, 11]


@pytest.mark.parametrize("regrow", [True, False])
def test_a_ramp_by_hand(regrow: bool) -> None:
    """0.5 - 0.5 * (1 - t / 10) ** 3 at 2, 4, 6, 8, 10 is 0.244, 0.392, 0.468, 0.496, 0.5.

    Of 100 weights 76, 61, 53, 50, 50 are kept from then on.
    """
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(10, 10))
    optimiser = optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    ramp = Ramp(Polynomial(final=0.5, last=10), every=2, regrow=regrow)
    kept, grown, inputs = [], 0, torch.randn(20, 10, generator=torch.Generator().manual_seed(1))
    ramp(network, optimiser, 0)
    for step in range(1, 14):
        before = ramp.mask
        optimiser.zero_grad()
        network(inputs).square().mean().backward()
        optimiser.step()
        ramp(network, optimiser, step)
        grown += ramp.mask.grows_from(before)
        kept.append(ramp.mask.kept)
        require_held(network, ramp.mask)
    assert kept == [100, 76, 76, 61, 61, 53, 53, 50, 50, 50, 50, 50, 50]
    assert regrow or grown == 0


def test_a_weight_that_the_last_step_moved_far_comes_back_only_if_it_may() -> None:
    """The original judges weights as they are, the held ones after one step from zero."""
    for regrow in (True, False):
        network = nn.Sequential(nn.Linear(4, 1, bias=False))
        ramp = Ramp(Polynomial(final=0.5, initial=0.5, last=2), every=1, regrow=regrow)
        with torch.no_grad():
            network[0].weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
            optimiser = optim.SGD(network.parameters(), lr=0.1)
            ramp(network, optimiser, 0)
            assert network[0].weight.tolist() == [[0.0, 0.0, 3.0, 4.0]]
            network[0].weight += torch.tensor([[9.0, 0.0, 0.0, 0.0]])
            ramp(network, optimiser, 1)
        expected = [[9.0, 0.0, 0.0, 4.0]] if regrow else [[0.0, 0.0, 3.0, 4.0]]
        assert network[0].weight.tolist() == expected


def test_before_its_first_step_a_ramp_leaves_a_network_alone(network: nn.Module) -> None:
    before = network[0].weight.detach().clone()
    ramp = Ramp(Cosine(final=0.5, first=3, last=9))
    ramp(network, optim.SGD(network.parameters(), lr=0.1), 2)
    assert ramp.mask is None
    assert torch.equal(network[0].weight, before)


@pytest.mark.parametrize("regrow", [True, False])
def test_a_ramp_that_was_interrupted_ends_with_the_same_weights(
    network: nn.Module, images: ImageSet, tmp_path: Path, regrow: bool
) -> None:
    class Killed(BaseException):
        pass

    def kill(epoch: object) -> None:
        if epoch.number == 2:
            raise Killed

    def ramp() -> Ramp:
        return Ramp(Polynomial(final=0.6, last=18), every=4, regrow=regrow, leave_alone=("0",))

    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    whole = ramp()
    expected = fitted(network, images, each_step=whole).network.state_dict()
    expected = {name: tensor.clone() for name, tensor in expected.items()}
    network.load_state_dict(start)
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fitted(network, images, each_step=ramp(), checkpoint=checkpoint, watch=kill)
    nn.init.ones_(network[5].weight)  # a new process starts from something else
    resumed = ramp()
    found = fitted(network, images, each_step=resumed, checkpoint=checkpoint)
    assert resumed.mask.grows_from(whole.mask) == whole.mask.grows_from(resumed.mask) == 0
    for name, tensor in found.network.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    assert set(resumed.mask.by_parameter) == {"5.weight"}


def test_a_ramp_is_finished_on_the_epoch_that_was_given_back(
    network: nn.Module, images: ImageSet
) -> None:
    """The first epoch is the best here; it ended before the ramp did. Of 54 and 48, half."""
    ramp = Ramp(Polynomial(final=0.5, last=18), every=6)
    values = iter([0.9, 0.1, 0.1, 0.1])
    result = fitted(
        network, images, each_step=ramp, validate=lambda _n: {"log_likelihood": next(values)}
    )
    assert result.best == 1
    assert mask_of_zeros(result.network).share < 0.2
    mask = ramp.finish(result.network)
    assert (mask.weights, mask.kept) == (102, 51)
    assert mask_of_zeros(result.network).kept == 51
    hold = Hold(mask)
    again = fitted(
        result.network, images, optimiser=result.optimiser, each_step=hold,
        validate=hold.checked(lambda _n: {"log_likelihood": 0.0}),
    )  # fmt: skip
    assert mask_of_zeros(again.network).kept == 51


def test_a_ramp_refreshed_never_is_refused() -> None:
    with pytest.raises(SurgeryError, match="got every = 0"):
        Ramp(Polynomial(final=0.5, last=10), every=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_held_weights_become_plain_zeros_whatever_they_were(
    dtype: torch.dtype, order: torch.memory_format
) -> None:
    """Infinite, no number, below zero: +0 after a step, as ``masked_fill`` would have it."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(4, 6, 3)).to(memory_format=order)
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    network.to(dtype)
    weight, kept = network[0].weight, mask.by_parameter["0.weight"]
    optimiser = optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    strange = torch.tensor([torch.inf, -torch.inf, torch.nan, -1.0, -0.0], dtype=dtype)
    with torch.no_grad():
        weight[~kept] = strange.repeat(200)[: int((~kept).sum())]
    expected = weight.detach().masked_fill(~kept, 0.0)
    momentum = torch.ones_like(weight)
    optimiser.state[weight]["momentum_buffer"] = momentum
    hold = Hold(mask)
    for step in (1, 2):
        hold(network, optimiser, step)
        assert torch.equal(weight.detach(), expected)
        assert not torch.signbit(weight.detach()[~kept]).any()
        assert torch.equal(momentum.bool(), kept)
    network.to(memory_format=torch.contiguous_format)  # the order changes under way
    with torch.no_grad():
        network[0].weight.fill_(1.0)
    hold(network, optimiser, 3)
    assert torch.equal(network[0].weight.bool(), kept)


def test_a_state_in_another_precision_is_held_too() -> None:
    network = nn.Linear(4, 4, bias=False).bfloat16()
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    optimiser = optim.SGD(network.parameters(), lr=0.1)
    moments = torch.ones(4, 4)
    optimiser.state[network.weight]["moments"] = moments
    Hold(mask)(network, optimiser, 1)
    assert torch.equal(moments.bool(), mask.by_parameter["weight"])
