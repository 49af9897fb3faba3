"""The mask of a recipe: which single weights are held at zero, and how the rest is fitted."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from leanlung.foundations.counts import Count
from leanlung.foundations.errors import LeanlungError, TrainingError
from leanlung.foundations.shares import Share
from leanlung.pruning import Polynomial
from leanlung.runs.plans import require_plain
from leanlung.runs.start import StartSection
from leanlung.training import TrainingPlan

_OF_THE_RAMP = (
    "initial", "final", "first", "last", "power", "every", "scope", "regrow", "train", "start",
)  # fmt: skip


class MaskSection(StartSection, extra="forbid", frozen=True):
    """How single weights are held at zero, instead of units removed.

    The mask tightens along a polynomial while the network trains, then the network is trained
    on under the final mask. Weights go by magnitude, of the kernels of convolutions and linear
    layers. A mask makes no network faster on dense kernels, and removes no parameter; it is
    stored as one bit a weight and the weights that are kept.

    Attributes:
        start: ``from`` in a recipe: whether the ramp begins with the ``fitted`` network, or
            with a ``fresh`` one, which has the weights that the fitted one began with and sees
            the same images in the same order: pruned and trained together from the beginning,
            beside a whole network that is trained alone (Shahabade & Londhe 2025, section III).
        initial: Share held at zero at the first step of the ramp.
        final: Share held at zero at its end. 0 holds nothing: a control, which goes through the
            same epochs as a masked network would.
        first: Step of ``train`` at which the ramp begins.
        last: Step at which it ends; 0 is the last refresh that ``train`` has room for.
        power: Of the polynomial.
        every: Steps from one refresh of the mask to the next.
        scope: Whether weights compete within their ``layer`` or over the ``network``.
        regrow: Whether a refresh may let weights come back, as in the original toolkit.
        pattern: ``2:4`` holds two of every four weights at once, without a ramp.
        leave_alone: Layers whose weights are all kept, by name or pattern.
        train: How the network is fitted while the mask tightens. All its epochs are gone
            through, and the last one is taken: before it the mask is not final.
        finetune: How it is fitted after, with the mask held; the best epoch is taken.
    """

    initial: Share = 0.0
    final: Share = 0.5
    first: Count = Field(0, ge=0)
    last: Count = Field(0, ge=0)
    power: float = Field(3.0, gt=0.0, allow_inf_nan=False)
    every: Count = Field(100, ge=1)
    scope: Literal["layer", "network"] = "layer"
    regrow: bool = False
    pattern: Literal["none", "2:4"] = "none"
    leave_alone: tuple[str, ...] = ()
    train: TrainingPlan = TrainingPlan()
    finetune: TrainingPlan = TrainingPlan()

    def schedule(self, steps: int) -> Polynomial:
        """Make the ramp.

        Args:
            steps: That ``train`` makes.

        Raises:
            TrainingError: If it does not fit into them.
        """
        last = self.last or self.first + (steps - self.first) // self.every * self.every
        if last > steps or last <= self.first:
            asked = f"mask.last = {last}" if last > steps else f"mask.every = {self.every}"
            msg = (
                f"{asked} does not fit: mask.train makes {steps} steps, and the mask begins to "
                f"tighten at step {self.first}; give mask.train more epochs, or the mask other "
                "steps"
            )
            raise TrainingError(msg)
        return Polynomial(self.final, last, self.initial, self.first, self.power)

    @property
    def control(self) -> bool:
        """Whether nothing is held, so that only the epochs count."""
        return self.pattern == "none" and self.final == 0.0

    @property
    def about(self) -> str:
        """What is held, in a few words."""
        if self.control:
            return "no weight (a control of the same epochs)"
        if self.pattern != "none":
            return f"{self.pattern} by magnitude"
        scope = "of each layer" if self.scope == "layer" else "over the network"
        return f"the smallest {100 * self.final:g} % of weights {scope}"

    @model_validator(mode="after")
    def _makes_a_mask(self) -> MaskSection:
        for name in ("train", "finetune"):
            require_plain(name, getattr(self, name))
        if self.pattern != "none":
            own = type(self).model_fields
            changed = [n for n in _OF_THE_RAMP if getattr(self, n) != own[n].default]
            if given := [own[n].alias or n for n in changed]:
                msg = f"the pattern {self.pattern} holds at once; leave {given} out"
                raise ValueError(msg)
            return self
        if self.train.patience:
            msg = (
                "train.patience: the mask is final only after the last step; stop early in "
                "finetune instead"
            )
            raise ValueError(msg)
        if self.last and self.last - self.first < self.every:
            msg = (
                f"from first = {self.first} to last = {self.last} there is no refresh but the "
                f"first one at every = {self.every}"
            )
            raise ValueError(msg)
        if self.control:
            if self.initial:
                msg = f"initial = {self.initial:g} is above final = 0; a control holds nothing"
                raise ValueError(msg)
            return self
        try:
            self.schedule(self.last or self.first + self.every)
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self


def steps_of(images: int, plan: TrainingPlan) -> int:
    """Count the steps a fit makes; a last batch of one image is left out.

    Args:
        images: That are learnt from, those that the plan makes up included.
        plan: How.
    """
    return plan.epochs * max(math.ceil((images - 1) / plan.batch), 1)
