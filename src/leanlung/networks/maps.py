"""Maps: where a classifier's last feature maps are, and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx, nn
from torchvision.ops import StochasticDepth

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADS = (
    "classifier.", "classif.", "fc.", "head.", "last_linear.", "logits.", "heads.",
    "AuxLogits.", "aux1.", "aux2.",
)  # fmt: skip
"""How torchvision and timm begin the names of their classifiers' own tensors."""

TRACED_SIZE = 224


def count_maps(trunk: nn.Module, name: str, channels: int, size: int) -> int:
    """Find out how many feature maps a trunk gives, by running it once on zeros.

    Args:
        trunk: Not changed; no random number is drawn.
        name: To call it by in a message.
        channels: Of the input.
        size: Height and width of the input, in pixels.

    Raises:
        NetworkError: If it does not run at this size or gives no maps, (N, C, H, W).
    """
    device = next(trunk.parameters()).device
    was_training = trunk.training
    try:
        with torch.no_grad():
            given = trunk.eval()(torch.zeros(1, channels, size, size, device=device))
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        msg = (
            f"{name} does not run on one image of {channels} x {size} x {size} ({error}); "
            "give the size it was made for"
        )
        raise NetworkError(msg) from error
    finally:
        trunk.train(was_training)
    if not isinstance(given, Tensor) or given.ndim != 4 or given.shape[2] != given.shape[3]:
        found = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        msg = (
            f"{name} gives {found} for one image, no feature maps (1, C, H, H); choose a "
            "convolutional network"
        )
        raise NetworkError(msg)
    return given.shape[1]


def cut_behind_maps(classifier: nn.Module, name: str) -> nn.Module:
    """Keep of a classifier what leads to its last feature maps.

    These are the last tensor of four axes that is more than one place high and comes neither
    out of an adaptive pooling nor out of a module that names itself a head.

    Args:
        classifier: For images of three channels; its modules are used, not copied.
        name: To call it by in a message.

    Returns:
        Images to feature maps; tensors keep the classifier's names.

    Raises:
        NetworkError: If torch.fx cannot trace it, it has no such maps, or more than a
            classifier follows them.
    """
    was_training = classifier.training
    classifier.eval()
    kind = type(classifier).__name__
    try:
        trunk = fx.GraphModule(classifier, _Tracer().trace(classifier), class_name=kind)
        maps = _last_maps(trunk)
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        msg = f"{name} has no trunk that can be cut out of it ({error}); choose another network"
        raise NetworkError(msg) from error
    finally:
        classifier.train(was_training)
    whole = set(classifier.state_dict())
    output = next(iter(reversed(trunk.graph.nodes)))
    output.args = (maps,)
    trunk.graph.eliminate_dead_code()
    trunk.delete_all_unused_submodules()
    trunk.recompile()
    kept = set(trunk.state_dict())
    lost = sorted(name for name in whole - kept if not name.startswith(HEADS))
    if strangers := [*lost, *sorted(kept - whole)]:
        msg = (
            f"{name} cannot be cut in a trunk and a head ({strangers[0]!r} is neither before "
            "its last feature maps nor of its classifier); choose a convolutional network"
        )
        raise NetworkError(msg)
    return trunk.train(was_training)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Stop at layers that do one thing while training and another afterwards."""
        own = isinstance(m, StochasticDepth)
        return own or super().is_leaf_module(m, module_qualified_name)


class _Places(fx.Interpreter):
    """Runs a program once and keeps every operation that gives maps."""

    def __init__(self, program: fx.GraphModule) -> None:
        super().__init__(program)
        self.found: list[fx.Node] = []

    def run_node(self, n: fx.Node) -> object:
        result = super().run_node(n)
        if isinstance(result, Tensor) and result.ndim == 4 and result.shape[2] > 1:
            self.found.append(n)
        return result


def _last_maps(program: fx.GraphModule) -> fx.Node:
    run = _Places(program)
    device = next(program.parameters()).device
    with torch.no_grad():
        run.run(torch.zeros(1, 3, TRACED_SIZE, TRACED_SIZE, device=device))
    modules = dict(program.named_modules())
    trunk = [node for node in run.found if not _is_head(node, modules)]
    if not any(node.op == "call_module" for node in trunk):
        msg = "none of its modules gives feature maps"
        raise ValueError(msg)
    return trunk[-1]


def _is_head(node: fx.Node, modules: Mapping[str, nn.Module]) -> bool:
    pools = isinstance(modules.get(str(node.target)), nn.AdaptiveAvgPool2d)
    return pools or f"{node.target}.".startswith(HEADS)
