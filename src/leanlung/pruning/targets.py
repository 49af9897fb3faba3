"""Targets: how much has to go until a network is as small, or as fast, as asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.size import size_of
from leanlung.pruning.surgery import remove

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from leanlung.pruning.cuts import LowestShare
    from leanlung.pruning.graph import ChannelGraph
    from leanlung.pruning.removal import Removal
    from leanlung.pruning.scores import UnitScores


@dataclass(frozen=True)
class Target:
    """A figure of the network that is not to be exceeded.

    Attributes:
        limit: Largest value allowed.
        measure: Gives the figure of a network; any function is good that falls as units leave.
        unit: What it counts, for messages.
    """

    limit: float
    measure: Callable[[nn.Module], float]
    unit: str

    def __post_init__(self) -> None:
        if not self.limit > 0.0:
            msg = f"a target is a number of {self.unit} above 0; got {self.limit:g}"
            raise SurgeryError(msg)


@dataclass(frozen=True)
class Reached:
    """The smallest share found that reaches a target.

    Attributes:
        share: As the schedule of a cut takes it: ``OneShot(share)`` for all at once, or
            ``Polynomial(final=share, last=rounds)`` to get there round by round.
        removal: What that share takes at once, ready for `remove`.
        value: The target's figure of the network that is left.
    """

    share: float
    removal: Removal
    value: float


def target_parameters(limit: float) -> Target:
    """Ask for so many parameters at most."""
    return Target(
        limit, lambda network: sum(p.numel() for p in network.parameters()), "parameters"
    )


def target_macs(limit: float, size: int, channels: int = 3) -> Target:
    """Ask for so many multiply-accumulate operations at most.

    Args:
        limit: For one image.
        size: Height and width of the image, in pixels.
        channels: Of the image.
    """
    return Target(limit, lambda network: size_of(network, size, channels).macs, "MACs")


def target_latency_ms(limit: float, measure: Callable[[nn.Module], float]) -> Target:
    """Ask for so many milliseconds at most, on the device and runtime that is measured.

    Args:
        limit: In milliseconds.
        measure: Gives a network's milliseconds, such as `median_ms` for torch on this device,
            or a function that exports and times elsewhere. A noisy clock gives a share that
            differs from run to run; take a median of many.
    """
    return Target(limit, measure, "ms")


def reach(
    target: Target,
    network: nn.Module,
    graph: ChannelGraph,
    scores: UnitScores,
    cut: LowestShare,
    *,
    rounds: int = 1,
) -> Reached:
    """Find the smallest share whose removal brings a network to a target, by bisection.

    Shares are tried in steps of one unit of the network, so some fifteen networks are made and
    measured, whatever its size. The figure is taken to fall as units leave.

    With several ``rounds`` left it goes a part of the way: every round leaves the same share
    of the figure, ``now * (limit / now) ** (1 / rounds)`` after this one. Called again after
    each round with one round less, on the network and the scores of the moment, it ends at the
    target or below.

    Args:
        target: What to reach.
        network: Trained; not changed.
        graph: Of this network.
        scores: Of its units.
        cut: Gives scope, minimum, alignment and what is left alone; its schedule is not used.
        rounds: Rounds left to get there, this one included.

    Returns:
        The share, what it removes and what is left. A network that is there already loses
        nothing.

    Raises:
        SurgeryError: If the target is out of reach even with all units gone that may go,
            whatever the rounds; the message says how far one gets. If no round is left.

    Source: the constraint search of NVIDIA Model Optimizer (FastNAS), which bisects parameters
        and operations, and He et al. 2018 (AMC), who search for latency.
    """
    if rounds < 1:
        msg = f"a target is reached in one round or more; got rounds = {rounds}"
        raise SurgeryError(msg)
    units = sum(graph.originals.values())

    def at(step: int) -> Reached:
        share = step / units
        removal = replace(cut, schedule=lambda _round: share)(scores, 1, graph.originals)
        smaller = remove(network, graph, removal).network if removal else network
        return Reached(share, removal, float(target.measure(smaller)))

    low, high = 0, units
    best = at(low)
    if best.value <= target.limit:
        return best
    limit = _limit_of_round(best.value, target.limit, rounds)
    best = at(high)
    if best.value > target.limit:
        msg = (
            f"a target of {target.limit:g} {target.unit} is out of reach: the smallest "
            f"reachable is {best.value:g}, with {len(best.removal)} of {units} units gone and "
            "all others kept by minimum, align or leave_alone"
        )
        raise SurgeryError(msg)
    while high - low > 1:
        middle = (low + high) // 2
        tried = at(middle)
        if tried.value <= limit:
            high, best = middle, tried
        else:
            low = middle
    return best


def _limit_of_round(now: float, limit: float, rounds: int) -> float:
    """Give the figure to reach in the next of so many rounds; in the last, the limit itself."""
    return limit if rounds == 1 else now * (limit / now) ** (1.0 / rounds)
