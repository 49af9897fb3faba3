"""Check a recipe and its data for every mistake, without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import DataRefused, LeanlungError, RecipeError
from leanlung.runs.gathering import gather
from leanlung.runs.plans import require_balanced
from leanlung.runs.progress import Silent
from leanlung.runs.reading import read_recipe, recipe_path
from leanlung.runs.stages.featuring import require_room
from leanlung.runs.stages.fitting import try_network, whole_spec
from leanlung.runs.starting import begin, weights_source
from leanlung.studies.layouts import read_cohort

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leanlung.runs.recipe import Recipe

MISTAKEN, REFUSED = 1, 3


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        mistakes: What stands in the way of a run, each a message.
        told: What was found in order.
        refused: Whether data would be refused for leaks.
    """

    mistakes: tuple[str, ...]
    told: tuple[str, ...]
    refused: bool = False

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        if self.refused:
            return REFUSED
        return MISTAKEN if self.mistakes else 0


def check_run(name: str, data: Path | None, changes: Sequence[str] = ()) -> Checked:
    """Look for every mistake in recipe, weights and data.

    Args:
        name: Of the recipe, or its path.
        data: What ``--data`` would be.
        changes: As with ``--set``.

    Returns:
        All that was found; images are decoded into a temporary folder that is gone after.
    """
    try:
        recipe = read_recipe(recipe_path(name), changes)
    except RecipeError as error:
        mistakes = [str(error)]
        if data is not None:
            mistakes += _problem_of(lambda: read_cohort(data))
        return Checked(tuple(mistakes), ())
    mistakes = _problem_of(lambda: try_network(recipe))
    mistakes += _problem_of(lambda: _try_weights(recipe, data))
    told: list[str] = []
    refused = False
    with TemporaryDirectory() as folder:
        try:
            found = gather(recipe, data, Path(folder), allow=False, progress=Silent()).as_dict()
        except LeanlungError as error:
            mistakes.append(str(error))
            refused = isinstance(error, DataRefused)
        else:
            for part, counts in found["parts"].items():
                studies = ", ".join(f"{n} {label}" for label, n in counts["studies"].items())
                told.append(f"{part}: {studies} of {counts['patients']} patients")
            mistakes += _problem_of(lambda: _try_features(recipe, found))
            mistakes += _problem_of(lambda: _try_balance(recipe, found))
            told += [f"unreadable: {bad['reason']}" for bad in found["unreadable"]]
            if mixed := found["patients_of_several_classes"]:
                told.append(
                    f"{len(mixed)} patients have studies of several classes, "
                    f"{found['patients'] - len(mixed)} of one alone"
                )
            if leaks := len(found["leaks_allowed"]):
                told.append(f"{leaks} leaks allowed, as parts are drawn by image")
            if unknown := found["patients_unknown"]:
                told.append(f"patients unknown: {unknown} of {found['studies']} studies")
    return Checked(tuple(mistakes), tuple(told), refused)


def _try_features(recipe: Recipe, found: dict[str, Any]) -> None:
    """Make sure that the classifier of a recipe with features fits into memory."""
    if recipe.features is None:
        return
    studies = {part: sum(counts["studies"].values()) for part, counts in found["parts"].items()}
    require_room(recipe.features, studies["train"], studies["validation"])


def _try_balance(recipe: Recipe, found: dict[str, Any]) -> None:
    """Make sure that the training part can be balanced, where a recipe asks for it."""
    counts = [found["parts"]["train"]["studies"][label] for label in recipe.data.classes]
    require_balanced(recipe, counts, recipe.pixels.size**2)


def _problem_of(attempt: Callable[[], object]) -> list[str]:
    try:
        attempt()
    except LeanlungError as error:
        return [str(error)]
    return []


def _try_weights(recipe: Recipe, data: Path | None) -> None:
    """Load the weights into a network that is thrown away; nothing is downloaded."""
    source = weights_source(recipe.network.weights, data)
    if source in {"none", "imagenet"}:
        return
    begin(recipe.network, whole_spec(recipe), source, recipe.seeds[0], drawn=0)
