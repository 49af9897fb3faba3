"""A certificate: how many units left for what reason, and what it changed."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn


@dataclass(frozen=True)
class Certificate:
    """What was found constant, what left, and the largest change of an answer.

    A change is that of any logit of any image, as a share of the largest logit of that image.
    It speaks of the images it was measured on: on others, a unit may wake up.

    Attributes:
        images: Looked at.
        tolerance: Largest change allowed; None allows any.
        units: That could have left.
        zero: Left, as nothing but zero was ever read of them.
        folded: Left, their constants now in biases, exactly.
        approximated: Left, though padding makes their constants smaller along borders.
        kept: Constant, but kept: last of their layer, without a bias to go to, or beyond the
            tolerance.
        largest_change_float32: Measured in single precision.
        largest_change_float64: Measured in double precision.
    """

    images: int
    tolerance: float | None
    units: int
    zero: int
    folded: int
    approximated: int
    kept: int
    largest_change_float32: float
    largest_change_float64: float

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


def largest_change(
    before: nn.Module, after: nn.Module, batches: Iterable[Tensor], dtype: torch.dtype
) -> float:
    """Measure the largest relative change of a logit.

    Args:
        before: Gives (N, K), or a tuple or dict of such; in evaluation mode while it is run.
        after: The same.
        batches: (N, C, H, W).
        dtype: Of both networks and the batches while measuring; neither is changed.

    Returns:
        The largest ``|after - before| / max |before|`` over images, the maximum taken over the
        logits of an image; infinity where all of them were zero and one is not any more.
    """
    first, second = (copy.deepcopy(one).to(dtype).eval() for one in (before, after))
    largest = 0.0
    with torch.no_grad():
        for batch in batches:
            was, found = (logits_of(one(batch.to(dtype))).double() for one in (first, second))
            change = (found - was).abs().amax(dim=1)
            relative = torch.where(change == 0, change, change / was.abs().amax(dim=1))
            largest = max(largest, float(relative.max()))
    return largest


def logits_of(answer: Any) -> Tensor:  # noqa: ANN401 - whatever a network gives
    """Lay all answers of a network side by side, (N, K).

    Raises:
        SurgeryError: If there is something else than tensors.
    """
    if isinstance(answer, torch.Tensor):
        return answer.flatten(1)
    parts = list(answer.values()) if isinstance(answer, dict) else answer
    if not isinstance(parts, (list, tuple)) or not parts:
        msg = f"the network answers with a {type(answer).__name__}; tensors were expected"
        raise SurgeryError(msg)
    return torch.cat([logits_of(part) for part in parts], dim=1)
