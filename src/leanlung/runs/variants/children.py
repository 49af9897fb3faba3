"""Children: the recipe of every variant, out of the one recipe that is varied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import UsageError
from leanlung.runs.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.variants.recipe import Variants
    from leanlung.runs.variants.variant import Leg, VariantSection

OURS = ("name", "about", "source", "seeds", "deviations", "gaps", "published", "as_published")
"""What a recipe has, and the paper gives to every variant."""

OURS_OF_DATA = ("manifest", "layout", "phantoms")
FLAWS = {
    "by_file": "Parts are drawn by file, so that a patient may stand in two of them.",
    "chosen_on_test": (
        "The test films stand in the validation part as well: everything is chosen on them."
    ),
}


def tables_of(recipe: Mapping[str, Any], variant: VariantSection) -> dict[str, Any]:
    """Lay the fields of a variant over the tables of the recipe.

    Args:
        recipe: Tables, as in the file; not changed.
        variant: Leaves out what it is ``without``, then sets what it has otherwise.

    Returns:
        Tables of a recipe, not checked yet.

    Raises:
        UsageError: If something below a field is set that is no table.
    """
    found = _copied(recipe)
    for key in variant.without:
        _leave_out(found, key.split("."))
    for key, value in variant.set.items():
        _lay(found, key.split("."), value, key)
    return found


def recipe_of(
    paper: Variants, variant: VariantSection, there: Sequence[str], manifest: str
) -> Recipe:
    """Give the recipe of a variant.

    Args:
        paper: All of it.
        variant: One of them.
        there: Labels of the films that were found; those that no class is made of are left out.
        manifest: What it reads, below the folder of the paper.

    Raises:
        ValidationError: If it is no recipe.
        UsageError: As `tables_of`.
    """
    tables = tables_of(paper.recipe, variant)
    data = {k: v for k, v in tables.get("data", {}).items() if k not in OURS_OF_DATA}
    classes = data.get("classes", ())
    merge = data.get("merge", {})
    used = {label for one in classes for label in merge.get(one, (one,))}
    data["leave_out"] = [one for one in there if one not in used and one not in classes]
    split = {**tables.get("split", {}), "by": "manifest"}  # its parts are drawn before
    return Recipe.model_validate(
        {
            **tables,
            "name": f"{paper.name}-{variant.name}",
            "about": variant.about or paper.about,
            "source": paper.source,
            "data": {**data, "manifest": manifest, "layout": "manifest"},
            "split": split,
            "seeds": paper.seeds_of(variant),
            "deviations": paper.deviations,
            "gaps": paper.gaps,
            "as_published": (*(FLAWS[one] for one in variant.flaws), *variant.as_published),
        }
    )


def dataset_name(paper: Variants, leg: Leg) -> str:
    """Name the parted films that a leg of a variant is about; the same for all that share."""
    variant = leg.variant
    split = tables_of(paper.recipe, variant).get("split", {})
    key = [list(variant.archives), list(variant.flaws), split]
    if variant.parts or leg.folds:
        key += [variant.parts, leg.folds]
    fold = f"-fold-{leg.fold}" if leg.folds else ""
    return f"{'-'.join(variant.archives)}-{fingerprints.of_value(key)[:6]}{fold}"


def _copied(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copied(v) if isinstance(v, dict) else v for k, v in tables.items()}


def _leave_out(tables: dict[str, Any], path: Sequence[str]) -> None:
    *folders, last = path
    for folder in folders:
        inside = tables.get(folder)
        if not isinstance(inside, dict):
            return
        tables = inside
    tables.pop(last, None)


def _lay(tables: dict[str, Any], path: Sequence[str], value: Any, key: str) -> None:  # noqa: ANN401
    *folders, last = path
    for folder in folders:
        tables = tables.setdefault(folder, {})
        if not isinstance(tables, dict):
            msg = f"set {key!r}: {folder!r} is no table of the recipe"
            raise UsageError(msg)
    if isinstance(value, dict) and isinstance(tables.get(last), dict):
        for name, inner in value.items():
            _lay(tables[last], name.split("."), inner, f"{key}.{name}")
    else:
        tables[last] = _copied(value) if isinstance(value, dict) else value
