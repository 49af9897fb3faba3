"""Read a recipe: from a file or by its name, with single fields set from outside."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leanlung.foundations.errors import RecipeError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.mistakes import describe, lines_of
from leanlung.runs.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence


def shipped_recipes() -> dict[str, Path]:
    """List the recipes that come with leanlung, by name."""
    folder = Path(str(resources.files("leanlung") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def recipe_path(name: str) -> Path:
    """Find a recipe by its path, or by the name of one that comes with leanlung.

    Raises:
        RecipeError: If there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_recipes()
    if name in shipped:
        return shipped[name]
    if path.is_dir():
        inside = path / "recipe.toml"  # of a run
        hint = f"; did you mean {str(inside)!r}?" if inside.is_file() else ""
        msg = (
            f"{name}: a folder; a recipe is one TOML file, or one of {list(shipped)}; the "
            f"folder of the images goes to --data{hint}"
        )
        raise RecipeError(msg)
    hint = did_you_mean(name, shipped)
    msg = f"{name}: no such file, and no recipe of that name (there are {list(shipped)}){hint}"
    raise RecipeError(msg)


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read and check a whole recipe.

    Args:
        path: A TOML file.
        changes: ``a.b=value`` as given with ``--set``; the value as TOML, or a bare word.

    Returns:
        The recipe.

    Raises:
        RecipeError: With every mistake, if there are any.
        UsageError: If a change is not of the form ``a.b=value``.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise RecipeError(msg) from error
    except ValueError as error:  # also of a number with more digits than Python reads
        msg = f"{path} is not TOML: {error}"
        raise RecipeError(msg) from error
    changed = [_set(tables, change) for change in changes]
    try:
        return Recipe.model_validate(tables)
    except ValidationError as error:
        mistakes = describe(error, Recipe, lines_of(text), changed)
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        msg = f"{path} has {count}:\n  " + "\n  ".join(mistakes)
        raise RecipeError(msg) from error


def _set(tables: dict[str, Any], change: str) -> tuple[str, ...]:
    """Change one field, and give its key."""
    name, sign, value = change.partition("=")
    *folders, last = name.strip().split(".")
    if not sign or not last:
        msg = f"--set {change!r}: a.b=value was expected, as in --set prune.rounds=3"
        raise UsageError(msg)
    for folder in folders:
        tables = tables.setdefault(folder, {})
        if not isinstance(tables, dict):
            msg = f"--set {change!r}: {folder!r} is no table of the recipe"
            raise UsageError(msg)
    try:
        tables[last] = tomllib.loads(f"value = {value.strip()}")["value"]
    except ValueError:
        tables[last] = value.strip()
    return (*folders, last)
