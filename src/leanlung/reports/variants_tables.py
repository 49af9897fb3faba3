"""Tables of a recipe with variants: ours seed by seed, and the source's figures below."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.reports.variants_published import POINTS, compared, spread, unattainable
from leanlung.statistics import Comparison, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics import RunsComparison

CHOSEN = "chosen"
_MEGA = 1e6
_DASH = numbers.NOTHING
_SIZES = (
    "Megabytes are 10⁶ bytes of the weights alone; beside them those with the classifier that "
    "reads the features, where there is one."
)


def seed_table(row: Mapping[str, Any], published: Mapping[str, Any] | None) -> Table:
    """Give every seed of a variant, their mean and standard deviation, and the source's.

    Args:
        row: Of one variant, as in ``results.json``.
        published: The source's table of runs; None if there is none.
    """
    metric = row["metric"]
    rows = [_seed(seed, one, metric) for seed, one in row["seeds"].items()]
    if len(rows) > 1:
        rows += [_mean(row, key, told) for key, told in (("mean", "mean"), ("sd", "sd"))]
    if published:
        rows += [_published(published, place, told) for place, told in ((0, "mean"), (1, "sd"))]
    told = [("", _SIZES)]
    if published:
        told.append(("", f"Published: {published['title']}, {len(published['rows'])} runs."))
    if "folds" in row:
        folds = (
            f"Each study is answered by the networks of the fold that has not seen its "
            f"patient, {row['folds']} folds together; counts are means over folds. "
            "AUCs compare answers of different networks."
        )
        told.append(("", folds))
    majority = Estimate.from_dict(row["majority"])
    told.append(("", f"Always the commonest class: accuracy {majority}."))
    return Table(
        f"{row['name']}: {numbers.metric(metric)} on the test part",
        heads("seed", "fitted", "reduced", "features", "parameters", "share", "MB",
              "MB with classifier"),
        tuple(rows),
        notes=tuple(told),
    )  # fmt: skip


def _seed(seed: str, one: Mapping[str, Any], metric: str) -> tuple[Cell, ...]:
    whole, reduced = one["models"][UNPRUNED], one["models"][CHOSEN]
    features = reduced["features"]
    return (
        label(seed, _kept(one)),
        number(numbers.share(whole["figures"].get(metric))),
        number(numbers.share(reduced["figures"].get(metric))),
        number(_DASH if features is None else numbers.count(features)),
        number(numbers.count(reduced["parameters"])),
        number(numbers.percent(reduced["share"])),
        number(f"{reduced['bytes'] / _MEGA:.1f}"),
        number(f"{reduced['bytes_with_classifier'] / _MEGA:.1f}"),
    )


def _kept(one: Mapping[str, Any]) -> str:
    if one["kept"]:
        return "kept whole"
    kept = one.get("folds_kept", 0)
    return f"{numbers.counted(kept, 'fold', 'folds')} kept whole" if kept else ""


def _mean(row: Mapping[str, Any], key: str, told: str) -> tuple[Cell, ...]:
    both = row["mean"]
    reduced = both[CHOSEN]

    def whole(value: float | None) -> str:
        return _DASH if value is None else numbers.count(round(value))

    def mega(value: float | None) -> str:
        return _DASH if value is None else f"{value / _MEGA:.1f}"

    return (
        label(told, strong=True),
        *(
            number(numbers.share(both[kind]["figures"][row["metric"]][key]), strong=True)
            for kind in (UNPRUNED, CHOSEN)
        ),
        number(whole(reduced["features"][key])),
        number(whole(reduced["parameters"][key])),
        number(numbers.percent(reduced["share"][key])),
        number(mega(reduced["bytes"][key])),
        number(mega(reduced["bytes_with_classifier"][key])),
    )


def _published(table: Mapping[str, Any], place: int, told: str) -> tuple[Cell, ...]:
    columns = [spread(table, column)[place] for column in range(6)]
    return (
        label("published", told),
        number(numbers.share(columns[0] / 100)),
        number(numbers.share(columns[1] / 100)),
        number(numbers.count(round(columns[2]))),
        number(numbers.count(round(columns[3]))),
        number(numbers.percent(columns[4] / 100)),
        number(f"{columns[5]:.1f}"),
        number(_DASH),
    )


def published_runs(table: Mapping[str, Any]) -> Table:
    """Give a published table of runs as it was printed."""
    notes: tuple[tuple[str, str], ...] = ()
    if "test_films" in table:
        of = table["test_films"]
        strange = ", ".join(f"{one:g}" for one in unattainable(table, of))
        told = f"{strange} is none" if strange else "all of them are"
        notes = (
            ("", f"Shares out of {of} films, cut after two decimals of a percent: {told}."),
        )
    return Table(
        f"Published: {table['title']}",
        heads("run", *table["columns"]),
        tuple(
            (label(str(place)), *(number(_printed(one)) for one in row))
            for place, row in enumerate(table["rows"], start=1)
        ),
        notes=notes,
    )


def _printed(value: Any) -> str:  # noqa: ANN401 - a number or a word of the source
    if isinstance(value, str):
        return value
    return numbers.count(value) if isinstance(value, int) else f"{value:g}"


def tests_table(results: Mapping[str, Any]) -> Table | None:
    """Give the tests over runs: ours, and the same of the source's figures, as its Table 5."""
    rows: list[tuple[Cell, ...]] = []
    published = results["published"]
    for name, row in results["variants"].items():
        runs = (row["change"] or {}).get("over_runs")
        table = published.get(row["published_table"])
        known = runs is not None and not runs["told"]
        if runs is not None and known:
            rows.append(
                (label(name, rows=1 + bool(table)), label("ours"), *_of_runs(runs, 1.0))
            )
        if table:
            head = [] if known else [label(name)]
            rows.append(
                (*head, label("published", table["title"]), *_of_published(name, table))
            )
    if not rows:
        return None
    margin = next(iter(results["variants"].values()))["margin"]
    return Table(
        "Fitted against reduced, runs as pairs",
        heads("", "", "change", "Wilcoxon, exact", "equivalent (TOST)", "not inferior",
              "Kruskal-Wallis", "as printed", labels=2),
        tuple(rows),
        notes=(
            ("", f"Margin {numbers.plain(margin)} for ours, {POINTS:g} points for theirs. Runs "
                 "are the unit: this says how the method fares when it is run again, and "
                 "nothing about patients."),
            ("", "Kruskal-Wallis takes pairs for unpaired and stands here as it was published; "
                 "a large p of it is no sign that nothing was lost. Wilcoxon tests for a "
                 "difference; the two columns behind it test that the loss is small."),
            ("", "Interval and t tests of the published runs are corrected for parts that were "
                 "drawn anew each time (Nadeau & Bengio 2003)."),
        ),
    )  # fmt: skip


