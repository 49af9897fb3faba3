"""A segmenter plan: everything that decides how a U-Net is fitted."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from leanlung.foundations.counts import Count
from leanlung.foundations.errors import NetworkError
from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share
from leanlung.lungs.unet import UNetSpec
from leanlung.pixels import Augmentation


def _augmentation() -> Augmentation:
    return Augmentation(degrees=10.0, shift=0.1, zoom=0.15, brightness=0.15, contrast=0.3)


class SegmenterPlan(BaseModel, extra="forbid", frozen=True):
    """How a U-Net is fitted.

    The loss is binary cross-entropy plus one minus the Dice coefficient. The rate rises over
    the first tenth of all steps and falls to zero along a cosine.

    Attributes:
        width: Channels at the finest level.
        fold: Side of the squares that become channels; 1 is the usual U-Net.
        levels: How often the picture is halved.
        dropout: Rate of the Gaussian dropout in the encoder.
        batch_norm: Whether convolutions are followed by BatchNorm.
        epochs: How often all training films are looked at.
        batch: Films in a step.
        rate: Highest learning rate of Adam.
        augment: How much films change, masks alike. Nothing is mirrored: hearts are left.
        precision: ``auto`` computes in bfloat16 on a GPU and in float32 elsewhere.
        train: Share of the patients to learn from.
        validation: Share to choose the epoch on.
        test: Share to measure agreement on.
        seed: Of everything random, the parts included.

    Source: Rajaraman et al. 2020, section II-B. Their code adds the Dice coefficient to the
        cross-entropy, so that a better overlap costs more, and drops half of the units out
        instead of the Gaussian dropout of 0.2 that the text names; here the text is followed,
        with the sign that was meant.
    """

    width: int = Field(16, ge=1, le=256)
    fold: Literal[1, 2, 4, 8] = 4
    levels: int = Field(4, ge=1, le=6)
    dropout: Share = Field(0.2, lt=1.0)
    batch_norm: bool = True
    epochs: Count = Field(60, ge=1)
    batch: Count = Field(16, ge=2)
    rate: float = Field(3e-3, gt=0.0, le=1.0)
    augment: Augmentation = Field(default_factory=_augmentation)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    train: Share = 0.7
    validation: Share = 0.1
    test: Share = 0.2
    seed: Seed = 0

    @field_validator("augment")
    @classmethod
    def _hearts_stay_left(cls, augment: Augmentation) -> Augmentation:
        if augment.flip:
            msg = "flip would put hearts on the right; leave it at 0"
            raise ValueError(msg)
        return augment

    @model_validator(mode="after")
    def _can_be_fitted(self) -> SegmenterPlan:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6 or min(self.train, self.validation, self.test) <= 0.0:
            msg = f"train, validation and test must be above 0 and add up to 1; got {total:g}"
            raise ValueError(msg)
        try:
            _ = self.network
        except NetworkError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def network(self) -> UNetSpec:
        """What is built."""
        return UNetSpec(self.width, self.fold, self.levels, self.dropout, self.batch_norm)
