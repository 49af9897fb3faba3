"""Further tables of a recipe with variants: classes, one against the rest, other hospitals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.reports.variants_patients import stamped
from leanlung.reports.variants_published import spread
from leanlung.reports.variants_tables import CHOSEN, comparison_of
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DASH = numbers.NOTHING


def positive_table(results: Mapping[str, Any]) -> Table | None:
    """Give one class against the rest, as the source's Table 6: all seeds, not the best."""
    positive = results["positive"]
    wanted = (f"sensitivity:{positive}", f"specificity:{positive}", "accuracy")
    rows: list[tuple[Cell, ...]] = []
    for row in results["variants"].values():
        if positive not in row["classes"]:
            continue
        for kind in (UNPRUNED, CHOSEN):
            figures = row["mean"][kind]["figures"]
            head = [label(stamped(row), rows=2)] if kind == UNPRUNED else []
            told = (
                f"{len(row['seeds'])} seeds, mean and sd" if len(row["seeds"]) > 1 else "1 seed"
            )
            rows.append((*head, label("fitted" if kind == UNPRUNED else "reduced", told),
                         *(_mean_sd(figures[one]) for one in wanted)))  # fmt: skip
    if not rows:
        return None
    theirs = results["published"].get("table_6", {}).get("rows", [])
    rows += [
        (label("published"), label(str(name)), *(number(f"{one:.3f}") for one in figures))
        for name, *figures in theirs
    ]
    note = (
        "Published figures are single ones; that of the source itself is the best of ten runs."
    )
    return Table(
        f"{positive} against the rest",
        heads("", "", "sensitivity", "specificity", "accuracy over all classes", labels=2),
        tuple(rows),
        notes=(("", note),) if theirs else (),
    )


def _mean_sd(found: Mapping[str, Any]) -> Cell:
    sd = found["sd"]
    return Cell(numbers.share(found["mean"]), "" if sd is None else f"sd {sd:.3f}")


def class_table(row: Mapping[str, Any]) -> Table:
    """Give balanced accuracy and the sensitivity to every class, with intervals."""
    change = row["change"]
    if change is None or not change["over_patients"]:
        first = next(iter(row["seeds"].values()))["models"][UNPRUNED]["estimates"]
        wanted = [e for e in first if e["name"].startswith(("balanced_acc", "sensitivity:"))]
        rows = [
            (label(numbers.metric(e["name"])), figure(Estimate.from_dict(e))) for e in wanted
        ]
        return Table(f"{row['name']}: class by class", heads("", "fitted"), tuple(rows))
    found = [comparison_of(one) for one in change["over_patients"]]
    wanted_here = [one for one in found if one.metric != row["metric"]]
    return Table(
        f"{row['name']}: class by class",
        heads("", "fitted", "reduced", "difference"),
        tuple(
            (
                label(numbers.metric(one.metric)),
                figure(one.baseline),
                figure(one.candidate),
                figure(one.difference),
            )
            for one in wanted_here
        ),
        notes=(("", found[0].difference.method),),
    )


def elsewhere_table(results: Mapping[str, Any]) -> Table | None:
    """Give accuracy on the own test part and on films of other hospitals, as Table 7."""
    external = results["external"]
    if external is None or not external["variants"]:
        return None
    rows: list[tuple[Cell, ...]] = []
    for name, one in external["variants"].items():
        own = results["variants"][name]
        inside, outside = [], []
        models = next(iter(one["seeds"].values()))
        wanted = _wanted([e["name"] for e in models[CHOSEN]["estimates"]])
        baselines = _baseline_rows(one["baselines"], len(wanted))
        for place, (seed, models) in enumerate(one["seeds"].items()):
            figures = {e["name"]: e for e in models[CHOSEN]["estimates"]}
            its = {e["name"]: e for e in models[CHOSEN]["internal"]}
            inside.append(_value(its, "accuracy", own["seeds"][seed]))
            outside.append(figures["accuracy"]["value"])
            head = (
                [label(name, rows=len(one["seeds"]) + 1 + len(baselines))] if place == 0 else []
            )
            rows.append(
                (
                    *head,
                    label(f"seed {seed}"),
                    number(numbers.share(inside[-1])),
                    *(figure(Estimate.from_dict(figures[m])) for m in wanted),
                )
            )
        rows.append((label("mean", strong=True), number(numbers.share(_mean_of(inside))),
                     number(numbers.share(_mean_of(outside))),
                     *[number(_DASH)] * (len(wanted) - 1)))  # fmt: skip
        rows += baselines
    names = [numbers.metric(m) for m in wanted]
    return Table(
        f"Reduced networks on films of other hospitals: {external['name']}",
        heads("", "", "accuracy, own test part", *(f"{n}, there" for n in names), labels=2),
        tuple(rows),
        notes=(
            ("", "Nothing was fitted to those films or chosen on them. An accuracy below that "
                 "of always giving the same answer is none."),
        ),
    )  # fmt: skip


