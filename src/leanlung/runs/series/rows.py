"""Rows: all figures of a series in long tables, a row a figure."""

from __future__ import annotations

from typing import Any

from leanlung.runs.series.combining import KINDS
from leanlung.runs.series.recipe import PRETRAIN

_ESTIMATE = ("value", "low", "high", "level", "method", "studies", "patients")
_UNPRUNED = "unpruned"


def rows_of(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Lay all figures out in long tables, a row a figure.

    Args:
        found: As in ``results.json``.

    Returns:
        Rows by the name of their table; a table may have none.
    """
    estimates, sources, curve, weights = [], [], [], []
    models = [
        ({"stage": PRETRAIN, "model": network, "kind": _UNPRUNED}, one)
        for network, one in found[PRETRAIN]["rows"].items()
    ]
    for task in found["tasks"]:
        for network, row in task["rows"].items():
            models += [
                ({"stage": task["name"], "model": network, "kind": name}, one)
                for name, one in row["models"].items()
            ]
            curve += [
                {
                    "stage": task["name"],
                    "network": network,
                    "round": one["round"],
                    "chosen": int(one["round"] == _number(row["chosen"])),
                    "parameters": one["size"]["stored"],
                    "macs": one["size"]["macs"],
                    **one["validation"],
                }
                for one in row["candidates"]
                if task["pruned"]
            ]
        models += [
            ({"stage": task["name"], "model": one["combiner"], "kind": one["members"]}, one)
            for one in task["ensembles"]
        ]
        weights += [
            {"stage": task["name"], "combiner": w["combiner"], "members": w["members"],
             "network": network, "weight": weight}
            for w in task["weights"]
            for network, weight in w["weights"].items()
        ]  # fmt: skip
    for whose, one in models:
        size = one.get("size", {})
        whose = {**whose, "parameters": size.get("stored", "")}
        estimates += [
            {**whose, "metric": each["name"], **{key: each[key] for key in _ESTIMATE}}
            for each in one["estimates"]
        ]
        sources += [
            {**whose, "source": source, **{key: each[key] for key in _ESTIMATE}}
            for source, each in one["accuracy_by_source"].items()
        ]
    return {
        "estimates": estimates,
        "accuracy-by-source": sources,
        "pruning-curve": curve,
        "ensemble-weights": weights,
        "attention": _looks(found["attention"]) if "attention" in found else [],
    }


def _looks(attention: dict[str, Any]) -> list[dict[str, Any]]:
    """Lay out where the networks look, a row an average or a difference."""
    rows = []
    for network in attention["networks"]:
        for kind in KINDS:
            model = attention["models"].get(network[kind], {"measures": []})
            rows += [
                {
                    "network": network["network"],
                    "kind": kind,
                    "region": one["region"],
                    "measure": one["measure"],
                    **{key: one["estimate"][key] for key in _ESTIMATE},
                    "chance": one["chance"],
                    "undefined": one["undefined"],
                }
                for one in model["measures"]
            ]
        rows += [
            {
                "network": network["network"],
                "kind": "pruned minus unpruned",
                "region": one["region"],
                "measure": one["measure"],
                **{key: one["difference"][key] for key in _ESTIMATE},
                "chance": "",
                "undefined": one["undefined"],
            }
            for one in attention["differences"]
            if network["pruned"] and one["model"] == network["pruned"]
        ]
    return rows


def _number(name: str) -> int:
    return 0 if name == _UNPRUNED else int(name.removeprefix("round-"))
