"""Score units by what the loss would lose: one pass with gradients over labelled batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch import Tensor, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.fitting import require_fit
from leanlung.pruning.scores.evaluating import evaluating
from leanlung.pruning.scores.kinds import require_kind
from leanlung.pruning.scores.running import Running
from leanlung.pruning.scores.unit_scores import UnitScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from leanlung.pruning.graph import ChannelGraph
    from leanlung.pruning.scores.activations import Tally


@runtime_checkable
class GradientScore(Protocol):
    """A criterion that is read off the slope of the loss along each unit."""

    @property
    def name(self) -> str:
        """Name of the criterion."""

    def tally_slopes(self) -> Tally:
        """Start counting slopes, (N, units): of each image's loss, along each unit's gate."""


def cross_entropy_of_each(logits: Tensor, labels: Tensor) -> Tensor:
    """Give the cross-entropy of every image, (N, K) and (N,) to (N,)."""
    return F.cross_entropy(logits, labels, reduction="none")


def score_gradients(
    network: nn.Module,
    graph: ChannelGraph,
    batches: Iterable[tuple[Tensor, Tensor]],
    criteria: Sequence[GradientScore],
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy_of_each,
) -> dict[str, UnitScores]:
    """Score every unit by several criteria in one pass with gradients.

    Each unit is thought to pass a gate of 1 wherever a layer reads it; to close the gate is to
    remove the unit. The slope of an image's loss along the gate, ``sum a * dL/da`` over all
    that is read of the unit, adds up over readers, groups and places by the chain rule, so
    residual sums, concatenations and linear bottlenecks need no rule of their own. As slopes
    belong to single images, batches and their order do not matter.

    Args:
        network: Not changed, nor are the gradients its parameters hold; they may be frozen. It
            is run in evaluation mode.
        graph: Of this network.
        batches: Images standardised as in training, (N, C, H, W), with labels, (N,).
        criteria: What to score by.
        loss: Loss of every image, from logits and labels to (N,).

    Returns:
        Scores by criterion name, for every layer of the graph.

    Raises:
        SurgeryError: If there is no image or the network does not run on one, the loss does not
            fit or is one number for all images, a score is not finite, a criterion is of
            another kind, or the graph is another network's.
    """
    require_kind(criteria, GradientScore, "gradients")
    require_fit(network, graph)
    tallies = [criterion.tally_slopes() for criterion in criteria]
    images = 0
    with evaluating(network), torch.enable_grad():
        for number, pair in enumerate(batches, start=1):
            batch, labels = _images_and_labels(pair, number)
            slopes = _slopes(_Gated(network, graph), batch, labels, loss, number)
            for tally in tallies:
                tally.add(slopes)
            images += len(batch)
    if not images:
        msg = "no images to score units on; give at least one batch"
        raise SurgeryError(msg)
    return {
        criterion.name: UnitScores.of_units(criterion.name, graph, tally.value())
        for criterion, tally in zip(criteria, tallies, strict=True)
    }


def _images_and_labels(pair: object, number: int) -> tuple[Tensor, Tensor]:
    if isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[1], Tensor):
        return pair[0], pair[1]
    msg = (
        f"batch {number} is a {type(pair).__name__}; a pair of images, (N, C, H, W), and "
        "labels, (N,), was expected"
    )
    raise SurgeryError(msg)


def _slopes(
    gated: _Gated,
    batch: Tensor,
    labels: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
    number: int,
) -> Tensor:
    """Give the slope of every image's loss along every unit's gate, (N, units), float64."""
    logits = gated.over(batch, number)
    try:
        losses = loss(logits, labels.to(logits.device))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        msg = (
            f"the loss of batch {number} cannot be worked out: {error} (logits "
            f"{tuple(logits.shape)}, labels {tuple(labels.shape)}); do labels and loss fit the "
            "network?"
        )
        raise SurgeryError(msg) from error
    if losses.shape != (len(batch),):
        msg = (
            f"the loss of {len(batch)} images has the shape {tuple(losses.shape)}; one number "
            f'for each image was expected, ({len(batch)},): is there a reduction="none"?'
        )
        raise SurgeryError(msg)
    slopes = torch.zeros(len(batch), gated.units, dtype=torch.float64)
    gates = [gate for _, gate in gated.gates]
    if not gates:
        return slopes
    # Images do not meet in evaluation mode: the slope of the sum is that of each one's loss.
    found = torch.autograd.grad(losses.sum(), gates, allow_unused=True)
    for (units, _), slope in zip(gated.gates, found, strict=True):
        if slope is not None:
            # Tokens or windows of an image may have been laid along the first axis.
            by_image = slope.cpu().double().reshape(len(batch), -1, len(units)).sum(dim=1)
            slopes.index_add_(1, torch.from_numpy(units), by_image)
    return slopes


class _Gated(Running):
    """Runs the program with a gate of 1 before every input that a removable unit gives."""

    def __init__(self, network: nn.Module, graph: ChannelGraph) -> None:
        super().__init__(network, graph)
        self.units = graph.units
        removable = np.zeros(graph.units, dtype=bool)
        for layer in graph.layers:
            removable[layer.units] = True
        self._units = {
            name: np.tile(channels.inputs, channels.groups)
            for name, channels in graph.channels.items()
            if channels.inputs is not None and removable[channels.inputs].any()
        }
        self.gates: list[tuple[NDArray[np.int64], Tensor]] = []

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - torch's
        if target in self._units:
            given = [*list(args), *kwargs.values()]
            read: Tensor = given[0]
            last = isinstance(self.submodules[target], nn.Linear)
            shape = [1] * read.ndim
            shape[0], shape[-1 if last else 1] = len(read), len(self._units[target])
            gate = read.new_ones(shape).requires_grad_()
            self.gates.append((self._units[target], gate))
            args, kwargs = (read * gate, *given[1:]), {}
        return super().call_module(target, args, kwargs)
