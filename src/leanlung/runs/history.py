"""History: how the network of a run came about, one entry a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.folder import CANDIDATE, CHOICE
from leanlung.runs.recipe import Recipe
from leanlung.runs.records import read_record

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.folder import RunFolder

BEFORE = "history"
"""Key, in the candidate of a fit, of how the trunk it began from came about."""

STARTED = "weights"
"""Key, in the candidate of a fit, of what it began from."""


def history_of(folder: RunFolder, seed: int) -> tuple[dict[str, Any], ...]:
    """Tell how the network that a run has chosen came about.

    Args:
        folder: Of the run.
        seed: Of the run; its first one if it has none of that.

    Returns:
        Entries with ``step`` and ``about``; those of the network it began from come first.

    Raises:
        RunError: If the run has not chosen yet, or is damaged.
    """
    recipe = Recipe.model_validate(read_record(folder.resolved))
    own = seed if seed in recipe.seeds else recipe.seeds[0]
    here = folder.seed(own)
    fit = here.fit(recipe.network.backbone)
    choice = read_record(here.choose / CHOICE, {"round": int, "reason": str})
    return told_history(recipe, own, fit, choice)


def told_history(
    recipe: Recipe, seed: int, fit: Path, choice: dict[str, Any]
) -> tuple[dict[str, Any], ...]:
    """Tell how the chosen network of one seed came about.

    Args:
        recipe: Of the run.
        seed: Of the run.
        fit: Folder of the whole network.
        choice: As in ``choice.json``.
    """
    begun = read_record(fit / CANDIDATE)
    start = begun.get(STARTED, "fresh weights")
    made = _made_up(begun.get("balance"))
    smaller = {"step": "prune", "about": f"{choice['round']} rounds, {recipe.prune.about}"}
    if recipe.mask is not None:
        held = f"{recipe.mask.about} held at zero"
        if recipe.mask.start == "fresh":
            held += ", trained from the beginning"
        smaller = {"step": "mask", "about": held if choice["round"] else "no weight is held"}
    elif recipe.features is not None:
        first = "units that never vary removed, with a certificate"
        told = ("nothing is removed", first, recipe.features.about)[choice["round"]]
        smaller = {"step": "features", "about": told}
    elif not recipe.prune.rounds:
        smaller = {"step": "prune", "about": recipe.prune.about}
    flaws = [{"step": "as published", "about": one} for one in recipe.as_published]
    return (
        *history_on_file(fit),
        {"step": "recipe", "about": recipe.name, "seed": seed},
        *flaws,
        {"step": "fit", "about": f"{recipe.train.epochs} epochs at most, from {start}{made}"},
        smaller,
        {"step": "choose", "about": choice["reason"]},
    )


def _made_up(balance: dict[str, Any] | None) -> str:
    """Say what was made up of the training part; nothing where nothing was."""
    if balance is None:
        return ""
    grown = ", ".join(
        f"{name} {before} to {balance['after'][name]}"
        for name, before in balance["before"].items()
        if balance["after"][name] > before
    )
    return f"; {balance['kind']}: {grown or 'nothing made up'}"


def history_on_file(fit: Path) -> tuple[dict[str, Any], ...]:
    """Read how the trunk that a fit began from came about; nothing of fresh weights."""
    return tuple(dict(entry) for entry in read_record(fit / CANDIDATE).get(BEFORE, ()))
