"""Grad-CAM: places of the deepest maps that speak for a class, by the slope of its logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from leanlung.attention.layers import Layer, find_layer
from leanlung.attention.visiting import visiting, watched
from leanlung.foundations.errors import NetworkError, UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import nn


@dataclass(frozen=True, eq=False)
class Cam:
    """Where a network looked.

    Attributes:
        values: (N, H, W), of the images' height and width, in [0, 1]; the largest of a map is
            1, and a map is all zero where nothing speaks for the class.
        classes: (N,): the class each map is of.
        logits: (N, classes), float64.
        layer: Name of the layer whose maps were read.
        method: One of `METHODS`, or ``lime``.
    """

    values: NDArray[np.float32]
    classes: NDArray[np.int64]
    logits: NDArray[np.float64]
    layer: str
    method: str

    @property
    def empty(self) -> NDArray[np.bool]:
        """Which maps are all zero, (N,)."""
        return np.asarray(self.values.max(axis=(1, 2)) == 0.0)


def mean_slope(_maps: Tensor, slopes: Tensor) -> Tensor:
    """Weigh each map by the mean slope of the logit along it.

    Args:
        slopes: (N, C, h, w), of the class's logit by each place of each map.

    Returns:
        (N, C).

    Source: Selvaraju et al. 2020, International Journal of Computer Vision 128(2), equation 1.
    """
    return slopes.mean(dim=(2, 3))


def weighted_slope(maps: Tensor, slopes: Tensor) -> Tensor:
    """Weigh each map by its positive slopes, those of few places more than those of many.

    Args:
        maps: (N, C, h, w).
        slopes: Of the class's logit, the same shape.

    Returns:
        (N, C).

    Source: Chattopadhay et al. 2018, WACV, equations 5 and 19: with the exponential of the
        logit as the score, second and third derivatives are powers of the slope. The factor
        that the exponential leaves is the same for all maps of an image, and cancels when the
        result is scaled.
    """
    below = 2.0 + maps.sum(dim=(2, 3), keepdim=True) * slopes
    share = torch.where((slopes > 0.0) & (below != 0.0), 1.0 / below, torch.zeros_like(below))
    return (share * slopes.clamp(min=0.0)).sum(dim=(2, 3))


METHODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad-cam": mean_slope,
    "grad-cam++": weighted_slope,
}
"""What weighs the maps, by name."""


def grad_cam(
    network: nn.Module,
    images: Tensor,
    classes: Sequence[int] | Tensor | None = None,
    *,
    layer: Layer | str = "",
    method: str = "grad-cam",
) -> Cam:
    """Show which places speak for a class.

    The maps of a layer are weighed and summed, what is below zero is cut off, and the sum is
    stretched bilinearly over the image and divided by its largest value (no smallest value is
    subtracted, so that shares of it mean something). Each image is on its own: batches do not
    change its map.

    Args:
        network: Any classifier, on whatever device: pruned, frozen, wrapped in DataParallel or
            compiled; called under ``no_grad`` or ``inference_mode``. Hooks, gradients, modes
            and flags are left as they were found.
        images: (N, C, H, W), as the network reads them, on the network's device.
        classes: One for each image; the one of the highest logit if not given.
        layer: As `find_layer` gives it, or a name; the deepest maps if empty.
        method: One of `METHODS`.

    Raises:
        UsageError: If there is no such method, or a class is none of the network's.
        NetworkError: If there is no such layer, it gives no maps, or the logits do not depend
            on it.

    Source: Selvaraju et al. 2020, equations 1 and 2, by the logit before the softmax;
        Rajaraman et al. 2020, section II-G and figure 6.
    """
    if method not in METHODS:
        hint = did_you_mean(method, METHODS)
        msg = f"no method {method!r} by gradients; there are {list(METHODS)}{hint}"
        raise UsageError(msg)
    found = layer if isinstance(layer, Layer) else find_layer(network, images, layer)
    with visiting(network) as plain:
        catch = _Catch(found)
        logits = watched(plain, images, {found.name: catch})
        wanted = chosen_classes(logits, classes)
        maps, slopes = catch.slopes_of(logits.gather(1, wanted[:, None]).sum(), plain)
        weights = METHODS[method](maps, slopes)
        seen = (weights[:, :, None, None] * maps).sum(dim=1).clamp(min=0.0)
        values = _stretched(seen, images.shape[2:])
    return Cam(
        values.float().cpu().numpy(),
        wanted.cpu().numpy(),
        logits.detach().double().cpu().numpy(),
        found.name,
        method,
    )


def chosen_classes(logits: Tensor, classes: Sequence[int] | Tensor | None) -> Tensor:
    """Give the class of each image: that asked for, or that of the highest logit.

    Raises:
        UsageError: If there are more or fewer than images, or one is out of range.
    """
    if classes is None:
        return logits.detach().argmax(dim=1)
    wanted = torch.as_tensor(classes, dtype=torch.int64, device=logits.device)
    count = logits.shape[1]
    if wanted.shape != logits.shape[:1] or bool(((wanted < 0) | (wanted >= count)).any()):
        msg = (
            f"classes {wanted.tolist()} for {len(logits)} images of a network of {count} "
            f"outputs; one from 0 to {count - 1} was expected for each"
        )
        raise UsageError(msg)
    return wanted


class _Catch:
    """Cuts a pass in two at a layer: what follows it depends on its maps alone."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._calls = 0
        self._maps: Tensor | None = None

    def __call__(
        self, _module: nn.Module, _arguments: tuple[object, ...], given: object
    ) -> object:
        number, self._calls = self._calls, self._calls + 1
        if number != self._layer.call or not isinstance(given, Tensor):
            return None
        # A leaf that takes gradients, though all weights may be frozen; the copy is handed on,
        # as an activation in place would overwrite what is kept.
        self._maps = given.detach().requires_grad_()
        return self._maps.clone()

    def slopes_of(self, score: Tensor, plain: nn.Module) -> tuple[Tensor, Tensor]:
        """Give the maps and the slope of a score by each of their places, in float64."""
        maps = self._maps
        slopes: Tensor | None = None
        if maps is not None and score.requires_grad:
            (slopes,) = torch.autograd.grad(score, maps, allow_unused=True)
        if maps is None or slopes is None:
            msg = (
                f"the logits of {type(plain).__name__} do not depend on layer "
                f"{self._layer.name!r} by gradients; name a layer on the way to them"
            )
            raise NetworkError(msg)
        return maps.detach().double(), slopes.double()


def _stretched(seen: Tensor, size: Sequence[int]) -> Tensor:
    """Stretch sums, (N, h, w), over images; the largest value of each becomes 1."""
    over = functional.interpolate(seen[:, None], tuple(size), mode="bilinear")[:, 0]
    peaks = over.amax(dim=(1, 2), keepdim=True)
    return torch.where(peaks > 0.0, over / peaks.clamp(min=torch.finfo(over.dtype).tiny), 0.0)
