"""Fitting: whether a graph is still the one of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.widths import widths_of

if TYPE_CHECKING:
    from torch import nn

    from leanlung.networks.spec import Width
    from leanlung.pruning.graph.channels import ChannelGraph


def require_fit(network: nn.Module, graph: ChannelGraph) -> None:
    """Make sure that a network has the layers of a graph, as wide as the graph knows them.

    Raises:
        SurgeryError: If a layer is missing, or wider or narrower.
    """
    found = widths_of(network)
    for name, channels in graph.channels.items():
        if name not in found:
            msg = f"the graph has a layer {name!r} that this network has not; read it again"
            raise SurgeryError(msg)
        if found[name] != channels.width:
            msg = (
                f"layer {name!r} has {_told(found[name])}; its graph knows "
                f"{_told(channels.width)}: read the graph again from this network"
            )
            raise SurgeryError(msg)


def _told(width: Width) -> str:
    return f"{width.inputs} inputs and {width.outputs} outputs"
