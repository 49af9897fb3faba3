"""Fitting: the loss by hand, the same weights when interrupted, lungs found on new films."""

import math
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.lungs import (
    PairSet,
    SegmenterPlan,
    fit_segmenter,
    fit_unet,
    load_pairs,
    read_pairs,
)
from leanlung.lungs import parted as part_pairs
from leanlung.lungs.fitting import Epoch, best_epoch, segmentation_loss
from leanlung.pixels import Augmentation
from leanlung.studies.split import Shares

CPU = torch.device("cpu")
PLAN = SegmenterPlan(
    width=2, fold=8, levels=2, dropout=0.1, epochs=3, batch=4, rate=0.01,
    augment=Augmentation(degrees=5.0, shift=0.05), train=0.6, validation=0.2, test=0.2,
)  # fmt: skip


@pytest.fixture
def loaded(pairs_table: Path) -> PairSet:
    return load_pairs(read_pairs(pairs_table))


def parted(loaded: PairSet) -> PairSet:
    return part_pairs(loaded, Shares(0.6, 0.2, 0.2), Seeds(0))


def test_the_loss_is_cross_entropy_plus_one_minus_dice() -> None:
    # Four pixels, lung with 0.5 each, two of them lung: cross-entropy ln 2,
    # Dice (2 * 1 + 1) / (2 + 2 + 1).
    logits, masks = torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 1.0], [0.0, 0.0]]]])
    assert segmentation_loss(logits, masks).item() == pytest.approx(math.log(2) + 1 - 3 / 5)


def test_a_better_overlap_costs_less() -> None:
    masks = torch.zeros(1, 1, 4, 4)
    masks[..., :2] = 1.0
    right, half = 8.0 * (2 * masks - 1), 8.0 * (2 * masks.roll(1, -1) - 1)
    costs = [segmentation_loss(logits, masks).item() for logits in (right, half, -right)]
    assert costs[0] == pytest.approx(0.0, abs=0.01)
    assert costs == sorted(costs)


def test_an_interrupted_fit_ends_with_the_same_weights(loaded: PairSet, tmp_path: Path) -> None:
    pairs, at_once = parted(loaded), tmp_path / "at-once"
    whole = fit_unet(pairs, PLAN, device=CPU, checkpoint=at_once)
    seen: list[Epoch] = []

    def stop(epoch: Epoch) -> None:
        seen.append(epoch)
        if epoch.number == 2:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit_unet(pairs, PLAN, device=CPU, checkpoint=path, watch=stop)
    again = fit_unet(pairs, PLAN, device=CPU, checkpoint=path, watch=seen.append)
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    assert again.history == whole.history
    state = whole.network.state_dict()
    assert len(state) > 10
    for name, tensor in again.network.state_dict().items():
        assert torch.equal(tensor, state[name]), name


def test_a_checkpoint_of_another_plan_is_not_gone_on_from(
    loaded: PairSet, tmp_path: Path
) -> None:
    pairs, path = parted(loaded), tmp_path / "checkpoint"
    fit_unet(pairs, PLAN, device=CPU, checkpoint=path)
    seen: list[Epoch] = []
    other = PLAN.model_copy(update={"rate": 0.02})
    fit_unet(pairs, other, device=CPU, checkpoint=path, watch=seen.append)
    assert len(seen) == 3
    path.write_bytes(b"damaged")
    fit_unet(pairs, PLAN.model_copy(update={"epochs": 1}), device=CPU, checkpoint=path)


def test_the_epoch_with_the_highest_dice_is_kept() -> None:
    history = [Epoch(n, 1.0, dice) for n, dice in enumerate((0.5, 0.9, 0.9, 0.7), start=1)]
    assert best_epoch(history) == 2


def test_lungs_are_found_on_patients_it_has_not_seen(loaded: PairSet) -> None:
    plan = PLAN.model_copy(update={"epochs": 12, "width": 8, "rate": 0.03})
    segmenter = fit_segmenter(loaded, plan)
    told = segmenter.fitted
    assert told["patients"] == {"train": 6, "validation": 2, "test": 2}
    assert told["pairs"]["test"] == {"A": 2, "B": 2}
    assert told["plan"]["width"] == 8
    assert [one["source"] for one in segmenter.agreement] == ["A", "B", "all sources"]
    everything = segmenter.agreement[-1]
    assert (everything["films"], everything["patients"]) == (4, 2)
    # Dark ellipses on a bright ground. All of the film called lung would give 0.35.
    assert everything["dice"]["value"] > 0.8


def test_an_empty_part_is_refused(loaded: PairSet) -> None:
    with pytest.raises(TrainingError, match="the train part has no pair"):
        fit_unet(loaded, PLAN, device=CPU)


def test_a_loss_that_is_no_number_stops_the_fit(loaded: PairSet) -> None:
    wild = PLAN.model_copy(update={"rate": math.inf})
    with pytest.raises(TrainingError, match="lower the rate"):
        fit_unet(parted(loaded), wild, device=CPU)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"augment": {"flip": 0.5}}, "hearts on the right"),
        ({"train": 0.9}, "add up to 1"),
        ({"fold": 8, "levels": 6}, "halved 6x"),
        ({"dropout": 1.0}, "less than 1"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    wrong: dict[str, object], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        SegmenterPlan.model_validate(wrong)
