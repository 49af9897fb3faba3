"""A round of pruning: score, cut, remove, recalibrate, fit again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.seeds import Seeds
from leanlung.networks.memory import Portions
from leanlung.pruning import (
    CRITERIA,
    RandomOrder,
    carry,
    prune,
    reach,
    recalibrate,
    score_units,
    unit_macs,
)
from leanlung.pruning.masks import Hold, carry_mask
from leanlung.runs.material import BATCH
from leanlung.training import Fitted, fit, optimiser_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from leanlung.pruning import ChannelGraph, Cut, Removal, Surgery, UnitScores
    from leanlung.pruning.masks import WeightMask
    from leanlung.pruning.scores import Criterion
    from leanlung.runs.material import Material
    from leanlung.runs.prune import PruneSection


@dataclass(frozen=True)
class Before:
    """A network before a round, with what goes along.

    Attributes:
        network: On the material's device; not changed.
        graph: Of it.
        whole: Parameters of the network that the first round began with.
        optimiser: Of it, to be carried along; None to start a fresh one.
        teacher: To distil from, if retraining listens to one.
        mask: Held in it, and from then on.
        costs: Of a unit of each layer of the network that the first round began with, if the
            plan asks for any; see `costs_of`.
    """

    network: nn.Module
    graph: ChannelGraph
    whole: int
    optimiser: Optimizer | None = None
    teacher: nn.Module | None = None
    mask: WeightMask | None = None
    costs: Mapping[str, float] | None = None


@dataclass(frozen=True)
class After:
    """What a round left.

    Attributes:
        fitted: The network after retraining; as it was, if nothing left.
        graph: Of it.
        removal: What left.
        mask: Held in it.
        idle: Why nothing left; empty if something did.
    """

    fitted: Fitted
    graph: ChannelGraph
    removal: Removal
    mask: WeightMask | None = None
    idle: str = ""

    @property
    def network(self) -> nn.Module:
        """The network after retraining."""
        return self.fitted.network


def costs_of(
    plan: PruneSection, network: nn.Module, graph: ChannelGraph, image: Tensor
) -> Mapping[str, float] | None:
    """Count what a unit of each layer costs, before the first round; None if nobody asks.

    Args:
        plan: How to prune.
        network: That the first round begins with.
        graph: Of it.
        image: One, as the network takes it.
    """
    return unit_macs(network, graph, image) if plan.costs == "macs" else None


def prune_round(
    plan: PruneSection,
    material: Material,
    before: Before,
    number: int,
    root: Seeds,
    checkpoint: Path | None = None,
    note: Callable[[str], None] = lambda _text: None,
) -> After:
    """Do one round.

    Args:
        plan: How.
        material: What is scored, fitted and judged on.
        before: The network.
        number: Of the round, from 1; of as many as the plan says.
        root: Seeds of the whole run; all rounds draw from their own.
        checkpoint: To go on from, and to write after each epoch.
        note: Told when memory is too short for a batch.

    Returns:
        The smaller network.

    Raises:
        SurgeryError: If a target is out of reach, or a removal cannot be carried out.
        TrainingError: If the loss is no longer a number.
    """
    seeds = Seeds(root.number("prune", number))
    fits: list[Fitted] = []
    masks = [before.mask]

    def score(network: nn.Module, graph: ChannelGraph) -> UnitScores:
        def scored(parts: list[int]) -> UnitScores:
            batches = material.batches(plan.images, seeds, plan.rank_on, parts[0])
            return score_units(network, graph, batches, _criterion(plan, root))

        return Portions(BATCH).do(BATCH, scored)

    def retrain(surgery: Surgery, _number: int) -> nn.Module:
        def recalibrated(parts: list[int]) -> None:
            batches = material.batches(plan.recalibrate, seeds, at_once=parts[0])
            recalibrate(surgery.network, (images for images, _ in batches))

        if plan.recalibrate:
            Portions(BATCH, least=2).do(BATCH, recalibrated)
        last = before.optimiser
        hold = before.mask and Hold(carry_mask(before.mask, surgery))
        validate = hold.checked(material.validate) if hold else material.validate
        fits.append(
            fit(
                surgery.network,
                material.train,
                plan=plan.retrain,
                statistics=material.statistics,
                channels=material.channels,
                validate=validate,
                seeds=seeds,
                device=material.device,
                optimiser=last and carry(last, before.network, surgery),
                teacher=before.teacher,
                checkpoint=checkpoint,
                note=note,
                each_step=hold or _nothing,
            )
        )
        masks[0] = hold.mask if hold else None
        return fits[0].network

    (round_,) = prune(
        before.network,
        before.graph,
        rounds=number,
        first=number,
        score=score,
        cut=_cut(plan, material, before),
        retrain=retrain,
    )
    if not fits:  # nothing left in this round; the network is as it was
        last = before.optimiser or optimiser_for(before.network, plan.retrain.optimiser)
        fits.append(Fitted(before.network.eval(), last, (), 0))
    idle = "" if round_.removal else _why(plan)
    return After(fits[0], round_.graph, round_.removal, masks[0], idle)


def _cut(plan: PruneSection, material: Material, before: Before) -> Cut:
    section = plan.target
    if section is None:
        return plan.cut(before.costs)
    target = section.build(before.whole, material.image)

    def towards(scores: UnitScores, number: int, _originals: Mapping[str, int]) -> Removal:
        return reach(
            target,
            before.network,
            before.graph,
            scores,
            plan.lowest_share(before.costs),
            rounds=plan.rounds - number + 1,
        ).removal

    return towards


def _criterion(plan: PruneSection, root: Seeds) -> Criterion:
    """Make the plan's criterion; a random one draws from the seed, alike in all rounds."""
    if plan.criterion == "random":
        return RandomOrder(Seeds(root.number("prune")).number("random"))
    return CRITERIA[plan.criterion]()


def _why(plan: PruneSection) -> str:
    if plan.target is not None:
        return "the target is reached"
    if plan.at_most is not None:
        return f"no unit that may go scores {plan.at_most:g} or less"
    return "the schedule had nothing to remove"


def _nothing(_network: nn.Module, _optimiser: Optimizer, _steps: int) -> None: ...
