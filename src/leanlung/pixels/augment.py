"""Augmentation: what is changed is drawn first, then applied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from leanlung.foundations.shares import Share

if TYPE_CHECKING:
    from torch import Tensor

_UPPER_BITS = 2.0**26


class Augmentation(BaseModel, extra="forbid", frozen=True):
    """How much images may change while training; everything off by default.

    Attributes:
        flip: Share of images mirrored left to right. It puts the heart on the other side:
            useful for classes without a side, wrong for those with one.
        upside_down: Share of images turned upside down, as the CT paper does with slices.
        degrees: Largest rotation either way.
        shift: Largest shift either way, as a share of the size.
        zoom: Largest change of scale either way, as a share.
        brightness: Largest change of brightness either way, as a share of white.
        contrast: Largest change of contrast either way, as a share.
    """

    flip: Share = 0.0
    upside_down: Share = 0.0
    degrees: float = Field(0.0, ge=0.0, le=180.0)
    shift: Share = 0.0
    zoom: float = Field(0.0, ge=0.0, lt=1.0)
    brightness: Share = 0.0
    contrast: float = Field(0.0, ge=0.0, lt=1.0)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that older versions read it too."""
        told: dict[str, Any] = written(self)
        if not told.get("upside_down"):
            told.pop("upside_down", None)
        return told


@dataclass(frozen=True)
class Drawn:
    """What happens to each image of a batch.

    Attributes:
        affine: Where each output place is read, (N, 2, 3), or None if nothing moves.
        gain: Factor on the contrast around mid-grey, (N,).
        offset: Added brightness, (N,).
    """

    affine: Tensor | None
    gain: Tensor
    offset: Tensor


def draw(plan: Augmentation, count: int, generator: np.random.Generator) -> Drawn:
    """Draw the changes of a batch.

    The same numbers are drawn whatever is switched on, so that switching one change off leaves
    the others as they were.

    Args:
        plan: How much may change.
        count: Images in the batch.
        generator: Where randomness comes from.

    Returns:
        The changes.
    """
    chance = generator.random(count)
    mirror = chance < plan.flip
    # Of the 53 bits of a chance the lower half decides this, so that no further number is drawn
    # and training without it gives the same network as before there was such a change.
    turned = np.modf(chance * _UPPER_BITS)[0] < plan.upside_down
    angle, zoom, across, down, gain, offset = generator.uniform(-1.0, 1.0, (6, count))
    affine = None
    if plan.flip or plan.upside_down or plan.degrees or plan.shift or plan.zoom:
        radians = torch.from_numpy(angle * math.radians(plan.degrees))
        scale = torch.from_numpy(1.0 + zoom * plan.zoom)
        side = torch.from_numpy(1.0 - 2.0 * mirror)
        upright = torch.from_numpy(1.0 - 2.0 * turned)
        # torch's coordinates run from -1 to 1, so that a whole size is 2.
        right = torch.from_numpy(across * 2.0 * plan.shift)
        lower = torch.from_numpy(down * 2.0 * plan.shift)
        cosine, sine = radians.cos() / scale, radians.sin() / scale
        rows = [torch.stack([side * cosine, -upright * sine, right], 1)]
        rows += [torch.stack([side * sine, upright * cosine, lower], 1)]
        affine = torch.stack(rows, 1).float()
    return Drawn(
        affine,
        gain=torch.from_numpy(1.0 + gain * plan.contrast).float(),
        offset=torch.from_numpy(offset * plan.brightness).float(),
    )


def apply(drawn: Drawn, images: Tensor) -> Tensor:
    """Change a batch as drawn.

    Args:
        drawn: One change for each image.
        images: (N, 1, S, S), in [0, 1].

    Returns:
        The changed batch, in [0, 1]; places from outside an image are black.
    """
    if drawn.affine is not None:
        grid = F.affine_grid(drawn.affine.to(images.device), list(images.shape), False)
        images = F.grid_sample(images, grid, align_corners=False)
    # What contrast and brightness add is summed first: where both are off, every bit stays.
    gain = drawn.gain.to(images.device).view(-1, 1, 1, 1)
    offset = drawn.offset.to(images.device).view(-1, 1, 1, 1) + 0.5 * (1.0 - gain)
    return torch.clamp(images * gain + offset, 0.0, 1.0)
