"""Confusion of a variant: answers by true class, and bars before and after, all folds together.

Source: Shahabade and Londhe 2025, figures 2 to 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports.answers import matrix_table
from leanlung.reports.confusion import TEST, TRAINING, ConfusionPart, Side, bars, rates
from leanlung.reports.seeds import UNPRUNED
from leanlung.reports.variants_tables import CHOSEN
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

_NETWORKS = {UNPRUNED: "fitted", CHOSEN: "reduced"}
_PARTS = {"test": TEST, "training": TRAINING}


def variant_confusion(row: Mapping[str, Any], positive: str) -> tuple[ConfusionPart, ...]:
    """Give matrices and bars of both networks of a variant, of its first seed.

    Args:
        row: Of one variant, as in ``results.json``.
        positive: The class that is looked for; means over the classes if it is none of two.

    Returns:
        A part for the test part and, where it was asked for, one for the training part; empty
        if every seed kept its whole network, as both are the same.
    """
    if row["change"] is None:
        return ()
    models = next(iter(row["seeds"].values()))["models"]
    if "confusion" not in models[UNPRUNED]:
        return ()
    classes = row["classes"]
    followed = positive if positive in classes and len(classes) == 2 else None
    keys = rates(followed)
    return tuple(
        ConfusionPart(
            _PARTS[part],
            tuple(
                matrix_table(
                    f"{told}, {_PARTS[part]}", classes, models[kind]["confusion"][part]
                )
                for kind, told in _NETWORKS.items()
            ),
            bars(
                _PARTS[part],
                f"bars-{row['name']}-{part}",
                [_side(kind, models[kind], part, keys) for kind in _NETWORKS],
                followed,
            ),
        )
        for part in models[UNPRUNED]["confusion"]
    )


def _side(kind: str, model: Mapping[str, Any], part: str, keys: Mapping[str, str]) -> Side:
    look = "unpruned" if kind == UNPRUNED else "chosen"
    found = {word: _figure(model, part, key) for word, key in keys.items()}
    return Side(look, _NETWORKS[kind], found)


def _figure(model: Mapping[str, Any], part: str, key: str) -> Estimate:
    if part == "test":
        return next(Estimate.from_dict(one) for one in model["estimates"] if one["name"] == key)
    # Of what was learnt from, by several networks where there are folds: no interval.
    value = model["training_figures"][key]
    return Estimate(key, value, None, None, 0.95, "mean of folds", 0, 0)
