"""Read the channel graph of a network: trace it, run it once, follow every channel."""

from __future__ import annotations

import operator
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, fx, nn

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.channels import (
    ChannelGraph,
    LayerChannels,
    ParameterChannels,
    Site,
    UnitLayer,
)
from leanlung.pruning.graph.examples import require_example
from leanlung.pruning.graph.ledger import Ledger
from leanlung.pruning.graph.numbers import atoms_in, number
from leanlung.pruning.graph.places import in_brackets, place_of
from leanlung.pruning.graph.rules import COUNTING, is_leaf, rule_for
from leanlung.pruning.graph.streams import (
    CHANNEL_AXIS,
    Call,
    Count,
    NotFollowedError,
    Stream,
    Value,
    whole,
)
from leanlung.pruning.graph.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leanlung.pruning.graph.streams import Shape
    from leanlung.pruning.graph.tracing import Trace


def channel_graph(network: nn.Module, example: Tensor) -> ChannelGraph:
    """Find out which channels of a network can only leave together.

    Args:
        network: Any network that torch.fx can trace; not changed. Frozen layers are treated
            like all others. It may branch on sizes, as the example makes it branch.
        example: One input, (1, C, H, W), large enough for every pooling.

    Returns:
        The graph. Channels of the input and of the output can never leave, nor can those that
        pass through an operation without a rule, which the graph's notes name.

    Raises:
        SurgeryError: If the network cannot be traced, does not run on the example or lies on
            another device, or has no channel that could leave. The network is as it was.
    """
    require_example(network, example)
    # With one image alone, merging channels with the batch could not be told from keeping them.
    images = torch.cat([example, example]) if example.shape[:1] == (1,) else example.clone()
    with _as_it_was(network):
        network.eval()
        found = trace(network, images, example, is_leaf)
    ledger = Ledger()
    _follow_all(network, found, ledger)
    graph = _close(found.program, ledger)
    if not graph.layers:
        reasons = "".join(f"\n  {note}" for note in graph.notes[:5])
        reasons = reasons or ": all there are belong to its input or its output"
        msg = f"{type(network).__name__} has no channel that could leave{reasons}"
        raise SurgeryError(msg)
    return graph


@contextmanager
def _as_it_was(network: nn.Module) -> Iterator[None]:
    """Undo what a forward pass leaves behind in its modules, such as things it remembers."""
    before = [
        (vars(module), {name: _copy(value) for name, value in vars(module).items()})
        for module in network.modules()
    ]
    try:
        yield
    finally:
        for now, then in before:
            for name in now.keys() - then.keys():
                if not name.startswith("_tensor_constant"):  # the program names these
                    del now[name]
            for name, value in then.items():
                if isinstance(value, dict) and isinstance(now[name], dict):
                    now[name].clear()
                    now[name].update(value)
                else:
                    now[name] = value


def _copy(value: object) -> object:
    return dict(value) if type(value) is dict else value


def _follow_all(network: nn.Module, found: Trace, ledger: Ledger) -> None:
    values: dict[fx.Node, Value] = {}
    modules = dict(network.named_modules())
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    for node in found.program.nodes:
        known = [values[source] for source in node.all_input_nodes]
        if node.op == "output":
            _freeze(known, ledger)
        elif node not in found.shapes:
            values[node] = number(node, values)
            if node in found.asked or node.target is torch._assert:
                _freeze_branch(node, values[node], ledger)
        elif node.op == "placeholder":
            values[node] = _image(found.shapes[node][0], ledger)
        elif node.op == "get_attr":
            values[node] = _parameter(str(node.target), tensors, found.shapes[node][0], ledger)
        elif node.target is operator.getitem and node.args[0] in found.several:
            several = values[node.args[0]]
            values[node] = several[node.args[1]]  # type: ignore[index]
        else:
            module = modules.get(str(node.target)) if node.op == "call_module" else None
            values[node] = _follow(node, module, found, values, ledger)


def _image(shape: Shape, ledger: Ledger) -> Stream:
    if len(shape) <= CHANNEL_AXIS:
        return whole(shape)
    return Stream(shape, CHANNEL_AXIS, ledger.fixed(shape[CHANNEL_AXIS]))


def _parameter(name: str, tensors: dict[str, Tensor], shape: Shape, ledger: Ledger) -> Stream:
    """A tensor of the network's own has channels if a single axis has more than one place."""
    wide = [axis for axis, size in enumerate(shape) if size > 1]
    if len(wide) != 1 or name not in tensors:
        return whole(shape)
    return Stream(shape, wide[0], ledger.enter_parameter(name, tensors[name], wide[0]))


def _follow(
    node: fx.Node,
    module: nn.Module | None,
    found: Trace,
    values: dict[fx.Node, Value],
    ledger: Ledger,
) -> Value:
    """Give the output of one operation its channels."""
    shapes, several = found.shapes[node], node in found.several
    known = [values[source] for source in node.all_input_nodes]
    call = Call(
        node, module, tuple(_in_order(node, values)), shapes, several, values, found.numbers
    )
    rule = rule_for(node, module)
    if rule not in COUNTING:
        counts = [value for value in known if _is_counted(value)]
        if _freeze(counts, ledger):
            ledger.note(call, "calculates with their number")
    try:
        if rule is None:
            msg = "has no rule"
            raise NotFollowedError(msg)
        value = rule(call, ledger)
        if isinstance(value, tuple) == several:
            return value
        reason = "gives several tensors"
    except NotFollowedError as error:
        reason = str(error)
    except (IndexError, TypeError, ValueError):  # called in a way its rule does not know
        reason = "is called in a way that is not followed"
    if _freeze(known, ledger):
        ledger.note(call, reason)
    return tuple(whole(shape) for shape in shapes) if several else whole(shapes[0])


def _is_counted(value: Value) -> bool:
    return isinstance(value, Count) or (
        isinstance(value, tuple) and any(isinstance(one, Count) for one in value)
    )


def _freeze(values: Iterable[Value], ledger: Ledger) -> bool:
    """Keep everything that some values hold; tell whether there was anything."""
    held = list(atoms_in(values))
    for atoms in held:
        ledger.freeze(atoms)
    return bool(held)


def _freeze_branch(node: fx.Node, value: Value, ledger: Ledger) -> None:
    if _freeze([value], ledger):
        ledger.notes.append(
            f"the forward pass branches at {node.name!r} on how many channels there are; "
            f"they stay whole{in_brackets(place_of(node))}"
        )


def _in_order(node: fx.Node, values: dict[fx.Node, Value]) -> list[Stream]:
    """Give the tensors as often as they stand there: ``cat([y, y])`` has two."""
    order: list[Stream] = []

    def visit(source: fx.Node) -> fx.Node:
        value = values[source]
        if isinstance(value, Stream):
            order.append(value)
        elif isinstance(value, tuple):  # ``cat(x.chunk(2))``
            order.extend(one for one in value if isinstance(one, Stream))
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
            group_size=entry.group_size,
        )
        for name, entry in ledger.entries.items()
    }
    writing = [name for name, entry in ledger.entries.items() if entry.writes]
    layers = tuple(_unit_layers(writing, channels, frozen))
    sites = {name: Site(axis, unit_of[atoms]) for name, (axis, atoms) in ledger.sites.items()}
    parameters = {
        name: ParameterChannels(axis, unit_of[atoms])
        for name, (axis, atoms) in ledger.parameters.items()
    }
    return ChannelGraph(
        program, layers, channels, parameters, sites, tuple(ledger.notes), len(frozen)
    )


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
