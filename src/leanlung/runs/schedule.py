"""The schedule of a recipe: how much is gone after each round."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

from pydantic import BaseModel, model_validator

from leanlung.foundations.counts import Count
from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.shares import Share
from leanlung.pruning import SCHEDULES, Schedule


class ScheduleSection(BaseModel, extra="forbid", frozen=True):
    """How much is gone after each round; each kind has keys of its own.

    Attributes:
        kind: ``steady``, ``one_shot``, ``polynomial`` or ``cosine``.
        share: A round (``steady``), or at once (``one_shot``).
        ceiling: Where ``steady`` stops.
        of: Whether ``steady`` counts on the original or the remaining width.
        initial: Gone after the first round of ``polynomial`` or ``cosine``.
        final: Gone after their last round.
        first: Their first round; 0 begins before round 1, which then takes a share.
        last: Their last round.
        power: Of ``polynomial``.
    """

    kind: Literal["steady", "one_shot", "polynomial", "cosine"] = "steady"
    share: Share = 0.1
    ceiling: Share = 0.5
    of: Literal["original", "remaining"] = "original"
    initial: Share = 0.0
    final: Share = 0.5
    first: Count = 0
    last: Count = 5
    power: float = 3.0

    def build(self) -> Schedule:
        """Make the schedule."""
        kind = SCHEDULES[self.kind]
        return kind(**{key.name: getattr(self, key.name) for key in fields(kind)})

    @model_validator(mode="after")
    def _makes_a_schedule(self) -> ScheduleSection:
        own = [key.name for key in fields(SCHEDULES[self.kind])]
        for name, field in type(self).model_fields.items():
            if name not in {"kind", *own} and getattr(self, name) != field.default:
                msg = f"{name!r} is no key of a {self.kind} schedule, which has {own}"
                raise ValueError(msg)
        try:
            self.build()
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self
