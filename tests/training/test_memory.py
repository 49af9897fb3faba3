"""A fit for whose batches memory is too short takes the same steps in smaller parts."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics, standardise, unit_range
from leanlung.training import (
    DistillationPlan,
    Epoch,
    Fitted,
    OptimiserPlan,
    TrainingPlan,
    fit,
)

if TYPE_CHECKING:
    from pathlib import Path

STATISTICS = PixelStatistics(mean=0.5, deviation=0.25)


class Crowded(nn.Module):
    """One linear layer that runs out of memory above so many images."""

    def __init__(self, most: int) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.linear = nn.Linear(64, 2)
        self.most = most
        self.seen: list[int] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training and len(images) > self.most:
            msg = "CUDA out of memory. Tried to allocate 20.00 MiB."
            raise torch.OutOfMemoryError(msg)
        if self.training:
            self.seen.append(len(images))
        answers: torch.Tensor = self.linear(images.flatten(1))
        return answers


def fitted(
    network: nn.Module,
    images: ImageSet,
    *,
    epochs: int = 1,
    batch: int = 40,
    distil: float = 0.0,
    rate: float = 0.1,
    weights: Literal["balanced", "none"] = "balanced",
    **options: Any,
) -> Fitted:
    plan = TrainingPlan(
        epochs=epochs,
        batch=batch,
        clip=0.0,
        class_weights=weights,
        optimiser=OptimiserPlan(kind="sgd", rate=rate, momentum=0.0),
        distil=DistillationPlan(weight=distil, temperature=2.0),
    )
    return fit(
        network,
        images,
        plan=plan,
        statistics=STATISTICS,
        channels=1,
        validate=lambda _network: {"log_likelihood": 0.0},
        seeds=Seeds(0),
        device=torch.device("cpu"),
        **options,
    )


def lopsided(images: ImageSet) -> ImageSet:
    """Nine of forty of the second class, so that halves differ in weight."""
    labels = torch.zeros(40, dtype=torch.int64)
    labels[:9] = 1
    return ImageSet(images.images, images.rows, labels)


@pytest.mark.parametrize("most", [20, 13, 2])
def test_one_step_in_parts_is_the_step_of_the_formula(images: ImageSet, most: int) -> None:
    """Plain SGD of rate 1 moves weights by the gradient of the weighted mean: minus G."""
    images = lopsided(images)
    network = Crowded(most)
    layer = copy.deepcopy(network.linear)
    inputs = standardise(unit_range(images.take(range(40))), STATISTICS, 1).flatten(1)
    weights = torch.tensor([40 / 62, 40 / 18])  # 40 over 2 classes times 31 and 9 images
    losses = F.cross_entropy(layer(inputs), images.labels, reduction="none")
    heavy = weights[images.labels]
    loss = (losses * heavy).sum() / heavy.sum()
    loss.backward()
    result = fitted(network, images, rate=1.0)
    for name in ("weight", "bias"):
        before, after = getattr(layer, name), getattr(network.linear, name)
        torch.testing.assert_close(before - after, before.grad, rtol=0, atol=1e-6)
    assert result.history[0].loss == pytest.approx(loss.item(), abs=1e-6)
    assert max(network.seen) <= most


@pytest.mark.parametrize("weights", ["balanced", "none"])
@pytest.mark.parametrize("distil", [0.0, 0.7, 1.0])
def test_parts_move_weights_as_the_whole_batch_does(
    images: ImageSet, weights: Literal["balanced", "none"], distil: float
) -> None:
    found, steps = {}, {}
    for most in (40, 7):
        network, teacher = Crowded(most), Crowded(40)
        nn.init.normal_(teacher.linear.weight, generator=torch.Generator().manual_seed(2))
        told: list[int] = []
        fitted(
            network,
            lopsided(images),
            epochs=3,
            batch=13,
            distil=distil,
            weights=weights,
            teacher=teacher,
            each_step=lambda *given, told=told: told.append(given[-1]),
        )
        found[most], steps[most] = network.linear.weight.detach(), told
    assert not torch.equal(found[40], Crowded(40).linear.weight)
    torch.testing.assert_close(found[7], found[40], rtol=0, atol=1e-6)
    # Three batches of 13 an epoch, the one image that is left over not among them.
    assert steps[7] == steps[40] == list(range(10))


def test_it_is_told_once_and_written_into_the_history(images: ImageSet) -> None:
    notes: list[str] = []
    result = fitted(Crowded(10), images, epochs=2, batch=32, note=notes.append)
    assert notes == ["memory: batch of 32 in 2 of 16", "memory: batch of 32 in 4 of 8"]
    assert [epoch.at_once for epoch in result.history] == [8, 8]
    assert [epoch.at_once for epoch in fitted(Crowded(40), images).history] == [0]


def test_no_part_is_a_single_image(images: ImageSet) -> None:
    """34 images in threes would leave one over, and BatchNorm needs two."""
    network = Crowded(3)
    few = ImageSet(images.images, images.rows[:34], images.labels[:34])
    fitted(network, few, batch=34)
    assert sorted(network.seen) == [2, 2, *[3] * 10]


def test_where_two_images_do_not_fit_it_says_what_to_do(images: ImageSet) -> None:
    with pytest.raises(TrainingError, match=r"2 images at once.*smaller pictures.*network"):
        fitted(Crowded(1), images)


def test_a_fit_in_parts_goes_on_in_parts(images: ImageSet, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(_epoch: Epoch) -> None:
        raise Killed

    unbroken = Crowded(10)
    fitted(unbroken, images, epochs=2)
    network, checkpoint = Crowded(10), tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fitted(network, images, epochs=2, checkpoint=checkpoint, watch=kill)
    notes: list[str] = []
    again = Crowded(10)
    fitted(again, images, epochs=2, checkpoint=checkpoint, note=notes.append)
    assert notes == []
    assert torch.equal(again.linear.weight, unbroken.linear.weight)


def test_an_epoch_of_an_older_checkpoint_is_read() -> None:
    old: dict[str, Any] = {
        "number": 1,
        "rate": 0.1,
        "loss": 0.5,
        "validation": {"accuracy": 0.5},
    }
    assert Epoch(**old).as_dict() == {**old, "at_once": 0}


def test_another_error_stays_what_it_is(images: ImageSet) -> None:
    network = Crowded(40)
    network.linear = nn.Linear(3, 2)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        fitted(network, images)