def _of_runs(runs: Mapping[str, Any], unit: float) -> tuple[Cell, ...]:
    difference, p = runs["difference"], runs["p"]
    return (
        _change(difference, unit),
        number(p_value(p["wilcoxon"])),
        number(p_value(p["equivalence_t"])),
        number(p_value(p["non_inferiority_t"])),
        number(p_value(p["kruskal_wallis"])),
        number(_DASH),
    )


def _of_published(name: str, table: Mapping[str, Any]) -> tuple[Cell, ...]:
    found = compared(name, table)
    return (*_tests(found), number(str(table.get("p", _DASH))))


def _tests(found: RunsComparison) -> tuple[Cell, ...]:
    p = found.p
    return (
        _change(found.as_dict()["difference"], 100.0),
        number(p_value(p["wilcoxon"])),
        number(p_value(p["equivalence_corrected_t"])),
        number(p_value(p["non_inferiority_corrected_t"])),
        number(p_value(p["kruskal_wallis"])),
    )


def _change(difference: Mapping[str, Any], unit: float) -> Cell:
    value, low, high = (difference[key] for key in ("value", "low", "high"))
    ends = "" if low is None else f"[{low / unit:+.3f}, {high / unit:+.3f}]"
    return Cell(numbers.minus(f"{value / unit:+.3f}"), numbers.minus(ends))


def comparison_of(entries: Mapping[str, Any]) -> Comparison:
    """Read a comparison, over one seed or several."""
    names = [one.name for one in fields(Comparison)]
    return Comparison.from_dict({name: entries[name] for name in names})


def p_value(p: float | None) -> str:
    """Write a p-value with four digits."""
    if p is None:
        return _DASH
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}"


def pairs_table(pairs: Sequence[Mapping[str, Any]]) -> Table | None:
    """Give the comparisons of two variants, over patients and seeds and over runs alone."""
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        sides = {side: one for side, one in pair["sides"].items() if one["over_patients"]}
        for place, (side, one) in enumerate(sides.items()):
            found = comparison_of(one["over_patients"][0])
            runs = one["over_runs"] or {}
            known = bool(runs) and not runs["told"]
            head = [label(pair["name"], f"{pair['candidate']} against {pair['baseline']}",
                          rows=len(sides))] if place == 0 else []  # fmt: skip
            rows.append(
                (
                    *head,
                    label(side, numbers.metric(found.metric)),
                    figure(found.baseline),
                    figure(found.candidate),
                    figure(found.difference),
                    number(p_value(runs["p"]["wilcoxon"]) if known else _DASH),
                    number(p_value(runs["p"]["kruskal_wallis"]) if known else _DASH),
                    words(pair["published_p"] or _DASH),
                )
            )
    if not rows:
        return None
    return Table(
        "Variants against each other",
        heads("", "", "baseline", "candidate", "difference", "Wilcoxon, exact",
              "Kruskal-Wallis", "published p", labels=2),
        tuple(rows),
        notes=(("", "Intervals are over patients and seeds, both tests over seeds alone."),),
    )  # fmt: skip
