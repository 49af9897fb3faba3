"""Read a recipe: from a file or by its name, with single fields set from outside."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from leanlung.foundations.errors import RecipeError, UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.mistakes import describe, lines_of, told
from leanlung.runs.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

Model = TypeVar("Model", bound=BaseModel)


def shipped_recipes() -> dict[str, Path]:
    """List the recipes of single runs that come with leanlung, by name."""
    return {name: path for name, path in _shipped().items() if kind_of(path) == "recipe"}


def shipped_series() -> dict[str, Path]:
    """List the series of runs that come with leanlung, by name."""
    return {name: path for name, path in _shipped().items() if kind_of(path) == "series"}


def shipped_variants() -> dict[str, Path]:
    """List the recipes with variants that come with leanlung, by name."""
    return {name: path for name, path in _shipped().items() if kind_of(path) == "variants"}


def _shipped() -> dict[str, Path]:
    folder = Path(str(resources.files("leanlung") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def kind_of(path: Path) -> Literal["recipe", "series", "variants"]:
    """Tell what a TOML file is: a series has tasks, a recipe with variants has these.

    What cannot be read is taken for a recipe; whoever reads it says what is wrong.
    """
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except (OSError, ValueError):
        return "recipe"
    return "series" if "task" in tables else "variants" if "variant" in tables else "recipe"


def paper_path(name: str) -> Path:
    """Find what `leanlung reproduce` takes, by its path or by the name of one shipped.

    Raises:
        RecipeError: If there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_series() | shipped_variants()
    if name in shipped:
        return shipped[name]
    hint = did_you_mean(name, shipped)
    msg = f"{name}: no such file, and no series of that name (there are {list(shipped)}){hint}"
    raise RecipeError(msg)


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
    if name in (several := shipped_series() | shipped_variants()):
        msg = (
            f"{name}: a series of runs, {several[name].name}; carry it out with "
            f"`leanlung reproduce {name}`"
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
    return read_as(Recipe, path, changes)


def read_as(kind: type[Model], path: Path, changes: Sequence[str] = ()) -> Model:
    """Read and check a TOML file as a model.

    Args:
        kind: Of what it should be.
        path: A TOML file.
        changes: As `read_recipe`; one of several tables is asked for by its name.

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
        return kind.model_validate(tables)
    except ValidationError as error:
        mistakes = describe(error, kind, lines_of(text), changed)
        raise RecipeError(told(path, mistakes)) from error


def _set(tables: dict[str, Any], change: str) -> tuple[str, ...]:
    """Change one field, and give its key."""
    name, sign, value = change.partition("=")
    *folders, last = name.strip().split(".")
    if not sign or not last:
        msg = f"--set {change!r}: a.b=value was expected, as in --set prune.rounds=3"
        raise UsageError(msg)
    found: list[str] = []
    inside: Any = tables
    for folder in folders:
        if isinstance(inside, list):
            place = _named(inside, folder, change)
            inside = inside[place]
            found.append(str(place))
        else:
            inside = inside.setdefault(folder, {})
            found.append(folder)
        if not isinstance(inside, dict | list):
            msg = f"--set {change!r}: {folder!r} is no table of the recipe"
            raise UsageError(msg)
    if isinstance(inside, list):
        msg = f"--set {change!r}: a field of one of these tables was expected behind its name"
        raise UsageError(msg)
    try:
        inside[last] = tomllib.loads(f"value = {value.strip()}")["value"]
    except ValueError:
        inside[last] = value.strip()
    return (*found, last)


def _named(tables: list[Any], name: str, change: str) -> int:
    """Find one of several tables by its name."""
    names = [one.get("name") if isinstance(one, dict) else None for one in tables]
    if name not in names:
        known = [str(one) for one in names]
        msg = f"--set {change!r}: no {name!r} there; there are {known}"
        raise UsageError(msg + did_you_mean(name, known))
    return names.index(name)
