"""Plans: every way a recipe fits a network, looked at before the first fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.training import require_balance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.runs.recipe import Recipe
    from leanlung.training import TrainingPlan


def require_plain(name: str, plan: TrainingPlan) -> None:
    """Refuse what only the recipe's ``[train]`` may ask for.

    Args:
        name: Of the plan, in its section.
        plan: Of another fit.

    Raises:
        ValueError: Naming the field.
    """
    if plan.keep_epochs:
        msg = f"{name}.keep_epochs: epochs are kept of the recipe's [train] alone"
        raise ValueError(msg)
    if plan.balance == "smote_features":
        msg = (
            f"{name}.balance: 'smote_features' is of the recipe's [train] alone; take "
            "'smote_pixels' here, or class weights"
        )
        raise ValueError(msg)


def plans_of(recipe: Recipe) -> tuple[TrainingPlan, ...]:
    """Give the training plans that a recipe carries out, in their order."""
    if recipe.features is not None:
        return (recipe.train,)
    if recipe.mask is None:
        return (recipe.train, recipe.prune.retrain) if recipe.prune.rounds else (recipe.train,)
    if recipe.mask.pattern != "none":
        return (recipe.train, recipe.mask.finetune)
    return (recipe.train, recipe.mask.train, recipe.mask.finetune)


def require_balanced(recipe: Recipe, counts: Sequence[int], pixels: int) -> None:
    """Make sure that every plan can balance the training part, before hours are spent.

    Args:
        recipe: With the plans.
        counts: Images of each class in the training part.
        pixels: Of an image.

    Raises:
        TrainingError, UsageError: As `leanlung.training.require_balance`. Features are not
            known yet; of them the neighbours alone are looked at.
    """
    for plan in plans_of(recipe):
        require_balance(counts, 1 if plan.balance == "smote_features" else pixels, plan)
