"""Places: where in somebody's code an operation of a traced network stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from types import FrameType

    from torch import fx

_PASSED = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
"""Code that every call of a network runs through and that nobody has to look at."""

_LINE = "line"
"""Key of a node's notes on itself."""


def line_now() -> str:
    """Name the line of the network's own code that runs now, such as ``net.py:12``.

    Returns:
        File and line; nothing if it is a network made of torch's modules alone.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _starts_a_trace(frame):
        name = frame.f_code.co_filename
        if not name.startswith(_PASSED):
            return f"{Path(name).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def line_of(error: BaseException) -> str:
    """Name the last line of the network's own code that an error passed; nothing if none."""
    found = ""
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if not name.startswith(_PASSED):
            found = f"{Path(name).name}:{step.tb_lineno}"
        step = step.tb_next
    return found


def mark(node: fx.Node) -> None:
    """Note on a node which line it comes from."""
    node.meta[_LINE] = line_now()


def place_of(node: fx.Node) -> str:
    """Name the module and the line an operation stands in; nothing if neither is known."""
    around = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    if node.op == "call_module":
        around = around[:-1]  # the last is the module itself
    return told(around[-1] if around else "", node.meta.get(_LINE, ""))


def told(module: str, line: str) -> str:
    """Put a place into words."""
    return ", ".join(part for part in (module and f"in {module!r}", line) if part)


def in_brackets(place: str) -> str:
    """Give a place as it stands at the end of a sentence."""
    return f" ({place})" if place else ""


def _starts_a_trace(frame: FrameType) -> bool:
    return frame.f_code.co_name == "trace" and frame.f_code.co_filename.startswith(_PASSED[1])
