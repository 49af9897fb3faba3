"""Read a series: from a file or by its name, with single fields set from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import RecipeError
from leanlung.runs.mistakes import told
from leanlung.runs.reading import paper_path, read_as
from leanlung.runs.series.children import fine_tuning, pretraining
from leanlung.runs.series.recipe import Series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_series(path: Path, changes: Sequence[str] = ()) -> Series:
    """Read and check a whole series, the recipes of all its runs included.

    Args:
        path: A TOML file.
        changes: ``a.b=value`` as given with ``--set``; a network or a task by its name, as in
            ``network.vgg16.weights=none``.

    Raises:
        RecipeError: With every mistake, if there are any.
        UsageError: If a change is not of the form ``a.b=value``.
    """
    series = _with_published(read_as(Series, path, changes))
    first = series.network[0].name  # networks differ in nothing that a recipe is checked for
    mistakes = _problem("pretrain", series, first, None)
    for place, task in enumerate(series.task):
        mistakes += _problem(f"task {task.name}", series, first, place)
    if mistakes:
        raise RecipeError(told(path, mistakes))
    return series


def _with_published(series: Series) -> Series:
    """Take over the published figures of another series, where one is named."""
    if not series.published_of:
        return series
    other = read_as(Series, paper_path(series.published_of))
    return series.model_copy(update={"published": {**other.published, **series.published}})


def _problem(where: str, series: Series, network: str, task: int | None) -> list[str]:
    """Build the recipe of a run as it will be, and give what is wrong with it."""
    try:
        if task is None:
            pretraining(series, network, series.labels)
        else:
            fine_tuning(series, series.task[task], network, series.labels, "none")
    except ValueError as error:
        several = getattr(error, "errors", None)
        if several is None:
            return [f"{where}: {error}"]
        return [f"{where}: {one['msg'].removeprefix('Value error, ')}" for one in several()]
    return []
