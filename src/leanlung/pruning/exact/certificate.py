"""A certificate: how many units left for what reason, and what it changed."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from leanlung.foundations.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn


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
        kept: Constant, but kept: last of their layer, without a bias to go to, beyond the
            tolerance, or of a layer that was to be left alone.
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


def answers_of(network: nn.Module, batches: Iterable[Tensor], dtype: torch.dtype) -> Tensor:
    """Give the logits of every image, (N, K), float64 on the CPU.

    Args:
        network: Gives (N, K), or a tuple or dict of such. Not changed; run in evaluation mode.
        batches: (N, C, H, W).
        dtype: Of network and images while it runs.

    Raises:
        SurgeryError: If it answers with something else than tensors.
    """
    network = copy.deepcopy(network).to(dtype).eval()
    with torch.no_grad():
        answers = [_logits(network(batch.to(dtype))).double().cpu() for batch in batches]
    return torch.cat(answers)


def largest_change(before: Tensor, after: Tensor) -> float:
    """Measure the largest relative change of a logit.

    Args:
        before: Logits, (N, K).
        after: Of the same images.

    Returns:
        The largest ``|after - before| / max |before|`` over images, the maximum taken over the
        logits of an image; infinity where all of them were zero and one is not any more.
    """
    change = (after - before).abs().amax(dim=1)
    return float(torch.where(change == 0, change, change / before.abs().amax(dim=1)).max())


def _logits(answer: Any) -> Tensor:  # noqa: ANN401 - whatever a network gives
    """Lay all answers of a network side by side, (N, K)."""
    if isinstance(answer, Tensor):
        return answer.flatten(1)
    parts = list(answer.values()) if isinstance(answer, dict) else answer
    if not isinstance(parts, (list, tuple)) or not parts:
        msg = f"the network answers with a {type(answer).__name__}; tensors were expected"
        raise SurgeryError(msg)
    return torch.cat([_logits(part) for part in parts], dim=1)
