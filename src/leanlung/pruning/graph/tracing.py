"""Trace a network along an example: the program, and the shape of everything in it."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor, fx, nn, no_grad

from leanlung.foundations.errors import SurgeryError
from leanlung.pruning.graph.examples import advice, described
from leanlung.pruning.graph.places import in_brackets, line_now, line_of, mark, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leanlung.pruning.graph.streams import Shape


@dataclass(frozen=True)
class Trace:
    """A network's forward pass as a list of operations.

    Attributes:
        program: The operations.
        shapes: Of the tensors each operation gave, for those that gave tensors.
        several: Operations that gave a tuple or a list of tensors.
        numbers: What each of the others gave: sizes, numbers, flags.
        asked: Operations whose result the forward pass branched on.
    """

    program: fx.Graph
    shapes: dict[fx.Node, tuple[Shape, ...]] = field(default_factory=dict)
    several: set[fx.Node] = field(default_factory=set)
    numbers: dict[fx.Node, Any] = field(default_factory=dict)
    asked: set[fx.Node] = field(default_factory=set)


def trace(
    network: nn.Module, example: Tensor, given: Tensor, is_leaf: Callable[[nn.Module], bool]
) -> Trace:
    """Trace a network with torch.fx while it runs on an example.

    Since every operation has run, a forward pass may branch on sizes, and unpack what is not
    a tensor; the program follows the branches the example takes.

    Args:
        network: In evaluation mode; not changed.
        example: One batch.
        given: The example as the caller knows it, for messages.
        is_leaf: Whether a module is one operation, whoever wrote its class.

    Returns:
        The program and what it gave.

    Raises:
        SurgeryError: If the forward pass branches on the values of tensors or otherwise cannot
            be traced, or does not run on the example.
    """
    tracer = _Tracer(example, given, is_leaf)
    try:
        with no_grad():
            program = tracer.trace(network, concrete_args=_left_out(network))
    except SurgeryError:
        raise
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        msg = (
            f"{type(network).__name__} cannot be traced by torch.fx"
            f"{in_brackets(line_of(error))}: {_in_short(error)}; put what it trips over into a "
            f"function that is not looked into ({_HIDING})"
        )
        raise SurgeryError(msg) from error
    found = tracer.found
    return Trace(program, found.shapes, found.several, found.numbers, found.asked)


_HIDING = 'torch.fx.wrap("its_name")'
"""How a function is kept whole in a trace; docs/examples.md shows it."""


def _left_out(network: nn.Module) -> dict[str, Any] | None:
    """Arguments of the forward pass that are None unless given."""
    parameters = list(inspect.signature(network.forward).parameters.values())
    return {one.name: None for one in parameters[1:] if one.default is None} or None


class _Proxy(fx.Proxy):
    """Stands for a result and holds it; both are let go together."""

    result: Any = None

    def __len__(self) -> int:
        """Give the length of sizes: ``view(*x.shape[:2], -1)`` asks for it."""
        if isinstance(self.result, tuple | list):
            return len(self.result)
        length: int = super().__len__()  # says that a tensor's length is not known
        return length

    def __getattr__(self, name: str) -> fx.proxy.Attribute:
        return _Attribute(self, name)


class _Attribute(fx.proxy.Attribute):
    def __len__(self) -> int:
        found = getattr(self.root.result, self.attr, None)
        if isinstance(found, tuple | list):
            return len(found)
        length: int = super().__len__()
        return length


class _Tracer(fx.Tracer):
    def __init__(
        self, example: Tensor, given: Tensor, is_leaf: Callable[[nn.Module], bool]
    ) -> None:
        super().__init__()
        self.found = Trace(fx.Graph())
        self._example = example
        self._shown = given
        self._given = False
        self._is_leaf = is_leaf
        self._running = False

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self._is_leaf(m) or super().is_leaf_module(m, module_qualified_name)

    def create_proxy(
        self,
        kind: str,
        target: Any,  # noqa: ANN401 - torch's signature
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        type_expr: Any = None,  # noqa: ANN401
        proxy_factory_fn: Callable[[fx.Node], fx.Proxy] | None = None,
    ) -> fx.Proxy:
        made = super().create_proxy(
            kind, target, args, kwargs, name, type_expr, proxy_factory_fn or self._proxy
        )
        if isinstance(made, _Proxy):
            made.result = self._run(kind, target, args, kwargs)
            self._note(made.node, made.result)
        return made

    def create_node(
        self,
        kind: str,
        target: Any,  # noqa: ANN401 - torch's signature
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        type_expr: Any = None,  # noqa: ANN401
    ) -> fx.Node:
        node = super().create_node(kind, target, args, kwargs, name, type_expr)
        mark(node)
        if kind == "get_attr":  # some come without a proxy: tensors made while tracing
            self._note(node, self._run(kind, target, (), {}))
        return node

    def to_bool(self, obj: fx.Proxy) -> bool:
        if obj.node not in self.found.numbers:
            msg = (
                f"{type(self.root).__name__} branches on the values of a tensor{self.where()}, "
                "so that no one program describes it; say the same without a branch "
                "(torch.where, clamp), or put the part into a function that is not looked into "
                f"({_HIDING})"
            )
            raise SurgeryError(msg)
        self.found.asked.add(obj.node)
        return bool(self.found.numbers[obj.node])

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        result = self._result(obj)
        if isinstance(result, tuple | list):
            one: Any = obj
            return iter([one[place] for place in range(len(result))])
        found: Iterator[Any] = super().iter(obj)
        return found

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - torch's signature
        if self._running:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:  # noqa: ANN401
        if self._running:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def where(self) -> str:
        """Say where the forward pass is now, with a space before it."""
        return in_brackets(told(self.scope.module_path, line_now()))

    def _proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)

    def _result(self, proxy: fx.Proxy) -> Any:  # noqa: ANN401 - whatever came out
        if isinstance(proxy, _Proxy):
            return proxy.result
        if isinstance(proxy, fx.proxy.Attribute):  # ``x.shape``, looked up when it is used
            return getattr(self._result(proxy.root), proxy.attr)
        return self.found.numbers.get(proxy.node)

    def _run(
        self,
        kind: str,
        target: Any,  # noqa: ANN401
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401
        def real(value: Any) -> Any:  # noqa: ANN401
            return self._result(value) if isinstance(value, fx.Proxy) else value

        if kind == "placeholder":
            first, self._given = not self._given, True
            return self._example if first else (args[0] if args else None)
        if kind == "output":
            return None
        given, named = fx.node.map_aggregate(args, real), fx.node.map_aggregate(kwargs, real)
        self._running = True
        try:
            if kind == "get_attr":
                return _attribute(self.root, str(target))
            if kind == "call_module":
                return self.root.get_submodule(str(target)).forward(*given, **named)
            if kind == "call_method":
                return getattr(given[0], str(target))(*given[1:], **named)
            return target(*given, **named)
        except Exception as error:  # the network's own code, which may raise anything
            msg = (
                f"{type(self.root).__name__} does not run on {described(self._shown)}: "
                f"{_in_short(error)}{self.where()}; {advice(self.root, self._shown)}"
            )
            raise SurgeryError(msg) from error
        finally:
            self._running = False

    def _note(self, node: fx.Node, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Tensor):
            self.found.shapes[node] = (tuple(result.shape),)
        elif _tensors(result):
            self.found.shapes[node] = tuple(tuple(one.shape) for one in result)
            self.found.several.add(node)
        else:
            self.found.numbers[node] = result


def _tensors(result: Any) -> bool:  # noqa: ANN401
    several = isinstance(result, tuple | list) and len(result) > 0
    return several and all(isinstance(one, Tensor) for one in result)


def _in_short(error: Exception) -> str:
    return textwrap.shorten(str(error).split("\n")[0], 200) or type(error).__name__


def _attribute(root: nn.Module, path: str) -> Any:  # noqa: ANN401
    found: Any = root
    for name in path.split("."):
        found = getattr(found, name)
    return found
