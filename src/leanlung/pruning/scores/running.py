"""Running: a network's program, batch by batch, with a word for what does not fit."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.networks.memory import out_of_memory

if TYPE_CHECKING:
    from leanlung.pruning.graph import ChannelGraph


class Running(fx.Interpreter):
    """Runs the program of a graph over batches of images.

    Args:
        network: Of the graph.
        graph: Whose program is run.
    """

    def __init__(self, network: nn.Module, graph: ChannelGraph) -> None:
        super().__init__(network, graph=graph.program)
        self.extra_traceback = False  # it would be written into messages
        self._network = network
        self._batch = ""

    def over(self, batch: Tensor, number: int) -> Any:  # noqa: ANN401 - whatever comes out
        """Run a batch.

        Args:
            batch: Images, (N, C, H, W), where the network is.
            number: Of the batch, from 1, for messages.

        Raises:
            SurgeryError: If the batch is no tensor, lies on another device, or the network does
                not run on it.
        """
        if not isinstance(batch, Tensor):
            msg = (
                f"batch {number} is a {type(batch).__name__}; a tensor of images, "
                "(N, C, H, W), was expected"
            )
            raise SurgeryError(msg)
        kind = str(batch.dtype).removeprefix("torch.")
        self._batch = f"batch {number}, {tuple(batch.shape)}, {kind}"
        devices = {parameter.device for parameter in self._network.parameters()}
        if devices and batch.device not in devices:
            there = ", ".join(sorted(map(str, devices)))
            msg = (
                f"{type(self._network).__name__} is on {there}, {self._batch}, on "
                f"{batch.device}; move the images there"
            )
            raise SurgeryError(msg)
        return self.run(batch)

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - torch's signature
        """Run one operation."""
        try:
            return super().run_node(n)
        except Exception as error:  # the network's own code, which may raise anything
            if out_of_memory(error):
                raise
            why = textwrap.shorten(str(error).split("\n")[0], 200) or type(error).__name__
            msg = (
                f"{type(self._network).__name__} does not run on {self._batch}: {why} (at "
                f"{n.name if n.op != 'call_module' else n.target!r}); give images as its graph "
                "was read with, in batches, (N, C, H, W)"
            )
            raise SurgeryError(msg) from error
