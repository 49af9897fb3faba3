"""Read a series: from a file or by its name, with single fields set from outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leanlung.foundations.errors import RecipeError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.reading import read_as, shipped_series
from leanlung.runs.series.children import fine_tuning, pretraining
from leanlung.runs.series.recipe import Series

if TYPE_CHECKING:
    from collections.abc import Sequence


def series_path(name: str) -> Path:
    """Find a series by its path, or by the name of one that comes with leanlung.

    Raises:
        RecipeError: If there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_series()
    if name in shipped:
        return shipped[name]
    hint = did_you_mean(name, shipped)
    msg = f"{name}: no such file, and no series of that name (there are {list(shipped)}){hint}"
    raise RecipeError(msg)


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
        told = "\n  ".join(dict.fromkeys(mistakes))
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        msg = f"{path} has {count}:\n  {told}"
        raise RecipeError(msg)
    return series


def _with_published(series: Series) -> Series:
    """Take over the published figures of another series, where one is named."""
    if not series.published_of:
        return series
    other = read_as(Series, series_path(series.published_of))
    return series.model_copy(update={"published": {**other.published, **series.published}})


def _problem(where: str, series: Series, network: str, task: int | None) -> list[str]:
    """Build the recipe of a run as it will be, and give what is wrong with it."""
    try:
        if task is None:
            pretraining(series, network, series.labels)
        else:
            fine_tuning(series, series.task[task], network, series.labels, "none")
    except ValueError as error:
        told = getattr(error, "errors", None)
        if told is None:
            return [f"{where}: {error}"]
        return [f"{where}: {one['msg'].removeprefix('Value error, ')}" for one in told()]
    return []
