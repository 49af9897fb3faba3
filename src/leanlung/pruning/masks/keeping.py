"""Keeping: which weights a mask keeps, given what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.masks.weight_mask import WeightMask

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.pruning.scores import WeightScores

Scope = Literal["layer", "network"]


def keep_largest(
    scores: WeightScores,
    share: float,
    *,
    scope: Scope = "layer",
    within: WeightMask | None = None,
) -> WeightMask:
    """Keep the weights with the highest scores, all but a share.

    ``scope = "layer"`` keeps ``max(1, round(n * (1 - share)))`` of the n weights of each
    kernel. ``scope = "network"`` keeps that many of all kernels' weights together; each keeps
    its highest one first, so that none is cut through. Equal scores stay in their order. A
    half is rounded to the even number.

    Args:
        scores: Of the weights, as `magnitude` gives them for the `kernels` of a network.
        share: To be held at zero, of all weights, those that ``within`` holds included.
        scope: Where weights compete.
        within: Keep none that this mask does not; a mask never grows back that is made so.

    Returns:
        The mask. It keeps fewer only where ``within`` does.

    Raises:
        SurgeryError: If ``share`` is not a share, or ``within`` is another network's.

    Source: the TensorFlow Model Optimization Toolkit 0.8.1 (pruning_impl), by layer. It counts
        in single precision, so that kernels of millions of weights may differ by one; its
        threshold keeps equal weights together, where this keeps exactly as many as said.

    Examples:
        >>> scores = WeightScores("magnitude", {"w": torch.tensor([3.0, 1.0, 2.0, 4.0])})
        >>> keep_largest(scores, 0.5).by_parameter["w"].tolist()
        [True, False, False, True]
    """
    if not 0.0 <= share < 1.0:
        msg = f"share is a share in [0, 1); got {share:g}"
        raise SurgeryError(msg)
    flat = {name: values.flatten() for name, values in scores.by_parameter.items()}
    if within is not None:
        flat = {name: _lowered(name, values, within) for name, values in flat.items()}
    if scope == "layer":
        kept = {name: _top(values, _count(len(values), share)) for name, values in flat.items()}
    else:
        kept = _top_of_all(flat, share)
    shaped = {}
    for name, values in scores.by_parameter.items():
        shaped[name] = kept[name].reshape(values.shape)
        if within is not None:
            shaped[name] &= within.by_parameter[name].to(values.device)
    return WeightMask(shaped)


def keep_pattern(scores: WeightScores, keep: int = 2, of: int = 4) -> WeightMask:
    """Keep the highest few of every run of weights along the input channels: 2 of 4.

    Args:
        scores: Of the weights, (outputs, inputs, ...).
        keep: Weights kept of each run.
        of: Length of a run.

    Returns:
        The mask. A kernel whose inputs do not divide into runs is not listed, and stays whole.

    Raises:
        SurgeryError: If the pattern is none, or fits no kernel.

    Source: Mishra et al. 2021 (Accelerating sparse deep neural networks), section 3. Sparse
        tensor cores further ask for widths of multiples of 16 or so; 2:4 is for NVIDIA Ampere
        and later, elsewhere it makes nothing faster.
    """
    if not 0 < keep < of:
        msg = f"a pattern keeps at least one of each run, and not all; got {keep} of {of}"
        raise SurgeryError(msg)
    kept = {}
    for name, values in scores.by_parameter.items():
        if values.ndim < 2 or values.shape[1] % of:
            continue
        runs = values.movedim(1, -1)
        flat = runs.reshape(-1, of)
        order = flat.argsort(dim=1, descending=True, stable=True)[:, :keep]
        chosen = torch.zeros_like(flat, dtype=torch.bool).scatter_(1, order, value=True)
        kept[name] = chosen.reshape(runs.shape).movedim(-1, 1).contiguous()
    if not kept:
        msg = f"no kernel has a number of inputs that {of} divides; {keep}:{of} fits none"
        raise SurgeryError(msg)
    return WeightMask(kept)


def _count(weights: int, share: float) -> int:
    return max(round(weights * (1.0 - share)), 1)


def _lowered(name: str, values: Tensor, within: WeightMask) -> Tensor:
    """Put weights that are out below all others."""
    kept = within.by_parameter.get(name)
    if kept is None or kept.numel() != len(values):
        msg = f"the mask to stay within has no {name!r} of this size; it is another network's"
        raise SurgeryError(msg)
    return values.masked_fill(~kept.flatten().to(values.device), -torch.inf)


def _top(values: Tensor, count: int) -> Tensor:
    """Say which values are the highest; of equal ones, the first."""
    if not 0 < count < len(values):
        return torch.full_like(values, count > 0, dtype=torch.bool)
    threshold = values.kthvalue(len(values) - count + 1).values
    kept = values > threshold
    level = (values == threshold).nonzero().flatten()
    kept[level[: count - int(kept.sum())]] = True
    return kept


def _top_of_all(flat: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Keep each kernel's highest weight, and then the highest of all the others."""
    kept = {name: _top(values, 1) for name, values in flat.items()}
    sizes = [len(values) for values in flat.values()]
    rest = torch.cat([flat[name].masked_fill(kept[name], -torch.inf) for name in flat])
    count = max(_count(sum(sizes), share) - len(flat), 0)
    others = _top(rest, count).split(sizes)
    return {name: kept[name] | more for name, more in zip(flat, others, strict=True)}
