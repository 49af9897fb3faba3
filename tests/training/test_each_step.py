"""A fit tells of every step, and goes on counting after an interruption."""

from pathlib import Path

import pytest
import torch
from torch import nn

from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.training import Fitted, OptimiserPlan, TrainingPlan, fit


def fitted(network: nn.Module, images: ImageSet, batch: int, **options: object) -> Fitted:
    return fit(
        network,
        images,
        plan=TrainingPlan(epochs=3, batch=batch, optimiser=OptimiserPlan(rate=0.1)),
        statistics=PixelStatistics(mean=0.5, deviation=0.25),
        channels=1,
        seeds=Seeds(0),
        validate=lambda _network: {"log_likelihood": 0.0},
        device=torch.device("cpu"),
        **options,
    )


# 40 images: 5 batches of 8; 2 of 39 with 1 image left out; 3 of 13 with 1 left out; 1 of all.
@pytest.mark.parametrize(("batch", "an_epoch"), [(8, 5), (39, 1), (13, 3), (40, 1), (27, 2)])
@pytest.mark.parametrize("stopped_after", [1, 2])
def test_steps_are_counted_from_before_the_first_one_and_across_interruptions(
    network: nn.Module,
    images: ImageSet,
    tmp_path: Path,
    batch: int,
    an_epoch: int,
    stopped_after: int,
) -> None:
    class Killed(BaseException):
        pass

    def kill(epoch: object) -> None:
        if epoch.number == stopped_after:
            raise Killed

    told: list[int] = []
    options = {
        "checkpoint": tmp_path / "checkpoint.safetensors",
        "each_step": lambda _network, _optimiser, steps: told.append(steps),
    }
    with pytest.raises(Killed):
        fitted(network, images, batch, watch=kill, **options)
    assert told == list(range(stopped_after * an_epoch + 1))
    told.clear()
    fitted(network, images, batch, **options)
    assert told == list(range(stopped_after * an_epoch, 3 * an_epoch + 1))


def test_what_each_step_changes_stays_changed(network: nn.Module, images: ImageSet) -> None:
    def silence(net: nn.Module, optimiser: torch.optim.Optimizer, _steps: int) -> None:
        assert {id(p) for group in optimiser.param_groups for p in group["params"]} == {
            id(p) for p in net.parameters()
        }
        with torch.no_grad():
            net[0].bias.zero_()

    result = fitted(network, images, 8, each_step=silence)
    assert not result.network[0].bias.any()
    assert result.network[0].weight.any()
