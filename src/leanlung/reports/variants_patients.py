"""Patients of variants: verdicts on patients, and what a split by image adds."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.reports.variants_tables import CHOSEN, comparison_of
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.statistics import Comparison

STAMP = "AS PUBLISHED, FLAWS INCLUDED"
_METRICS = ("accuracy", "balanced_accuracy")


def stamped(row: Mapping[str, Any]) -> str:
    """Name a variant, with its stamp if it stands beside."""
    return f"{row['name']} ({STAMP})" if "beside" in row else str(row["name"])


def patients_table(results: Mapping[str, Any]) -> Table | None:
    """Give figures of patients by rule, of both networks of every variant."""
    rows: list[tuple[Cell, ...]] = []
    notes: dict[str, None] = {}
    for name, row in results["variants"].items():
        rules = {
            r: one for r, one in row.get("patients", {}).items() if one.get("over_patients")
        }
        for place, (rule, one) in enumerate(rules.items()):
            found = [comparison_of(each) for each in one["over_patients"][:2]]
            head = [label(name, rows=len(rules))] if place == 0 else []
            cells = [cell for each in found for cell in _sides(each, row)]
            majority = figure(Estimate.from_dict(one["majority"]))
            below = numbers.counted(one["patients"], "patient", "patients")
            rows.append((*head, label(rule, below), *cells, majority))
            notes[f"{name}, {one['sentence']}."] = None
        for rule, one in row.get("patients", {}).items():
            if one["told"]:
                notes[f"{name}, {rule}: {one['told']}."] = None
    if not rows:
        return None
    return Table(
        "Patients: studies of each made into one answer",
        heads("", "", "accuracy, fitted", "reduced", "difference", "balanced accuracy, fitted",
              "reduced", "difference", "always the commonest", labels=2),
        tuple(rows),
        notes=(
            ("", "Mean over seeds, intervals over patients. With few patients they are wide."),
            *(("", one) for one in notes),
        ),
    )  # fmt: skip


def _sides(found: Comparison, row: Mapping[str, Any]) -> tuple[Cell, Cell, Cell]:
    """Give both figures and their difference; one where every seed kept its whole network."""
    if row["change"] is None:
        nothing = number(numbers.NOTHING)
        return figure(found.baseline), nothing, nothing
    return figure(found.baseline), figure(found.candidate), figure(found.difference)


def patient_lines(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Say for which variants and rules there are no figures of patients, and why."""
    return tuple(
        f"{name}, {rule}: {one['told']}."
        for name, row in results["variants"].items()
        for rule, one in row.get("patients", {}).items()
        if one["told"]
    )


def leakage_table(results: Mapping[str, Any]) -> Table | None:
    """Set variants whose parts leak beside those whose parts do not."""
    rows: list[tuple[Cell, ...]] = []
    variants = results["variants"]
    for row in variants.values():
        sound = variants.get(row.get("beside"))
        if sound is None:
            continue
        for one in (sound, row):
            seeds = list(one["seeds"].items())
            for place, (seed, found) in enumerate(seeds):
                head = [label(one["name"], _how(one), rows=len(seeds))] if place == 0 else []
                cells = [
                    _estimate(found["models"][kind]["estimates"], metric)
                    for metric in _METRICS
                    for kind in (UNPRUNED, CHOSEN)
                ]
                rows.append((*head, label(f"seed {seed}"), *cells))
    if not rows:
        return None
    return Table(
        "Parts that leak beside parts that do not",
        heads("", "", "accuracy, fitted", "reduced", "balanced accuracy, fitted", "reduced",
              labels=2),
        tuple(rows),
        notes=(
            ("", "Parts drawn by image put slices of one patient on both sides, so that a "
                 "network need only know the patient again. These figures tell how much of a "
                 "published one may be that; no verdict is drawn; test parts differ."),
        ),
    )  # fmt: skip


def _how(row: Mapping[str, Any]) -> str:
    if "beside" in row:
        told = numbers.counted(row["leaks"], "leak", "leaks")
        return f"{STAMP}; {told} of patients or pictures"
    return f"by patient, {row['folds']} folds" if "folds" in row else "by patient"


def _estimate(estimates: list[Mapping[str, Any]], metric: str) -> Cell:
    found = next((one for one in estimates if one["name"] == metric), None)
    return number(numbers.NOTHING) if found is None else figure(Estimate.from_dict(found))


def leakage_lines(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what each variant that stands beside reaches, and the sound one; no verdict."""
    found = []
    for row in results["variants"].values():
        if "beside" not in row:
            continue
        own = numbers.share(row["mean"][UNPRUNED]["figures"]["accuracy"]["mean"])
        sound = results["variants"].get(row["beside"])
        told = f"{row['name']}, {STAMP}: accuracy {own}, of which no verdict is drawn"
        if sound is not None:
            other = numbers.share(sound["mean"][UNPRUNED]["figures"]["accuracy"]["mean"])
            told += f"; {sound['name']}, parted by patient: {other}"
        found.append(f"{told}.")
    return tuple(found)


def figures_table(results: Mapping[str, Any]) -> Table | None:
    """Set ours beside published figures before and after, metric by metric.

    Of a published table with ``before``, ``after`` (metric names are in its rows) and
    ``variant``: each row holds the name of a metric of ours, the part it was measured on in the
    source, and the figures before and after.
    """
    table = next((one for one in results["published"].values() if "variant" in one), None)
    row = results["variants"].get(table["variant"]) if table else None
    if table is None or row is None:
        return None
    known = {
        one["metric"]: comparison_of(one)
        for one in (row["change"] or {}).get("over_patients", ())
    }
    rows = []
    for metric, part, before, after in table["rows"]:
        ours = known.get(metric)
        cells = _learnt(row, metric)
        if part == table.get("part", "testing"):
            cells = [number(numbers.NOTHING)] * 3
            if ours is not None:
                cells = [figure(ours.baseline), figure(ours.candidate), figure(ours.difference)]
        rows.append(
            (
                label(numbers.metric(metric), part),
                number(f"{before:.2f}"),
                number(f"{after:.2f}"),
                *cells,
            )
        )
    return Table(
        f"{table['title']}: beside {row['name']}",
        heads("", "published, before", "after", "ours, whole", "ours, reduced", "difference"),
        tuple(rows),
        notes=(("", table["note"]),) if table.get("note") else (),
    )


def _learnt(row: Mapping[str, Any], metric: str) -> list[Cell]:
    """Give a figure of the training part, of both networks; mean over seeds, no interval."""
    found: list[float] = []
    for kind in (UNPRUNED, CHOSEN):
        each = [
            one["models"][kind].get("training_figures", {}).get(metric)
            for one in row["seeds"].values()
        ]
        known = [value for value in each if value is not None]
        if not known or len(known) < len(each):
            return [number(numbers.NOTHING)] * 3
        found.append(fmean(known))
    change = number(numbers.minus(f"{found[1] - found[0]:.3f}"))
    return [*(number(numbers.share(value)) for value in found), change]
