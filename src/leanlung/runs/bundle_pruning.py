"""Prune a bundle: from a trained network and labelled images to a smaller bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch

from leanlung.exports import Bundle, load_bundle, save_bundle
from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.seeds import Seeds
from leanlung.networks import size_of
from leanlung.networks.devices import pick_device
from leanlung.pruning import RandomOrder, channel_graph, reach, score_units
from leanlung.pruning.masks import masked_size_of
from leanlung.runs.bundle_parts import bundle_parts
from leanlung.runs.lossless import require_free, spec_of
from leanlung.runs.material import Material
from leanlung.runs.progress import Silent
from leanlung.runs.rounds import Before, costs_of, prune_round
from leanlung.runs.shrinking import DEFAULT
from leanlung.statistics import Predictions
from leanlung.statistics.readout import Readout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.pruning import ChannelGraph, Target
    from leanlung.pruning.masks import WeightMask
    from leanlung.runs.bundle_parts import BundleParts
    from leanlung.runs.progress import Progress
    from leanlung.runs.prune import PruneSection


@dataclass(frozen=True)
class State:
    """A network before or after.

    Attributes:
        size: As `ModelSize` names it; ``masked_bytes`` too where weights are masked.
        validation: Metrics on the validation part.
        target: The figure that the target is about.
    """

    size: Mapping[str, int]
    validation: Mapping[str, float]
    target: float


@dataclass(frozen=True)
class BundlePruning:
    """What came of pruning a bundle.

    Attributes:
        name: Of the new bundle.
        about: What was done, in a few words.
        unit: What the target counts.
        limit: What it was not to exceed.
        rounds: For each round its ``round``, the units ``removed``, and the parameters
            ``stored`` after it.
        before: The bundle as it was.
        after: The smaller one.
        data: As `BundleParts.told`.
    """

    name: str
    about: str
    unit: str
    limit: float
    rounds: tuple[Mapping[str, int], ...]
    before: State
    after: State
    data: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def prune_bundle(
    bundle: Path,
    data: Path,
    out: Path,
    plan: PruneSection = DEFAULT,
    *,
    seed: int = 0,
    device: str = "auto",
    allow: bool = False,
    progress: Progress | None = None,
) -> BundlePruning:
    """Write a smaller bundle: units leave in rounds, and the network is fitted again.

    The validation part chooses the epoch of each round, nothing else; figures measured on it
    are no verdict. What was measured of the old bundle on other images does not go along.

    Args:
        bundle: The trained network; not changed.
        data: Labelled images, as for `bundle_parts`.
        out: Folder of the new bundle.
        plan: How to prune; with a target.
        seed: Of everything random. The same seed, data and device give the same network,
            unless the target is a latency.
        device: ``auto`` or torch's name of one.
        allow: Whether to go on in spite of leaks between the parts of the data.
        progress: Told what is going on.

    Returns:
        What came of it, also kept in the new bundle's ``metrics.json``.

    Raises:
        UsageError: If the new bundle would replace the old one, or what is no bundle.
        BundleError: If there is no sound bundle.
        StudyError, PixelError, DataRefused: If the data do not fit it.
        SurgeryError: If the target is out of reach, or reached already.
        TrainingError: If the loss is no longer a number.
    """
    progress = progress or Silent()
    require_free(out, bundle)
    old = load_bundle(bundle)
    old.require_gradient("pruning")
    where = pick_device(device)
    network = old.network.to(where)
    size = old.pixels.size
    image = torch.zeros(1, old.spec.channels, size, size, device=where)
    graph = channel_graph(network, image)
    target = _target(plan, network, image)
    _require_way(target, plan, network, graph, bundle)
    parts = bundle_parts(old, data, progress, seed=seed, allow=allow)
    material = Material(parts.train, parts.validation, old.statistics, old.spec.channels, where)

    def state(network: nn.Module, mask: WeightMask | None) -> State:
        found = size_of(network, size, old.spec.channels).as_dict()
        if mask is not None:
            found["masked_bytes"] = masked_size_of(network, mask).masked_bytes
        return State(found, material.validate(network), float(target.measure(network)))

    before = state(network, old.mask)
    told: list[dict[str, int]] = []
    teacher = network if plan.retrain.distil.weight else None
    start = Before(
        network,
        graph,
        before.size["stored"],
        teacher=teacher,
        mask=old.mask,
        costs=costs_of(plan, network, graph, image),
    )
    with progress.task("pruning", plan.rounds) as done:
        for number in range(1, plan.rounds + 1):
            after = prune_round(plan, material, start, number, Seeds(seed), note=progress.note)
            if after.idle:
                progress.note(f"round {number}: {after.idle}")
            stored = sum(p.numel() for p in after.network.parameters())
            told.append({"round": number, "removed": len(after.removal), "stored": stored})
            start = replace(
                start,
                network=after.network,
                graph=after.graph,
                optimiser=after.fitted.optimiser if plan.optimiser == "carry" else None,
                mask=after.mask,
            )
            done(number)
    found = BundlePruning(
        name=f"{old.name}-pruned",
        about=f"{plan.rounds} rounds of {plan.retrain.epochs} epochs at most, {plan.about}",
        unit=target.unit,
        limit=target.limit,
        rounds=tuple(told),
        before=before,
        after=state(start.network, start.mask),
        data=parts.told,
    )
    smaller = _smaller(old, found, start, parts, plan, seed)
    if old.readout is not None:  # that of the old network says nothing of the new one
        smaller = replace(smaller, readout=_readout(smaller, parts, material))
    save_bundle(out, smaller)
    return found


def _smaller(
    old: Bundle,
    found: BundlePruning,
    last: Before,
    parts: BundleParts,
    plan: PruneSection,
    seed: int,
) -> Bundle:
    network = cast("Classifier", last.network)
    spec: NetworkSpec = spec_of(network, old.spec)
    on, leaks = found.data["validation"], found.data["leaks_allowed"]
    about = (
        f"{found.about}, {found.before.target:g} to {found.after.target:g} {found.unit}; "
        f"epochs chosen on {on['studies']} validation images of {on['patients']} patients, "
        f"parted {found.data['parted']}"
        f"{f', in spite of {leaks} leaks' if leaks else ''}; seed {seed}"
    )
    return replace(
        old,
        name=found.name,
        network=network,
        spec=spec,
        made_up=old.made_up or parts.made_up,
        history=(*old.history, {"step": "prune", "about": about}),
        metrics={
            "size": dict(found.after.size),
            "whole_size": old.metrics.get("whole_size", dict(found.before.size)),
            **({"data": old.metrics["data"]} if "data" in old.metrics else {}),
            "pruning": {**found.as_dict(), "plan": plan.model_dump(mode="json"), "seed": seed},
        },
        mask=last.mask,
    )


def _readout(bundle: Bundle, parts: BundleParts, material: Material) -> Readout:
    studies = parts.chosen_on.studies
    return Readout.of(
        Predictions(
            model=bundle.name,
            classes=bundle.classes,
            study_ids=tuple(study.study_id for study in studies),
            patient_ids=tuple(study.patient_id for study in studies),
            labels=material.validation.labels.numpy(),
            probabilities=material.predict(bundle.network, material.validation),
        )
    )


def _target(plan: PruneSection, network: nn.Module, image: torch.Tensor) -> Target:
    if plan.target is None:
        msg = "a bundle is pruned towards a target; the plan has none"
        raise SurgeryError(msg)
    whole = sum(parameter.numel() for parameter in network.parameters())
    return plan.target.build(whole, image)


def _require_way(
    target: Target, plan: PruneSection, network: nn.Module, graph: ChannelGraph, bundle: Path
) -> None:
    """Make sure that there is something to remove, and enough, before images are read."""
    now = float(target.measure(network))
    if now <= target.limit:
        msg = (
            f"{bundle}: at {now:g} {target.unit} it is at the target of {target.limit:g} "
            "already, and nothing would be removed; ask for less"
        )
        raise SurgeryError(msg)
    # How far one gets does not depend on what units are worth.
    scores = score_units(network, graph, (), RandomOrder(0))
    reach(target, network, graph, scores, plan.lowest_share())
