"""Tables of a series: ours with intervals, and the source's figures in the row below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.methods import level, marks_of, notes_of
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

METRICS = ("accuracy", "macro_auc", "macro_sensitivity", "macro_precision", "macro_f", "mcc")
_PUBLISHED = ("accuracy", "auc", "sensitivity", "precision", "f", "mcc")
"""The source's name of each, in the same order."""

COMBINERS = {
    "vote": ("majority voting", "Majority voting"),
    "mean": ("averaging", "Averaging"),
    "weighted": ("weighted averaging, weights of least log-loss", "Weighted averaging"),
    "published": ("weighted averaging, 0.5, 0.3, 0.2", "Weighted averaging"),
    "stacking": ("stacking", "Stacking"),
}
"""How an ensemble is called here and in the published tables."""

NOTE = (
    "Published sensitivity, precision and F are weighted by the size of the classes, so that "
    "sensitivity equals accuracy; ours are means over the classes. Published intervals of the "
    "AUC are Wald’s."
)


WALD = (
    "As they print it: the AUC taken for a share of the studies, with Wald’s interval, which "
    "it is not."
)


def network_table(
    caption: str,
    rows: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    published: Mapping[str, Any],
) -> Table:
    """Give single networks, each with the row of the source that it stands beside.

    Args:
        caption: Of the table.
        rows: What was measured of each network, by name.
        names: The published row of each; blank if it has none.
        published: A table of the source, by row.
    """
    entries = [
        (network, "", one, published.get(names.get(network, "")), names.get(network, ""))
        for network, one in rows.items()
    ]
    return _beside(caption, entries)


def pruned_table(
    caption: str,
    rows: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    published: Mapping[str, Any],
) -> Table:
    """Give every network whole and pruned, as the source's Table VI does."""
    entries = []
    for network, row in rows.items():
        whole = row["models"][UNPRUNED]
        for kind, suffix in ((UNPRUNED, "U"), (row["chosen"], "P")):
            if kind == UNPRUNED and suffix == "P":
                continue
            one = row["models"][kind]
            told = "whole"
            if suffix == "P":
                gone = 1.0 - one["size"]["stored"] / whole["size"]["stored"]
                told = f"{kind}, {numbers.percent(gone)} fewer parameters"
            theirs = f"{names.get(network, '')}-{suffix}" if names.get(network) else ""
            entries.append((network, told, one, published.get(theirs), theirs))
    return _beside(caption, entries)


def ensemble_table(
    caption: str, ensembles: Sequence[Mapping[str, Any]], published: Mapping[str, Any]
) -> Table:
    """Give ensembles of whole and of pruned networks.

    Args:
        caption: Of the table.
        ensembles: As in ``results.json``.
        published: A table of the source; rows are named ``Averaging, pruned`` or ``Averaging``.
    """
    entries = []
    for one in ensembles:
        ours, theirs = COMBINERS[one["combiner"]]
        row = f"{theirs}, {one['members']}"
        row = row if row in published else theirs
        entries.append((ours, f"of {one['members']} networks", one, published.get(row), row))
    return _beside(caption, entries, sizes=False)


def _beside(
    caption: str,
    entries: Sequence[tuple[str, str, Mapping[str, Any], Mapping[str, Any] | None, str]],
    *,
    sizes: bool = True,
) -> Table:
    """Lay out measured rows, each with the published one below it where there is one."""
    picked = [[estimates_of(one)[name] for name in METRICS] for _, _, one, _, _ in entries]
    marks = marks_of([one for row in picked for one in row])
    rows: list[tuple[Cell, ...]] = []
    for (name, below, one, published, theirs), found in zip(entries, picked, strict=True):
        size = [number(numbers.count(one["size"]["trainable"]))] if sizes else []
        cells = [figure(each, marks[each.method]) for each in found]
        printed = "auc_as_printed" in one
        head = label(name, below, rows=1 + bool(published) + printed)
        rows.append((head, label("ours"), *cells, *size))
        if printed:
            value, low, high = one["auc_as_printed"]
            rest = [number(numbers.NOTHING)] * (len(cells) - 2 + len(size))
            wald = Cell(f"{value:.4f}", f"[{low:.4f}, {high:.4f}]")
            rows.append((label("as they print it"), number(numbers.NOTHING), wald, *rest))
        if published:
            rows.append((label("published", theirs), *_printed(published, sizes=sizes)))
    told = [("", NOTE)] if any(published for _, _, _, published, _ in entries) else []
    if any("auc_as_printed" in one for _, _, one, _, _ in entries):
        told.append(("", WALD))
    names = ("accuracy", "AUC", "sensitivity", "precision", "F", "MCC")
    return Table(
        caption,
        heads("", "", *names, *(["trainable parameters"] if sizes else []), labels=2),
        tuple(rows),
        (*notes_of(level(picked[0]), marks), *told),
    )


def _printed(published: Mapping[str, Any], *, sizes: bool) -> Iterator[Cell]:
    for name in _PUBLISHED:
        value = published.get(name)
        if isinstance(value, list):
            middle, low, high = value
            yield Cell(f"{middle:.4f}", f"[{low:g}, {high:g}]")
        else:
            yield number(numbers.NOTHING if value is None else f"{value:.4f}")
    if sizes:
        count = published.get("parameters")
        yield number(numbers.NOTHING if count is None else numbers.count(count))


def estimates_of(one: Mapping[str, Any]) -> dict[str, Estimate]:
    """Read the estimates of a model, by metric."""
    return {each["name"]: Estimate.from_dict(each) for each in one["estimates"]}
