"""SMOTE fills small classes up from the training part alone, and says what it cannot."""

import sys
from typing import Any, Literal

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from leanlung.foundations.errors import TrainingError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.training import (
    Fitted,
    OptimiserPlan,
    SmotePlan,
    TrainingPlan,
    counts_after,
    fit,
    require_balance,
)
from leanlung.training.balancing import memory_of, with_smote

PLAN = TrainingPlan(
    epochs=1, batch=8, balance="smote_pixels", class_weights="none",
    smote=SmotePlan(neighbours=2), optimiser=OptimiserPlan(rate=0.01),
)  # fmt: skip


def lopsided(small: int = 4) -> ImageSet:
    """Twelve black-ish images and a few of the second class, in a cache with others between."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 60, (32, 6, 6)).astype(np.uint8)
    labels = torch.tensor([0] * 12 + [1] * small)
    rows = torch.arange(0, 2 * len(labels), 2)
    images[rows[12:].numpy()] += np.uint8(180)
    return ImageSet(torch.from_numpy(images), rows, labels)


def filled(images: ImageSet, seed: int = 0) -> ImageSet:
    return with_smote(images, PLAN, seed, lambda _text: None)[0]


def test_classes_become_equal_and_what_was_there_stays_first() -> None:
    images = lopsided()
    found, told = with_smote(images, PLAN, 0, lambda _text: None)
    assert (told.before, told.after) == ((12, 4), (12, 12))
    assert torch.bincount(found.labels).tolist() == [12, 12]
    assert torch.equal(found.take(range(16)), images.take(range(16)))
    assert found.images.dtype == torch.uint8
    assert len(images) == 16  # as it was
    assert told.as_dict(("a", "b"))["after"] == {"a": 12, "b": 12}


def test_a_made_up_picture_lies_between_two_of_its_class() -> None:
    """On the line from one image to another, to the rounding of bytes."""
    images = lopsided()
    found = filled(images)
    own = images.take(range(12, 16)).reshape(4, -1).double().numpy()
    made = found.take(range(16, 24)).reshape(8, -1).double().numpy()
    for picture in made:
        apart = []
        for a in range(4):
            for b in range(4):
                along = own[b] - own[a]
                share = (picture - own[a]) @ along / max(along @ along, 1e-9)
                share = np.clip(share, 0, 1)
                apart.append(np.abs(own[a] + share * along - picture).max())
        assert min(apart) <= 1.0


def test_the_same_seed_makes_the_same_pictures() -> None:
    first, again, other = (filled(lopsided(), seed).images for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


class Watching(nn.Module):
    """Counts the images it learns from."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear, self.seen = nn.Linear(36, 2), 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images) * self.training
        answers: torch.Tensor = self.linear(images.flatten(1))
        return answers


def fitted(network: nn.Module, images: ImageSet, plan: TrainingPlan, **more: Any) -> Fitted:
    return fit(
        network, images, plan=plan, statistics=PixelStatistics(mean=0.5, deviation=0.25),
        channels=1, seeds=Seeds(0), validate=lambda _: {"log_likelihood": 0.0},
        device=torch.device("cpu"), **more,
    )  # fmt: skip


def test_a_fit_learns_from_what_is_made_up_and_tells_it() -> None:
    network = Watching()
    said: list[str] = []
    found = fitted(network, lopsided(), PLAN, note=said.append)
    assert network.seen == 24 == sum(counts_after((12, 4), PLAN))
    assert found.balance is not None
    assert found.balance.after == (12, 12)
    assert "8 made-up pictures join 16" in said[0]
    plain = fitted(Watching(), lopsided(), TrainingPlan(epochs=1, batch=8))
    assert plain.balance is None


@pytest.mark.parametrize("kind", ["smote_pixels", "smote_features"])
def test_neighbours_beyond_the_class_are_told(
    kind: Literal["smote_pixels", "smote_features"],
) -> None:
    plan = TrainingPlan(balance=kind, class_weights="none")
    message = r"class 1 has 5 training examples; with smote\.neighbours = 5 .* needs 6 or more"
    with pytest.raises(TrainingError, match=message):
        require_balance((12, 5), 36, plan)
    require_balance((12, 6), 36, plan)
    require_balance((12, 0), 36, plan)  # a class that is not there is not filled up
    require_balance((5, 5), 36, plan)  # nothing is to be filled up


def test_too_much_memory_is_refused_with_the_estimate() -> None:
    """Three of 2,000 and two of 1,000 vectors of 224 x 224 numbers in four bytes each."""
    counts, pixels = (1500, 500), 224 * 224
    expected = 4 * pixels * (3 * 2000 + 2 * 1000) / 2**30
    assert memory_of(counts, pixels) == pytest.approx(expected)
    small = SmotePlan(memory=1.0)
    plan = TrainingPlan(balance="smote_pixels", class_weights="none", smote=small)
    with pytest.raises(UsageError, match=r"takes about 1\.5 GiB; smote\.memory allows 1"):
        require_balance(counts, pixels, plan)


def test_counting_small_classes_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="would count small ones twice"):
        TrainingPlan(balance="smote_pixels")


def test_neighbours_without_balance_are_told() -> None:
    with pytest.raises(ValidationError, match="smote: balance is 'none'"):
        TrainingPlan(smote=SmotePlan(neighbours=3))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(UsageError, match=r"pip install leanlung\[balance\]"):
        filled(lopsided())


def test_one_class_alone_is_refused() -> None:
    images = lopsided()
    alone = ImageSet(images.images, images.rows[:12], images.labels[:12])
    with pytest.raises(TrainingError, match="all 12 images of the training part are of one"):
        fitted(Watching(), alone, TrainingPlan(epochs=1, batch=8))
