"""``leanlung compare --paired``: repeated runs before and after, one comparison a group."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leanlung.cli.junit import Case, write_junit
from leanlung.cli.speaking import NOT_SHOWN, answer_json, answers
from leanlung.foundations.errors import StatisticsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from leanlung.statistics import PairedRuns, RunsComparison

UNITS = {"shares": (1.0, 0.02, 4), "percent": (100.0, 2.0, 2)}
"""Largest figure, margin if none is given, digits that are printed."""

_ONE_LINE = 200
"""Width of what goes into a file or a pipe: a row is one line."""

P_COLUMNS = {
    "paired_t": "paired t",
    "wilcoxon": "Wilcoxon",
    "sign_flip": "sign-flip",
    "non_inferiority_t": "not inferior",
    "kruskal_wallis": "as published",
}


def compare_paired(
    path: Path,
    *,
    margin: float | None,
    level: float,
    test_train_ratio: float | None,
    seed: int,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Compare the runs of a table and say what came out.

    Args:
        path: Of a table with the columns ``group, before, after``.
        margin: In the unit of the table; 0.02 of shares or 2 of percent if not given.
        level: Of the intervals.
        test_train_ratio: Where every run draws its parts anew.
        seed: Of random signs, where a group has more than 20 runs.
        junit: Where to write the verdicts as test cases.
        as_json: Whether to answer as JSON.

    Raises:
        UsageError: If margin, level or ratio are out of range, or there is no margin and the
            table is neither in shares nor in percent.
        typer.Exit: With code 4 if any group is not shown to be non-inferior.
    """
    from leanlung.statistics import about_runs, compare_runs, read_paired_runs, runs_sentence

    groups = read_paired_runs(path)
    unit = unit_of(groups)
    if margin is None and unit not in UNITS:
        msg = (
            f"{path}: the figures are neither shares nor percent; give --margin in their unit, "
            "the largest mean loss that you accept (higher figures are taken for better)"
        )
        raise UsageError(msg)
    used = UNITS[unit][1] if margin is None else margin
    try:
        found = compare_runs(
            groups, margin=used, level=level, test_train_ratio=test_train_ratio, seed=seed
        )
    except StatisticsError as error:
        # The table was read; what is left to be wrong are the options.
        raise UsageError(str(error)) from None
    about = about_runs(sum(map(len, groups)))
    if junit is not None:
        write_junit(junit, "leanlung compare", [_case(one, used, path) for one in found])
    if as_json:
        told = [one.as_dict() | {"sentence": runs_sentence(one)} for one in found]
        answer_json(
            {"unit": unit, "margin": used, "level": level, "comparisons": told, "about": about}
        )
    else:
        digits = UNITS[unit][2] if unit in UNITS else 4
        console = answers()
        if not console.is_terminal:
            console.width = _ONE_LINE
        for table in (_differences(found, digits), _p_values(found)):
            console.print(table)
            console.print()
        shown = [one.group for one in found if one.verdict == "non_inferior"]
        if shown:
            points = {"percent": f" point{'' if used == 1 else 's'}"}.get(unit, "")
            console.print(f"non-inferior within {used:g}{points}: {', '.join(shown)}")
        for one in found:
            losing = one.difference.high is not None and one.difference.high < 0
            if one.verdict != "non_inferior" or losing:
                console.print(runs_sentence(one), style="bold")
        console.print(about)
    if any(one.verdict != "non_inferior" for one in found):
        raise typer.Exit(NOT_SHOWN)


def require_alone(*others: Path | None) -> None:
    """Refuse what is given beside a table of runs.

    Raises:
        UsageError: If there is any.
    """
    beside = [str(one) for one in others if one is not None]
    if beside:
        msg = (
            f"--paired takes one table and nothing else to compare; got {', '.join(beside)} too"
        )
        raise UsageError(msg)


def unit_of(groups: Sequence[PairedRuns]) -> str:
    """Say what a table is in: ``shares``, ``percent``, or a unit of its ``own``."""
    low = min(min(runs.before.min(), runs.after.min()) for runs in groups)
    high = max(runs.largest for runs in groups)
    within = (name for name, (largest, *_) in UNITS.items() if low >= 0 and high <= largest)
    return next(within, "own")


def _case(one: RunsComparison, margin: float, path: Path) -> Case:
    from leanlung.statistics import runs_sentence

    told = runs_sentence(one)
    failure = "" if one.verdict == "non_inferior" else told
    return Case(f"{one.group} within {margin:g}", path.stem, failure, told)


def _differences(found: Sequence[RunsComparison], digits: int) -> Table:
    level = 100 * found[0].difference.level
    table = _table("", "before", "after", "change", f"{level:g} % interval", "bound", "worse")
    table.add_column("verdict", no_wrap=True)
    for one in found:
        difference = one.difference
        ends = "–"
        if difference.low is not None and difference.high is not None:
            ends = f"[{difference.low:.{digits}f}, {difference.high:.{digits}f}]"
        table.add_row(
            one.group,
            f"{one.before:.{digits}f}",
            f"{one.after:.{digits}f}",
            f"{difference.value:+.{digits}f}",
            ends,
            "–" if difference.bound is None else f"{difference.bound:+.{digits}f}",
            f"{one.worse}/{difference.runs}",
            one.verdict,
        )
    return table


def _p_values(found: Sequence[RunsComparison]) -> Table:
    names = dict(P_COLUMNS)
    if "corrected_t" in found[0].p:
        # These go by the wider interval, as the verdict does.
        names = {
            {
                "paired_t": "corrected_t",
                "non_inferiority_t": "non_inferiority_corrected_t",
            }.get(name, name): heading.replace("paired", "corrected")
            for name, heading in names.items()
        }
    table = _table("p (adjusted)" if len(found) > 1 else "p", *names.values())
    for one in found:
        cells = []
        for name in names:
            holm = f" ({_p(one.adjusted[name])})" if name in one.adjusted else ""
            cells.append(f"{_p(one.p[name])}{holm if len(found) > 1 else ''}")
        table.add_row(one.group, *cells)
    return table


def _table(first: str, *headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return "<.0001" if p < 1e-4 else f"{p:.4f}".removeprefix("0").replace("1.0000", "1")
