"""Look: where the networks of variants look, on films of their test parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.runs.explaining import ExplainPlan, by_layers, explain, explainers_of, kept_epochs
from leanlung.runs.steps import fingerprint, step

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.explaining import Explainers
    from leanlung.runs.variants.beside import AttentionSection
    from leanlung.runs.variants.carrying import Varying

LIME = "lime"
BY_EPOCH = "-epochs"
"""Ends the folder of a variant that is looked at epoch by epoch."""


def look(now: Varying) -> None:
    """Explain the first seed, and fold, of the variants that are asked, a folder each.

    A network whose features a classifier reads has no gradient; unless it is asked by LIME,
    only the fitted network of such a variant is looked at.

    Raises:
        StudyError: If no film of a test part can be explained.
        UsageError: If epochs are asked for and none was kept.
    """
    section = now.paper.attention
    if section is None:
        return
    for name in section.variants:
        if now.legs(name):
            now.progress.note(f"where networks look: {name}")
            _look(now, section, name, epochs=False)
    for name in section.epochs:
        if now.legs(name):
            now.progress.note(f"where the network looks, epoch by epoch: {name}")
            _look(now, section, name, epochs=True)


def _look(now: Varying, section: AttentionSection, name: str, *, epochs: bool) -> None:
    first = now.legs(name)[0]
    run = now.runs[first]
    masks = _place(now, section.masks)
    boxes = _place(now, section.boxes)
    plan = ExplainPlan(
        method=section.method,
        boxes=boxes,
        masks=masks,
        part="test",
        limit=section.films,
        overlays=section.overlays,
        level=now.recipes[first].evaluate.level,
        resamples=now.recipes[first].evaluate.resamples,
    )
    inputs: dict[str, Any] = {
        "asked": section.model_dump(mode="json"),
        "tables": [fingerprints.of_file(one) for one in (masks, boxes) if one is not None],
        "evaluated": fingerprint(run.seed(now.recipes[first].seeds[0]).evaluate),
        "exported": fingerprint(run.seed(now.recipes[first].seeds[0]).export),
    }

    def do(here: Path) -> None:
        if epochs:
            asked = by_layers(kept_epochs(run.path)[0], (), section.depths)
        else:
            asked = _with_gradient(explainers_of([run.path]), section.method)
        explain(asked, run.cohort, here, plan, now.device, now.progress)

    step(now.folder.attention / (f"{name}{BY_EPOCH}" if epochs else name), inputs, do)


def _with_gradient(found: Explainers, method: str) -> Explainers:
    """Leave out networks that a method cannot look into."""
    if method == LIME:
        return found
    each = tuple(one for one in found.each if one.bundle.classifier is None)
    names = {one.name for one in each}
    pairs = tuple(pair for pair in found.pairs if names.issuperset(pair))
    return replace(found, each=each, pairs=pairs)


def _place(now: Varying, name: str) -> Path | None:
    if not name or now.options.data is None:
        return None
    return now.options.data / name