def _value(found: Mapping[str, Any], metric: str, own: Mapping[str, Any]) -> float | None:
    if metric in found:
        value: float | None = found[metric]["value"]
        return value
    inside: float | None = own["models"][CHOSEN]["figures"][metric]
    return inside


def _wanted(names: Sequence[str]) -> list[str]:
    of_classes = [name for name in names if name.startswith("sensitivity:")]
    return ["accuracy", "balanced_accuracy", *of_classes]


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def always_answering(baselines: Mapping[str, Any]) -> dict[str, Estimate]:
    """Give the accuracy of answers that never change, by what they are.

    That of the recipe's class comes first, then that of the commonest class there, unless it is
    the same: whoever beats the first alone has not beaten the simplest answer.
    """
    constant, majority = baselines.get("constant"), baselines["majority"]
    found = {}
    if constant:
        entries = {key: value for key, value in constant.items() if key != "class"}
        found[str(constant["class"])] = Estimate.from_dict(entries)
    if not constant or constant["value"] != majority["value"]:
        found["the commonest class there"] = Estimate.from_dict(majority)
    return found


def _baseline_rows(baselines: Mapping[str, Any], columns: int) -> list[tuple[Cell, ...]]:
    return [
        (label(f"always {told}"), number(_DASH), figure(found),
         *[number(_DASH)] * (columns - 1))
        for told, found in always_answering(baselines).items()
    ]  # fmt: skip


def published_elsewhere(results: Mapping[str, Any]) -> Table | None:
    """Give the source's runs on its own and on other films, with what they come to."""
    table = results["published"].get("table_7")
    if not table or results["external"] is None:
        return None
    places = range(len(table["columns"]))
    rows = [
        (label(str(n)), *(number(f"{one:g}") for one in row))
        for n, row in enumerate(table["rows"], start=1)
    ]
    for place, told in ((0, "mean"), (1, "sd")):
        figures = [number(f"{spread(table, c)[place]:.2f}", strong=True) for c in places]
        rows.append((label(told, strong=True), *figures))
    return Table(
        f"Published: {table['title']}",
        heads("run", *table["columns"]),
        tuple(rows),
        notes=(("", table["note"]),) if table.get("note") else (),
    )


def images_table(told: Mapping[str, Any]) -> Table:
    """Give what a removal of constant units comes to, by the images looked at, as Figure 4.

    Args:
        told: As in ``images-needed.json``.
    """
    metric = told["metric"]

    def cell(found: Mapping[str, float], digits: str) -> Cell:
        low, high = (format(found[end], digits) for end in ("low", "high"))
        return Cell(format(found["mean"], digits), f"{low} to {high}")

    rows = [
        (
            label(numbers.counted(one["images"], "image", "images")),
            cell(one["units"], ",.0f"),
            cell(one["parameters"], ",.0f"),
            cell(one[metric], ".3f"),
        )
        for one in told["counts"]
    ]
    whole = (
        label("nothing removed", strong=True),
        number("0"),
        number(numbers.count(told["parameters"])),
        number(numbers.share(told["whole"])),
    )
    told_orders = (
        f"Mean of {told['counts'][0]['orders']} random orders of the training images, and from "
        "the lowest to the highest; on few images more units seem never to vary than do."
    )
    return Table(
        "How many images it takes to find units that never vary",
        heads("looked at", "units constant", "parameters left",
              f"{numbers.metric(metric)}, validation"),
        (*rows, whole),
        notes=(("", told_orders),),
    )  # fmt: skip
