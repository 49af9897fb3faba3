"""Cuts: which units go, given what they are worth."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pruning.bounds import Align, Bounds, without_left_alone
from leanlung.pruning.costs import exponents
from leanlung.pruning.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from leanlung.pruning.schedules import Schedule
    from leanlung.pruning.scores import UnitScores

Scope = Literal["layer", "network"]
Normalise = Literal["none", "layer"]

_ROUNDING = 1e-9
"""Forgives the last bits of a product such as 0.02 * 5 * 100."""


class Cut(Protocol):
    """Whatever says which units go; any function of these three is one."""

    def __call__(
        self, scores: UnitScores, round_: int, originals: Mapping[str, int], /
    ) -> Removal:
        """Choose the units that go in a round.

        Args:
            scores: Of the units still there.
            round_: From 1.
            originals: How many units each layer had before round 1.

        Returns:
            The removal; empty if nothing is to go this round.
        """


@dataclass(frozen=True)
class LowestShare:
    """The units with the lowest scores go, as many as the schedule says.

    ``scope = "layer"`` ranks within each layer. After round k a layer has lost the whole
    number nearest to its share (a half rounds up) of its original width, so that narrow
    layers lose units too and nothing drifts over many rounds.

    ``scope = "network"`` ranks all layers together. Every round takes
    ``floor(share of the round * original units)``: 104 of VGG-16's 5,248 at 2 %. Aligned
    layers lose blocks of units, ranked by the mean of their scores; what one round leaves over
    as no whole block fits, the next may take.

    Equal scores go in running order of the layers, then by place.

    Attributes:
        scope: Where units compete.
        schedule: Share gone after each round, of the units of layers that are not left alone.
        minimum: Units that every layer keeps.
        normalise: ``layer`` divides the scores of each layer by their Euclidean norm before
            layers compete, for criteria whose scale differs from layer to layer. With equal
            scores units of wide layers then go first, as the norm grows with the width.
        leave_alone: Layers that lose nothing, by name or pattern such as ``features.*``.
        align: Widths become multiples of this; see `Bounds`.
        costs: What a unit of each layer costs, such as `unit_macs` counts. For
            ``scope = "layer"``, whose layers then lose more than the share where units are
            dear and less where they are cheap: a layer keeps ``(1 - share) ** e``, where e is
            its cost, divided by the geometric mean of all, to the power of ``tilt``.
        tilt: 0 gives every layer the same share. 0.25 leaves VGG-16 at half of its parameters
            43 % of its operations instead of 53 %, its first layers 40 of 64 units wide
            instead of 48, its last 400 of 512 instead of 360.

    Source: Rajaraman et al. 2020, section II-E, ranks "in each convolutional layer"; their
        released code ranks over the network. Normalising by layer: Molchanov et al. 2017
        (Pruning convolutional neural networks for resource efficient inference).
    """

    scope: Scope
    schedule: Schedule
    minimum: int = 1
    normalise: Normalise = "none"
    leave_alone: tuple[str, ...] = ()
    align: Align = 1
    costs: Mapping[str, float] | None = None
    tilt: float = 0.25

    def __post_init__(self) -> None:
        _bounds(self)
        _require_word("scope", self.scope, get_args(Scope))
        _require_word("normalise", self.normalise, get_args(Normalise))
        if self.normalise == "layer" and self.scope == "layer":
            msg = (
                'normalise = "layer" changes no rank within a layer; it is for '
                'scope = "network", where layers compete'
            )
            raise SurgeryError(msg)
        if self.costs is not None and self.scope == "network":
            msg = 'costs tilt the shares of layers; scope = "network" gives layers no share'
            raise SurgeryError(msg)
        if not 0.0 <= self.tilt < math.inf:
            msg = f"tilt is a power, 0 or more; got {self.tilt}"
            raise SurgeryError(msg)

    def __call__(
        self, scores: UnitScores, round_: int, originals: Mapping[str, int]
    ) -> Removal:
        """Choose the units that go in a round.

        Args:
            scores: Of the units still there.
            round_: From 1.
            originals: How many units each layer had before round 1.

        Returns:
            The removal; empty if the schedule has nothing to take this round.
        """
        layers = without_left_alone(scores.by_layer, self.leave_alone)
        found = {layer: scores.by_layer[layer] for layer in layers}
        gone = _share(self.schedule, round_)
        if strange := [layer for layer in layers if layer not in originals]:
            msg = f"there are scores of a layer {strange[0]!r} that originals has not"
            raise SurgeryError(msg)
        if self.scope == "layer":
            shares = dict.fromkeys(layers, gone)
            if self.costs is not None:
                powers = exponents(self.costs, layers, self.tilt)
                shares = {layer: 1.0 - (1.0 - gone) ** e for layer, e in powers.items()}
            wanted = {
                layer: math.floor(shares[layer] * originals[layer] + 0.5 + _ROUNDING)
                - (originals[layer] - len(values))
                for layer, values in found.items()
            }
            return _lowest(found, wanted, _bounds(self))
        total = sum(originals[layer] for layer in layers)
        if self.align == 1:
            step = gone - (_share(self.schedule, round_ - 1) if round_ > 1 else 0.0)
            budget = math.floor(step * total + _ROUNDING)
        else:
            left = sum(len(values) for values in found.values())
            budget = math.floor(gone * total + _ROUNDING) - (total - left)
        return self._over_network(found, budget)

    def _over_network(self, found: Mapping[str, Tensor], budget: int) -> Removal:
        """Take whole blocks, the lowest first, until the next one is too large."""
        bounds = _bounds(self)
        blocks: list[_Block] = []
        for layer, own in found.items():
            values = own.double()
            if self.normalise == "layer":
                values = values / values.norm().clamp(min=torch.finfo(values.dtype).tiny)
            blocks += _blocks(layer, values, bounds)
        taken: Counter[str] = Counter()
        spared: dict[str, None] = {}
        for block in sorted(blocks, key=attrgetter("worth")):
            if budget <= 0:
                break
            if not block.may_go:
                spared[block.layer] = None
                continue
            if block.size > budget:
                break
            taken[block.layer] += block.size
            budget -= block.size
        removal = _lowest(found, taken, bounds)
        return Removal(removal.units, tuple(spared))


@dataclass(frozen=True)
class AtMost:
    """All units go whose score is at or below a limit, in every round.

    Attributes:
        limit: For APoZ, whose score is ``1 - APoZ``, 0.1 takes units that are zero at 90 % of
            the places or more.
        minimum: Units that every layer keeps: the best ones, then in order of place.
        leave_alone: Layers that lose nothing, by name or pattern.
        align: Widths become multiples of this; see `Bounds`. Units above the limit never go
            for the sake of a multiple.

    Source: Hu et al. 2016 (Network Trimming) remove neurons whose APoZ is high.
    """

    limit: float
    minimum: int = 1
    leave_alone: tuple[str, ...] = ()
    align: Align = 1

    def __post_init__(self) -> None:
        _bounds(self)
        if not math.isfinite(self.limit):
            msg = f"limit is a score; got {self.limit}"
            raise SurgeryError(msg)

    def __call__(
        self,
        scores: UnitScores,
        round_: int,  # noqa: ARG002 - a cut is told the round
        originals: Mapping[str, int],  # noqa: ARG002
    ) -> Removal:
        """Choose the units that go; neither round nor original widths matter.

        Args:
            scores: Of the units still there.
            round_: From 1.
            originals: How many units each layer had before round 1.

        Returns:
            The removal; empty if every score is above the limit.
        """
        layers = without_left_alone(scores.by_layer, self.leave_alone)
        found = {layer: scores.by_layer[layer] for layer in layers}
        wanted = {layer: int((values <= self.limit).sum()) for layer, values in found.items()}
        return _lowest(found, wanted, _bounds(self))


def _share(schedule: Schedule, round_: int) -> float:
    gone = schedule(round_)
    if not 0.0 <= gone <= 1.0:
        msg = f"the schedule gives {gone:g} for round {round_}; a share in [0, 1] was expected"
        raise SurgeryError(msg)
    return gone


def _require_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        expected = " or ".join(map(repr, words))
        msg = f"{name} is {expected}; got {word!r}{did_you_mean(word, words)}"
        raise SurgeryError(msg)


def _bounds(cut: LowestShare | AtMost) -> Bounds:
    return Bounds(cut.minimum, cut.align, cut.leave_alone)


def _lowest(found: Mapping[str, Tensor], wanted: Mapping[str, int], bounds: Bounds) -> Removal:
    """Take from each layer its lowest units, as many as wanted and its bounds allow."""
    units, spared = {}, []
    for layer, values in found.items():
        width = len(values)
        if wanted[layer] > max(width - bounds.narrowest, 0):
            spared.append(layer)
        if (take := width - bounds.width_after(width, wanted[layer])) > 0:
            lowest = torch.argsort(values, stable=True)[:take]
            units[layer] = tuple(sorted(lowest.tolist()))
    return Removal(units, tuple(spared))


class _Block(NamedTuple):
    layer: str
    size: int
    may_go: bool
    worth: float


def _blocks(layer: str, values: Tensor, bounds: Bounds) -> list[_Block]:
    """Part a layer into blocks that can go one after the other, the lowest first.

    The last one is the first that its bounds do not let go.
    """
    ranked, width = values.sort().values, len(values)
    odd, whole = width % bounds.align, width // bounds.align
    worth = ranked[odd:].reshape(whole, bounds.align).mean(dim=1).tolist()
    sizes: list[int] = [bounds.align] * whole
    if odd:  # leaves first, so that whole blocks are left
        worth.insert(0, float(ranked[:odd].mean()))
        sizes.insert(0, odd)
    left = (width - gone for gone in accumulate(sizes))
    blocks = [
        _Block(layer, size, stay >= bounds.narrowest, mean)
        for size, stay, mean in zip(sizes, left, worth, strict=True)
    ]
    return blocks[: sum(block.may_go for block in blocks) + 1]
