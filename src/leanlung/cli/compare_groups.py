"""``leanlung compare A B --by sex``: is B as good as A for everyone, or only on average?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.cli.speaking import answers
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.statistics import Predictions
    from leanlung.statistics.groups import Group, GroupTable


def group_table(
    baseline: Predictions,
    candidate: Predictions,
    *,
    groups: Path | None,
    by: Sequence[str],
    metric: str,
    margin: float,
    level: float,
    resamples: int,
    seed: int,
) -> GroupTable:
    """Compare two models in every group that the command line asks for.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it.
        groups: A manifest that tells the groups; not needed for ``class`` alone.
        by: Each one column, or several parted by commas for their intersections.
        metric: As for `compare`.
        margin: As for `compare`.
        level: As for `compare`.
        resamples: As for `compare`.
        seed: As for `compare`.

    Raises:
        UsageError: If no column is named, or the manifest is needed and missing, or has no such
            column.
        StatisticsError: As `compare_groups`.
    """
    from leanlung.statistics.compare_groups import compare_groups
    from leanlung.statistics.grouping import CLASS, read_cells

    columns = [tuple(name.strip() for name in one.split(",")) for one in by]
    names = list(dict.fromkeys(name for one in columns for name in one))
    if not names or not all(names):
        msg = "name the columns to group by: --by sex, --by sex,age for both together"
        raise UsageError(msg)
    if groups is None and names != [CLASS]:
        msg = (
            f"--by {','.join(names)}: give the manifest that tells them, --groups manifest.csv"
        )
        raise UsageError(msg)
    cells = read_cells(groups, baseline.study_ids, names) if groups else {}
    return compare_groups(
        baseline,
        candidate,
        cells,
        columns,
        metric=metric,
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )


def tell_groups(table: GroupTable) -> None:
    """Print a table of groups, the worst of them below it."""
    from rich.table import Table

    shown = Table(title="by group", title_justify="left", box=None)
    for heading in ("", "patients", "B - A", "interval", "verdict", "p", "Holm"):
        shown.add_column(heading, justify="left" if heading in {"", "verdict"} else "right")
    for group in table.groups:
        shown.add_row(group.name, f"{group.patients}", *_figures(group))
    console = answers()
    console.print(shown)
    for group in table.groups:
        if group.too_few:
            console.print(f"too few to say: {group.name}, {group.too_few}")
    console.print(table.told)


def groups_json(table: GroupTable | None) -> dict[str, Any]:
    """Give what ``--json`` adds to the answer of ``leanlung compare``; nothing if not asked."""
    return {} if table is None else {"groups": table.as_dict()}


def require_one_each(given: Mapping[str, object]) -> None:
    """Refuse options that mean nothing where repeated runs or several seeds are compared.

    Args:
        given: What each flag was given; empty or None where it was not.

    Raises:
        UsageError: If any was.
    """
    asked = [name for name, value in given.items() if value]
    if asked:
        msg = (
            f"{', '.join(asked)}: these are of one set of predictions each of A and B, not of "
            "several runs or seeds; leave them out, or compare one seed at a time"
        )
        raise UsageError(msg)


def _figures(group: Group) -> list[str]:
    if group.comparison is None:
        return ["–", "–", "too few", "", ""]
    difference = group.comparison.difference
    value, low, high = (
        "–" if number is None else f"{number:+.4f}"
        for number in (difference.value, difference.low, difference.high)
    )
    ps = ["–" if p is None else f"{p:.2g}" for p in (group.p, group.p_holm)]
    return [value, f"[{low}, {high}]", group.comparison.verdict, *ps]
