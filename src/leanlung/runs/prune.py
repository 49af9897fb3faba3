"""The pruning of a recipe: which units leave, and how the network is fitted again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from leanlung.foundations.counts import Count
from leanlung.foundations.errors import LeanlungError
from leanlung.pruning import AtMost, LowestShare
from leanlung.runs.plans import require_plain
from leanlung.runs.schedule import ScheduleSection
from leanlung.runs.start import StartSection
from leanlung.runs.target import TargetSection
from leanlung.training import TrainingPlan

if TYPE_CHECKING:
    from collections.abc import Mapping


class PruneSection(StartSection, extra="forbid", frozen=True):
    """How the network is made smaller.

    How much goes is said by the ``schedule``, by a ``target`` that the rounds approach, or by a
    limit of the score (``at_most``).

    Attributes:
        start: ``from`` in a recipe: whether the first round takes units from the ``fitted``
            network, or from a ``fresh`` one, which has the weights that the fitted one began
            with and has been fitted as ``retrain`` says: units then leave while a network is
            trained from the beginning, one round every ``retrain.epochs`` epochs.
        rounds: How many; 0 keeps the whole network.
        criterion: What units are worth; one of ``leanlung list criteria``.
        scope: Whether units compete within their ``layer`` or over the ``network``.
        schedule: How much goes when.
        target: How small, or how fast, the network is after the last round, instead of a
            schedule; every round goes the same share of the way.
        at_most: In every round all units go whose score is at or below this, instead of a
            schedule; 0.1 with ``apoz`` takes units that are zero at 90 % of the places.
        minimum: Units every layer keeps.
        normalise: ``layer`` divides scores by their layer's norm before layers compete.
        leave_alone: Layers that lose nothing, by name or pattern such as ``features.*``.
        align: Widths become multiples of this.
        costs: ``macs`` takes more units from layers of the network before the first round whose
            units take more operations, and fewer from the others, as `LowestShare` tells; for
            ``scope = "layer"``. ``none`` takes the same share from all.
        images: Images that units are scored on, by criteria that look at images; 0 is all.
        rank_on: The part they are of. Rajaraman et al. 2020 rank on the validation part, on
            which the choice is made too.
        recalibrate: Training images for BatchNorm's statistics after surgery; 0 leaves them.
        optimiser: ``carry`` its state through surgery, or start ``fresh`` each round.
        retrain: How each round is fitted again.
    """

    rounds: int = Field(5, ge=0, le=10_000)
    criterion: Literal[
        "apoz",
        "mean_activation",
        "variance",
        "l1",
        "l2",
        "geometric_median",
        "batchnorm_scale",
        "taylor",
        "random",
    ] = "apoz"
    scope: Literal["layer", "network"] = "layer"
    schedule: ScheduleSection = ScheduleSection()
    target: TargetSection | None = None
    at_most: float | None = None
    minimum: Count = Field(1, ge=1)
    normalise: Literal["none", "layer"] = "none"
    leave_alone: tuple[str, ...] = ()
    align: Literal[1, 4, 8, 16] = 1
    costs: Literal["none", "macs"] = "none"
    images: Count = Field(0, ge=0)
    rank_on: Literal["train", "validation"] = "train"
    recalibrate: Count = Field(512, ge=0)
    optimiser: Literal["carry", "fresh"] = "carry"
    retrain: TrainingPlan = TrainingPlan()

    def lowest_share(self, costs: Mapping[str, float] | None = None) -> LowestShare:
        """Make the cut that takes the lowest units, as the schedule says.

        Args:
            costs: Of a unit of each layer, where the section asks for any.
        """
        return LowestShare(
            self.scope,
            self.schedule.build(),
            minimum=self.minimum,
            normalise=self.normalise,
            leave_alone=self.leave_alone,
            align=self.align,
            costs=costs,
        )

    def cut(self, costs: Mapping[str, float] | None = None) -> LowestShare | AtMost:
        """Make the cut; that of a target has no schedule of its own.

        Args:
            costs: As for `lowest_share`.
        """
        if self.at_most is None:
            return self.lowest_share(costs)
        return AtMost(
            self.at_most, minimum=self.minimum, leave_alone=self.leave_alone, align=self.align
        )

    @property
    def about(self) -> str:
        """What goes, in a few words."""
        if not self.rounds:
            return "nothing is removed"
        if self.at_most is not None:
            return f"{self.criterion} at most {self.at_most:g}"
        scope = "within each layer" if self.scope == "layer" else "over the network"
        dear = ", more where a unit takes more MACs" if self.costs == "macs" else ""
        return f"lowest {self.criterion} {scope}{dear}"

    @model_validator(mode="after")
    def _makes_a_cut(self) -> PruneSection:
        require_plain("retrain", self.retrain)
        own = {name: field.default for name, field in type(self).model_fields.items()}
        instead = [name for name in ("target", "at_most") if getattr(self, name) is not None]
        unused = {
            "target": ["schedule"],
            "at_most": ["schedule", "scope", "normalise", "costs"],
        }
        for name in instead:
            for other in unused[name]:
                if getattr(self, other) != own[other]:
                    msg = f"{name!r} stands instead of {other!r}; leave one of them out"
                    raise ValueError(msg)
        if len(instead) > 1:
            msg = "'target' and 'at_most' do not go together; leave one of them out"
            raise ValueError(msg)
        try:
            self.cut(None if self.costs == "none" else {})
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self
