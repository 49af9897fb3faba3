"""A grid: networks, or epochs of one, looked at layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from leanlung.attention import find_layer, spread_layers
from leanlung.foundations.errors import UsageError
from leanlung.foundations.tables import write_table
from leanlung.networks import restore
from leanlung.runs.candidates import load_candidate
from leanlung.runs.explaining.explainers import Explainer, Explainers, explainers_of
from leanlung.runs.external_models import models_of
from leanlung.runs.folder import CANDIDATE, kept_epoch, open_run
from leanlung.runs.records import read_record
from leanlung.runs.stages.fitting import KEPT, NOT_REACHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.attention import Layer
    from leanlung.exports import Bundle

LAYERS = "layers.csv"
DEEPEST = "deepest"
_COLUMNS = (
    "network", "layer", "region", "measure", "value", "low", "high", "level", "chance",
    "films", "patients", "undefined", "empty_maps", "method",
)  # fmt: skip


def kept_epochs(run: Path) -> tuple[Explainers, list[str]]:
    """Give the fitted network of a run as it was after the epochs that were kept.

    Args:
        run: A finished run; its first seed is looked at.

    Returns:
        One explainer an epoch, in a grid of one column, and what is to be told beside.

    Raises:
        UsageError: If it is no finished run, or kept no epoch.
    """
    found = explainers_of([run])
    whole = models_of(run).models[0].bundle
    folder = open_run(run)
    recipe = read_record(folder.resolved, {"network.backbone": str, "seeds": list})
    fitted = folder.seed(recipe["seeds"][0]).fit(recipe["network"]["backbone"])
    told = read_record(fitted / CANDIDATE)
    if not told.get(KEPT):
        msg = (
            f"{run}: no epoch was kept while its network was fitted; set train.keep_epochs, "
            "such as [1, 10, 20], in the recipe and run it"
        )
        raise UsageError(msg)
    spec = load_candidate(fitted).spec
    each = []
    for number in told[KEPT]:
        network = restore(kept_epoch(fitted, number), spec)
        name = f"epoch {number}"
        bundle = replace(whole, name=name, network=network, spec=spec, mask=None)
        each.append(Explainer(name, bundle, name))
    beyond = told.get(NOT_REACHED, [])
    notes = [f"fitting ended before epochs {beyond}, so they were not kept"] if beyond else []
    return replace(found, each=tuple(each), together=(), pairs=(), columns=1), notes


def by_layers(explainers: Explainers, names: Sequence[str], depths: int | None) -> Explainers:
    """Look at each network at several layers.

    Args:
        explainers: Networks, each to become a row.
        names: Of layers, in the order of the columns.
        depths: Instead of names: so many, spread from shallow to deepest.

    Returns:
        An explainer for every network and layer. Baselines are compared at the same layer;
        several networks are not looked at together.

    Raises:
        UsageError: If both names and depths are given, a name stands twice, or an ensemble was
            asked for.
        NetworkError: If a layer gives no maps.
    """
    if names and depths is not None:
        msg = "--layer names layers, --depths spreads them; give one of them"
        raise UsageError(msg)
    if len(set(names)) < len(names):
        msg = f"--layer: one stands twice in {list(names)}"
        raise UsageError(msg)
    if any(len(one.members) and "/" in one.members[0] for one in explainers.together):
        msg = "an ensemble is looked at as a whole; give its members for several layers"
        raise UsageError(msg)
    each: list[Explainer] = []
    rows: dict[str, list[str]] = {}
    for one in explainers.each:
        found = _layers(one.bundle, names, depths)
        row = one.row or one.name
        for layer in found:
            name = f"{row}, {layer.name if len(found) > 1 or names else DEEPEST}"
            each.append(Explainer(name, one.bundle, row, layer))
            rows.setdefault(one.name, []).append(name)
    columns = max(len(found) for found in rows.values())
    pairs = [
        pair
        for before, after in explainers.pairs
        if before in rows and after in rows
        for pair in zip(rows[before], rows[after], strict=False)
    ]
    return replace(
        explainers, each=tuple(each), together=(), pairs=tuple(pairs), columns=columns
    )


def _layers(bundle: Bundle, names: Sequence[str], depths: int | None) -> tuple[Layer, ...]:
    size = bundle.pixels.size
    image = torch.zeros(1, bundle.spec.channels, size, size)
    if depths is not None:
        return spread_layers(bundle.network, image, depths)
    return tuple(find_layer(bundle.network, image, name) for name in names or ("",))


def write_layers(path: Path, explainers: Explainers, result: Mapping[str, Any]) -> None:
    """Write a table of averages, one row a network or epoch, layer, region and measure.

    Args:
        path: A CSV file.
        explainers: As `by_layers` or `kept_epochs` gives them.
        result: What ``attention.json`` holds.
    """
    rows = []
    for one in explainers.each:
        told = result["models"][one.name]
        for entry in told["measures"]:
            found = entry["estimate"]
            rows.append(
                {
                    "network": one.row,
                    "layer": result["layers"].get(one.name, ""),
                    "region": entry["region"],
                    "measure": entry["measure"],
                    **{name: found[name] for name in ("value", "low", "high", "level")},
                    "chance": entry["chance"],
                    "films": found["studies"],
                    "patients": found["patients"],
                    "undefined": entry["undefined"],
                    "empty_maps": told["empty_maps"],
                    "method": found["method"],
                }
            )
    write_table(path, _COLUMNS, rows)
