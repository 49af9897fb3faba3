"""Holding: a mask that stays in force while a network trains, or tightens step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import torch

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.masks.keeping import Scope, keep_largest
from leanlung.pruning.masks.weight_mask import (
    WeightMask,
    impose,
    kernels,
    masked_parameters,
    require_held,
)
from leanlung.pruning.scores import magnitude

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from leanlung.pruning.schedules import Cosine, Polynomial

Found = TypeVar("Found")


@dataclass(frozen=True)
class Hold:
    """Keeps a mask in force: give it to training as ``each_step``.

    After every step the weights the mask does not keep are zero again, and so is whatever the
    optimiser remembers of them: momentum, and moments of any kind. Weight decay, momentum and
    a rate of any size thus bring none of them back, and what a kept weight does is what it
    would do if the others had never been there, but for one thing: gradients of held weights
    still count where gradients are clipped by their common norm.

    Attributes:
        mask: To hold.
    """

    mask: WeightMask
    _bits: dict[str, Tensor] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __call__(self, network: nn.Module, optimiser: Optimizer, steps: int) -> None:  # noqa: ARG002
        """Set held weights, and what the optimiser remembers of them, to zero.

        Args:
            network: Changed in place.
            optimiser: Of this network; its state is changed in place.
            steps: Taken so far; it does not matter here.
        """
        with torch.no_grad():
            for name, (parameter, kept) in masked_parameters(network, self.mask).items():
                bits = self._bits_of(name, parameter, kept)
                _clear(parameter, bits)
                for value in optimiser.state.get(parameter, {}).values():
                    if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                        _clear(value, bits)

    def weights(self, network: nn.Module) -> None:
        """Set held weights to zero and leave what an optimiser remembers of them alone."""
        with torch.no_grad():
            for name, (parameter, kept) in masked_parameters(network, self.mask).items():
                _clear(parameter, self._bits_of(name, parameter, kept))

    def _bits_of(self, name: str, parameter: Tensor, kept: Tensor) -> Tensor:
        """Give the mask as bits: all of a kept weight's are one, none of a held one's."""
        bits = self._bits.get(name)
        kind = _WHOLE_NUMBERS.get(parameter.element_size(), torch.int64)
        if bits is None or (bits.device, bits.dtype, bits.stride()) != (
            parameter.device, kind, parameter.stride(),
        ):  # fmt: skip
            # In the parameter's own order in memory: fit lays channels last.
            bits = torch.empty_like(parameter, dtype=kind, requires_grad=False)
            self._bits[name] = bits.copy_(kept).neg_()
        return self._bits[name]

    def checked(self, validate: Callable[[nn.Module], Found]) -> Callable[[nn.Module], Found]:
        """Give a ``validate`` that first makes sure the mask holds, so at every epoch.

        Raises:
            SurgeryError: When called with a network in which it does not.
        """

        @wraps(validate)
        def validate_held(network: nn.Module) -> Found:
            require_held(network, self.mask)
            return validate(network)

        return validate_held


@dataclass
class Ramp:
    """A magnitude mask that tightens while a network trains: give it as ``each_step``.

    At steps ``schedule.first``, ``first + every`` and so on up to ``schedule.last`` the mask is
    made anew, for the share the schedule gives at that step; after every step it is held.

    A fit gives its best epoch back, which may be one of before the ramp's end; `finish` makes
    sure of the final mask, under which the network is then trained on with `Hold`. A fit that
    goes on after an interruption takes the mask from the zeros it finds.

    Attributes:
        schedule: Share held at zero, by step.
        every: Steps from one refresh to the next.
        scope: Whether weights compete within their ``layer`` or over the ``network``.
        regrow: Whether a refresh judges all weights as they are, so that one that the last
            step moved off zero can come back, or only those still kept: then the mask never
            grows back, and the optimiser forgets what it knew of held weights.
        leave_alone: Layers to keep whole, by name or pattern.
        mask: As it is now; None before the first refresh.

    Source: the TensorFlow Model Optimization Toolkit 0.8.1 (PolynomialDecay, frequency 100),
        with ``regrow=True``. As there, the final share is reached only if ``every`` divides
        the steps from first to last; otherwise the share of the last refresh stays. There
        zeros are set before each step and after each epoch, here after each step.
    """

    schedule: Polynomial | Cosine
    every: int = 100
    scope: Scope = "layer"
    regrow: bool = False
    leave_alone: tuple[str, ...] = ()
    mask: WeightMask | None = None
    _hold: Hold | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.every < 1:
            msg = f"a mask is refreshed every step at most; got every = {self.every}"
            raise SurgeryError(msg)

    def due(self, steps: int) -> bool:
        """Say whether the mask is made anew after so many steps."""
        first, last = self.schedule.first, self.schedule.last
        return first <= steps <= last and (steps - first) % self.every == 0

    def __call__(self, network: nn.Module, optimiser: Optimizer, steps: int) -> None:
        """Refresh the mask if it is time, and hold it.

        Args:
            network: Changed in place.
            optimiser: Of this network; its state is changed in place unless weights regrow.
            steps: Taken so far.
        """
        if self.mask is None and steps > self.schedule.first:
            self.mask = mask_of_zeros(network, self.leave_alone)
        if self.due(steps):
            self.mask = self._refreshed(network, self.schedule(steps))
        if self.mask is None:
            return
        if self._hold is None or self._hold.mask is not self.mask:
            self._hold = Hold(self.mask)
        if self.regrow:
            self._hold.weights(network)
        else:
            self._hold(network, optimiser, steps)

    def finish(self, network: nn.Module) -> WeightMask:
        """Bring a network to the share of the ramp's last refresh, whatever it had reached.

        Args:
            network: As a fit gave it back; changed in place.

        Returns:
            The final mask, in force.
        """
        first, last = self.schedule.first, self.schedule.last
        share = self.schedule(last - (last - first) % self.every)
        names = kernels(network, self.leave_alone)
        self.mask = keep_largest(magnitude(network, names), share, scope=self.scope)
        impose(network, self.mask)
        return self.mask

    def _refreshed(self, network: nn.Module, share: float) -> WeightMask:
        scores = magnitude(network, kernels(network, self.leave_alone))
        within = None if self.regrow else self.mask
        return keep_largest(scores, share, scope=self.scope, within=within)


_WHOLE_NUMBERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
"""As wide as a weight, by its bytes."""


def _clear(values: Tensor, bits: Tensor) -> None:
    """Keep the bits of some numbers and clear all of the others, so that these are +0.

    This is what ``masked_fill_`` does, whatever the numbers are, and on a CPU a hundred times
    faster: no branch is taken for each.
    """
    if values.element_size() != bits.element_size() or not values.is_floating_point():
        values.masked_fill_(bits == 0, 0.0)  # a state kept in another precision
        return
    values.detach().view(bits.dtype).bitwise_and_(bits)


def mask_of_zeros(network: nn.Module, leave_alone: tuple[str, ...] = ()) -> WeightMask:
    """Read the mask off a network: its kernels' weights that are not zero are kept."""
    parameters = dict(network.named_parameters())
    names = kernels(network, leave_alone)
    return WeightMask({name: parameters[name].detach() != 0 for name in names})
