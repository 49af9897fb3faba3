"""Weight scores: what every single weight of a network is worth by one criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.widths import Convolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor


@dataclass(frozen=True)
class WeightScores:
    """Scores of weights, by parameter.

    Attributes:
        criterion: Which criterion gave them.
        by_parameter: Scores in the shape of the parameter, on its device, by its name.

    Raises:
        SurgeryError: If a score is not a finite number.
    """

    criterion: str
    by_parameter: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        for parameter, scores in self.by_parameter.items():
            if not torch.isfinite(scores).all():
                value = scores[~torch.isfinite(scores)][0].item()
                msg = (
                    f"a weight of {parameter!r} has the {self.criterion} score {value}; "
                    "scores must be finite: has the network a weight that is not?"
                )
                raise SurgeryError(msg)


def magnitude(network: nn.Module, parameters: Iterable[str] | None = None) -> WeightScores:
    """Score every weight by its size, ``|w|``, in [0, inf).

    Args:
        network: Not changed; the scores are a copy.
        parameters: Names; all weights of convolutions and linear layers if not given. Biases
            and what BatchNorm holds are few, and are left out.

    Returns:
        The scores.

    Raises:
        SurgeryError: If a parameter does not exist or is not finite.

    Source: Han et al. 2015 (Learning both weights and connections for efficient neural
        networks).
    """
    known = dict(network.named_parameters())
    names = list(weights_of(network) if parameters is None else parameters)
    for name in names:
        if name not in known:
            msg = f"no parameter {name!r} in this network{did_you_mean(name, list(known))}"
            raise SurgeryError(msg)
    return WeightScores(
        "magnitude", {name: known[name].detach().abs().clone() for name in names}
    )


def weights_of(network: nn.Module) -> tuple[str, ...]:
    """Name the weights of all convolutions and linear layers.

    A shared one is named once; one that is worked out from others is no parameter.
    """
    named = {id(parameter): name for name, parameter in network.named_parameters()}
    layers = (one for one in network.modules() if isinstance(one, Convolution | nn.Linear))
    found = (named.get(id(layer.weight)) for layer in layers)
    return tuple(dict.fromkeys(name for name in found if name is not None))
