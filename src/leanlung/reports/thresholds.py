"""Thresholds: what the frozen ones do on the test part, and what a call is worth elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leanlung.reports.seeds import Seed

RULES = {
    "youden": "Youden’s index: largest sum of sensitivity and specificity",
    "sensitivity_0.95": "Highest threshold that finds 95 % of the class",
}
"""What the thresholds were frozen by, in words."""

Points = list[tuple[str, list[tuple[str, "Mapping[str, Any]"]]]]


def threshold_tables(seed: Seed) -> tuple[Table, ...]:
    """Give sensitivity and specificity at the frozen thresholds, then predictive values.

    Returns:
        Nothing where a run tells of no thresholds.
    """
    by_rule = {rule: found for rule in RULES if (found := _points(seed, rule))}
    return (_operating(seed, by_rule), _predictive(by_rule)) if by_rule else ()


def _points(seed: Seed, rule: str) -> Points:
    """Give the operating points of a rule by class, each with the name of its network."""
    return [
        (name, found) for name in seed.classes if (found := list(_of_class(seed, rule, name)))
    ]


def _of_class(seed: Seed, rule: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for network in seed.networks:
        for point in (network.calibration or {"thresholds": ()})["thresholds"]:
            if (point["threshold"]["rule"], point["threshold"]["of_class"]) == (rule, name):
                yield network.name, point


def _operating(seed: Seed, by_rule: Mapping[str, Points]) -> Table:
    changes = {(one["rule"], one["of_class"]): one for one in seed.threshold_changes}
    rows: list[tuple[Cell, ...]] = []
    for rule, points in by_rule.items():
        rows.append((Cell(RULES[rule], kind="group", columns=5),))
        for name, found in points:
            change = changes.get((rule, name))
            span = len(found) + (change is not None)
            for place, (network, point) in enumerate(found):
                first = [label(name, rows=span)] if place == 0 else []
                rows.append(
                    (
                        *first,
                        label(network),
                        number(numbers.share(point["threshold"]["value"])),
                        *_estimates(point),
                    )
                )
            if change is not None:
                rows.append(
                    (label("change, paired"), number(numbers.NOTHING), *_estimates(change))
                )
    return Table(
        "At thresholds frozen on the validation part",
        heads("class", "network", "called from", "sensitivity", "specificity", labels=2),
        tuple(rows),
        notes=(
            (
                "",
                "Each network at its own threshold. A study is called where the probability of "
                "the class reaches the threshold.",
            ),
        ),
    )


def _estimates(found: Mapping[str, Any]) -> list[Cell]:
    return [figure(Estimate.from_dict(found[name])) for name in ("sensitivity", "specificity")]


def _predictive(by_rule: Mapping[str, Points]) -> Table:
    first = next(iter(by_rule.values()))[0][1][0][1]
    shares = [one["prevalence"] for one in first["predictive_values"]]
    written = [f"{100 * share:g}\N{NO-BREAK SPACE}%" for share in shares]
    rows: list[tuple[Cell, ...]] = []
    for rule, points in by_rule.items():
        rows.append((Cell(RULES[rule], kind="group", columns=2 + 2 * len(shares)),))
        for name, found in points:
            for place, (network, point) in enumerate(found):
                head = [label(name, rows=len(found))] if place == 0 else []
                values = point["predictive_values"]
                cells = [
                    figure(Estimate.from_dict(one[kind]))
                    for kind in ("positive", "negative")
                    for one in values
                ]
                rows.append((*head, label(network), *cells))
    return Table(
        "Predictive values where the class is as rare as this",
        heads(
            "class",
            "network",
            *(f"PPV at {share}" for share in written),
            *(f"NPV at {share}" for share in written),
            labels=2,
        ),
        tuple(rows),
        notes=(
            (
                "",
                "PPV: share of those called that are of the class; NPV: share of the others "
                "that are not. Intervals are a little wide.",
            ),
        ),
    )
