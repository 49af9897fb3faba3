"""The target of a recipe: how small, or how fast, the pruned network is to be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, model_validator

from leanlung.foundations.shares import Share
from leanlung.pruning import (
    Target,
    median_ms,
    target_latency_ms,
    target_macs,
    target_parameters,
)

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 10**18
KEYS = ("share", "parameters", "macs", "latency_ms")


class TargetSection(BaseModel, extra="forbid", frozen=True):
    """How small, or how fast, the network is after the last round; one key of these.

    Attributes:
        share: Parameters left, as a share of the whole network's.
        parameters: Parameters left, at most.
        macs: Multiply-accumulate operations for one image, at most.
        latency_ms: Milliseconds for one image in torch on the device of the run, at most; the
            median of many passes. A clock is never the same twice: what is removed then
            differs a little from run to run, and between machines much.
    """

    share: Share | None = Field(None, gt=0.0, lt=1.0)
    parameters: int | None = Field(None, ge=1, le=LARGEST)
    macs: int | None = Field(None, ge=1, le=LARGEST)
    latency_ms: float | None = Field(None, gt=0.0, allow_inf_nan=False)

    @property
    def key(self) -> str:
        """The key that is given."""
        return next(name for name in KEYS if getattr(self, name) is not None)

    def build(self, whole: int, image: Tensor) -> Target:
        """Make the target.

        Args:
            whole: Parameters of the whole network.
            image: Of the size the network takes, (1, channels, S, S), on its device.
        """
        if self.latency_ms is not None:
            return target_latency_ms(self.latency_ms, median_ms(image))
        if self.macs is not None:
            return target_macs(self.macs, image.shape[-1], image.shape[1])
        share = self.share or 1.0
        return target_parameters(self.parameters or max(math.floor(share * whole), 1))

    @model_validator(mode="after")
    def _is_one(self) -> TargetSection:
        given = [name for name in KEYS if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"a target is one of {list(KEYS)}; got {given or 'none'}"
            raise ValueError(msg)
        return self
