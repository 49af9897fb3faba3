"""Read a recipe with variants: the paper's file, and the recipe of every variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leanlung.foundations.errors import LeanlungError, RecipeError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.mistakes import describe, lines_of, told
from leanlung.runs.reading import paper_path, read_as
from leanlung.runs.recipe import Recipe
from leanlung.runs.variants.children import OURS, OURS_OF_DATA, recipe_of, tables_of
from leanlung.runs.variants.recipe import Variants
from leanlung.runs.variants.variant import VariantSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Keys = tuple[str, ...]


def read_variants(path: Path, changes: Sequence[str] = ()) -> Variants:
    """Read and check a recipe with variants, those of all its runs included.

    Args:
        path: A TOML file.
        changes: ``a.b=value`` as given with ``--set``: ``recipe.train.epochs=2`` for all
            variants, ``variant.NAME.train.epochs=2`` for one, ``variant.NAME.seeds=[0]`` for
            what is its own.

    Raises:
        RecipeError: With every mistake, if there are any.
        UsageError: If a change is not of the form ``a.b=value``.
    """
    paper = read_as(Variants, path, [_of_variant(one) for one in changes])
    if paper.published_of:
        other = read_as(Variants, paper_path(paper.published_of))
        published = {**other.published, **paper.published}
        paper = paper.model_copy(update={"published": published})
    lines = lines_of(path.read_text(encoding="utf-8"))
    mistakes = [*_not_theirs(paper, lines), *_not_published(paper)]
    for place, variant in enumerate(paper.variant):
        mistakes += _mistakes(paper, variant, place, lines, changes)
    mistakes += _unlike_splits(paper) if not mistakes else []
    if mistakes:
        raise RecipeError(told(path, mistakes))
    return paper


def _of_variant(change: str) -> str:
    """Mean a field of the recipe where a variant has none of that name."""
    name, sign, value = change.partition("=")
    parts = name.strip().split(".")
    if len(parts) > 2 and parts[0] == "variant" and parts[2] not in VariantSection.model_fields:
        parts.insert(2, "set")
        return f"{'.'.join(parts)}{sign}{value}"
    return change


def _not_theirs(paper: Variants, lines: Mapping[Keys, int]) -> list[str]:
    """Refuse fields of the recipe that come from elsewhere."""
    found: list[Keys] = [("recipe", name) for name in paper.recipe if name in OURS]
    data = paper.recipe.get("data", {})
    found += [("recipe", "data", name) for name in OURS_OF_DATA if name in data]
    return [
        f"{_told(lines.get(keys))}{'.'.join(keys)}: comes from the file itself or from "
        "[[archive]]; leave it out"
        for keys in found
    ]


def _not_published(paper: Variants) -> list[str]:
    """Refuse a published table that neither the file has nor the one it takes figures of."""
    name = paper.storage.published if paper.storage is not None else ""
    if not name or name in paper.published:
        return []
    known = list(paper.published)
    return [f"storage.published: no {name!r}; there are {known}{did_you_mean(name, known)}"]


def _mistakes(
    paper: Variants,
    variant: VariantSection,
    place: int,
    lines: Mapping[Keys, int],
    changes: Sequence[str],
) -> list[str]:
    """Build the recipe of a variant as it will be, and say what is wrong with it."""
    here = f"variant {variant.name}: "
    if unfit := _not_of_the_split(paper, variant):
        return [f"{here}{one}" for one in unfit]
    try:
        recipe = recipe_of(paper, variant, (), "cohort.csv")
    except ValidationError as error:
        own = _own_lines(variant, place, lines)
        shared = {keys[1:]: line for keys, line in lines.items() if keys[:1] == ("recipe",)}
        changed = _changed(variant, changes)
        told = describe(error, Recipe, shared | own, changed)
        # What the recipe itself has wrong is told once, and not for each of its variants.
        plain = [one for one in describe(error, Recipe, shared) if one.startswith("line ")]
        return [one if one in plain else f"{here}{one}" for one in told]
    except LeanlungError as error:
        return [f"{here}{error}"]
    unknown = [
        label
        for one in recipe.data.classes
        for label in recipe.data.merge.get(one, (one,))
        if label not in paper.labels
    ]
    return [
        f"{here}data.classes: {label!r} is none of labels{did_you_mean(label, paper.labels)}"
        for label in unknown
    ]


def _not_of_the_split(paper: Variants, variant: VariantSection) -> list[str]:
    """Refuse fields of the split that variants say in another way, instead of passing over."""
    try:
        split = tables_of(paper.recipe, variant).get("split", {})
    except LeanlungError:  # told where its recipe is built
        return []
    found = []
    if split.get("by", "patient") != "patient":
        found.append(
            f"split.by: {split['by']!r}: parts are drawn by patient; flaws = ['by_file'] draws "
            "them by file, and parts = 'COLUMN' takes them from the manifest"
        )
    found += [
        f"split.{key}: folds = 5 of the paper or of a variant parts its patients in folds"
        for key in ("folds", "fold")
        if key in split
    ]
    return found


def _own_lines(
    variant: VariantSection, place: int, lines: Mapping[Keys, int]
) -> dict[Keys, int]:
    """Give the lines of what a variant sets, under the keys of a recipe."""
    found: dict[Keys, int] = {}
    table = ("variant", str(place), "set")
    line = lines.get(table) or lines.get(("variant", str(place)))
    for key in variant.set:
        keys = tuple(key.split("."))
        found[keys] = lines.get((*table, *keys), line or 0)
    return {keys: line for keys, line in found.items() if line}


def _changed(variant: VariantSection, changes: Sequence[str]) -> list[Keys]:
    """Give the keys of its recipe that were changed from outside."""
    found: list[Keys] = []
    for change in changes:
        first, *rest = change.partition("=")[0].strip().split(".")
        if first == "recipe":
            found.append(tuple(rest))
        elif first == "variant" and rest[:1] == [variant.name]:
            found.append(tuple(rest[2:] if rest[1:2] == ["set"] else rest[1:]))
    return found


def _unlike_splits(paper: Variants) -> list[str]:
    """Refuse comparisons of variants that part their films otherwise."""
    splits: dict[str, Any] = {}
    for variant in paper.variant:
        recipe = recipe_of(paper, variant, (), "cohort.csv")
        splits[variant.name] = recipe.split
    return [
        f"compare {one.name}: {one.baseline} and {one.candidate} part their films otherwise "
        "(split), so that nothing is paired"
        for one in paper.compare
        if splits[one.baseline] != splits[one.candidate]
    ]


def _told(line: int | None) -> str:
    return f"line {line}, " if line else ""
