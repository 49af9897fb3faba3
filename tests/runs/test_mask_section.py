"""A recipe holds weights at zero instead of removing units; what cannot be is told at once."""

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from leanlung.foundations.errors import RecipeError, TrainingError
from leanlung.pruning import Polynomial
from leanlung.runs import read_recipe
from leanlung.runs.mask import MaskSection, steps_of
from leanlung.training import TrainingPlan


@pytest.mark.parametrize(
    ("keys", "steps", "schedule"),
    [
        ({}, 1000, Polynomial(final=0.5, last=1000)),
        ({}, 1099, Polynomial(final=0.5, last=1000)),
        ({"first": 50}, 1000, Polynomial(final=0.5, last=950, first=50)),
        ({"last": 300, "initial": 0.2}, 1000, Polynomial(final=0.5, last=300, initial=0.2)),
        ({"every": 10, "power": 1.0, "final": 0.9}, 25, Polynomial(0.9, last=20, power=1.0)),
    ],
)
def test_the_ramp_ends_with_its_training_or_where_it_is_told(
    keys: dict, steps: int, schedule: Polynomial
) -> None:
    section = MaskSection(**keys)
    assert section.schedule(steps) == schedule
    assert MaskSection(**section.model_dump()) == section  # as resolved, all keys written


@pytest.mark.parametrize(
    ("keys", "steps", "message"),
    [
        ({}, 99, r"mask\.every = 100 does not fit: mask\.train makes 99 steps"),
        ({"last": 2000}, 300, r"mask\.last = 2000 does not fit: mask\.train makes 300 steps"),
        ({"first": 400}, 300, "begins to tighten at step 400"),
    ],
)
def test_a_ramp_that_does_not_fit_its_training_is_told(
    keys: dict, steps: int, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        MaskSection(**keys).schedule(steps)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"last": 50}, "no refresh but the first one at every = 100"),
        ({"initial": 0.7}, "initial = 0.7 is above final = 0.5"),
        ({"pattern": "2:4", "final": 0.7}, r"holds at once; leave \['final'\] out"),
        ({"pattern": "2:4", "train": {"epochs": 3}}, r"leave \['train'\] out"),
        ({"pattern": "1:4"}, "Input should be 'none' or '2:4'"),
        ({"train": {"patience": 3}}, "final only after the last step"),
        ({"final": 50}, r"for 50 % write 0\.5"),
        ({"final": 1.0}, "final is a share between 0 and 1"),
        ({"power": math.nan}, "power"),
    ],
)
def test_keys_that_make_no_mask_are_told(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MaskSection(**keys)


@pytest.mark.parametrize(("images", "epochs", "steps"), [(40, 3, 15), (41, 3, 15), (1, 3, 3)])
def test_a_last_batch_of_one_image_is_no_step(images: int, epochs: int, steps: int) -> None:
    assert steps_of(images, TrainingPlan(epochs=epochs, batch=8)) == steps


def test_a_mask_stands_instead_of_pruning(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match="mask: it stands instead of prune; leave one"):
        read_recipe(recipe_file, ["mask.final=0.8"])


@pytest.mark.parametrize("value", ["{ x = nan }", "{ a = { b = [1.0, -inf] } }"])
def test_figures_that_are_no_numbers_are_mistakes(recipe_file: Path, value: str) -> None:
    with pytest.raises(RecipeError, match=r"published\.(x|a\.b\[1\]): a number was expected"):
        read_recipe(recipe_file, [f"published={value}"])
