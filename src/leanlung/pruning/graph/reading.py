"""Read the channel graph of a network: trace it, run it once, follow every channel."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.channels import ChannelGraph, LayerChannels, UnitLayer
from leanlung.pruning.graph.ledger import Ledger
from leanlung.pruning.graph.rules import CHANNEL_AXIS, Call, is_leaf, rule_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanlung.pruning.graph.ledger import Atoms


def channel_graph(network: nn.Module, example: Tensor) -> ChannelGraph:
    """Find out which channels of a network can only leave together.

    Args:
        network: Any network that torch.fx can trace; not changed. Frozen layers are treated
            like all others.
        example: One input, (1, C, H, W), large enough for every pooling.

    Returns:
        The graph. Channels of the input and of the output can never leave, nor can those that
        pass through an operation without a rule, which the graph's notes name.

    Raises:
        SurgeryError: If the network cannot be traced, or does not run on the example.
    """
    was_training = network.training
    network.eval()
    try:
        program = _trace(network)
        shapes = _shapes(network, program, example)
    finally:
        network.train(was_training)
    ledger = Ledger()
    atoms: dict[fx.Node, Atoms] = {}
    modules = dict(network.named_modules())
    for node in program.nodes:
        _follow(node, modules, shapes, atoms, ledger)
    return _close(program, ledger)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return is_leaf(m) or super().is_leaf_module(m, module_qualified_name)


def _trace(network: nn.Module) -> fx.Graph:
    try:
        return _Tracer().trace(network)
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        msg = (
            f"{type(network).__name__} cannot be traced by torch.fx ({error}); a forward pass "
            "that branches on the values or shapes of tensors cannot be followed"
        )
        raise SurgeryError(msg) from error


class _Shapes(fx.Interpreter):
    """Runs the program once and keeps the shape of everything."""

    def __init__(self, network: nn.Module, program: fx.Graph) -> None:
        super().__init__(network, graph=program)
        self.shapes: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - torch's signature
        result = super().run_node(n)
        if isinstance(result, Tensor):
            self.shapes[n] = tuple(result.shape)
        return result


def _shapes(
    network: nn.Module, program: fx.Graph, example: Tensor
) -> dict[fx.Node, tuple[int, ...]]:
    run = _Shapes(network, program)
    try:
        with torch.no_grad():
            run.run(example)
    except RuntimeError as error:
        msg = (
            f"{type(network).__name__} does not run on an example of shape "
            f"{tuple(example.shape)} on {example.device}: {error}"
        )
        raise SurgeryError(msg) from error
    return run.shapes


def _follow(
    node: fx.Node,
    modules: dict[str, nn.Module],
    shapes: dict[fx.Node, tuple[int, ...]],
    atoms: dict[fx.Node, Atoms],
    ledger: Ledger,
) -> None:
    """Give the output of one operation its atoms."""
    known = [source for source in node.all_input_nodes if source in atoms]
    if node.op == "output":
        for source in known:
            ledger.freeze(atoms[source])
        return
    shape = shapes.get(node, ())
    if len(shape) <= CHANNEL_AXIS or node.op == "get_attr":
        return  # a number, a shape, a tuple, a vector; a tensor of the network's own
    if node.op == "placeholder":
        atoms[node] = ledger.new(shape[CHANNEL_AXIS])
        ledger.freeze(atoms[node])
        return
    module = modules.get(str(node.target)) if node.op == "call_module" else None
    rule = rule_for(node, module)
    tensors = [source for source in node.all_input_nodes if source in shapes]
    found = None
    if rule is not None and known and len(known) == len(tensors):
        call = Call(
            node,
            module,
            inputs=tuple(atoms[source] for source in _in_order(node, known)),
            shapes=tuple(shapes[source] for source in _in_order(node, known)),
            shape=shape,
        )
        found = rule(call, ledger)
    if found is None:
        found = ledger.new(shape[CHANNEL_AXIS])
        for lost in (found, *(atoms[source] for source in known)):
            ledger.freeze(lost)
        if known:
            what = type(module).__name__ if module is not None else str(node.target)
            ledger.notes.append(f"{what} at {node.name!r} has no rule; its channels stay whole")
    atoms[node] = found


def _in_order(node: fx.Node, known: list[fx.Node]) -> list[fx.Node]:
    """Give the inputs as often as they stand there: ``cat([y, y])`` has two."""
    order: list[fx.Node] = []

    def visit(source: fx.Node) -> fx.Node:
        if source in known:
            order.append(source)
        return source

    fx.map_arg((node.args, node.kwargs), visit)
    return order


def _close(program: fx.Graph, ledger: Ledger) -> ChannelGraph:
    unit_of, frozen = ledger.close()
    channels = {
        name: LayerChannels(
            outputs=unit_of[entry.outputs],
            inputs=None if entry.inputs is None else unit_of[entry.inputs],
            hands_on=None if entry.hands_on is None else unit_of[entry.hands_on],
            groups=entry.groups,
        )
        for name, entry in ledger.entries.items()
    }
    writing = [name for name, entry in ledger.entries.items() if entry.writes]
    layers = tuple(_unit_layers(writing, channels, frozen))
    sites = {name: unit_of[found] for name, found in ledger.sites.items()}
    return ChannelGraph(program, layers, channels, sites, tuple(ledger.notes), len(frozen))


def _unit_layers(
    writing: list[str], channels: dict[str, LayerChannels], frozen: np.ndarray
) -> Iterable[UnitLayer]:
    writers: dict[int, list[str]] = {}
    for name in writing:
        for unit in dict.fromkeys(channels[name].outputs.tolist()):
            if not frozen[unit]:
                writers.setdefault(unit, []).append(name)
    together: dict[tuple[str, ...], list[int]] = {}
    for unit, writing_it in writers.items():
        together.setdefault(tuple(writing_it), []).append(unit)
    first = Counter(names[0] for names in together)
    for names, units in together.items():
        yield UnitLayer(
            name=names[0] if first[names[0]] == 1 else "+".join(names),
            writers=names,
            units=np.asarray(units, dtype=np.int64),
            kept=tuple(range(len(units))),
            original=len(units),
        )
