"""Sparse kernels: compressed sparse rows (CSR) or coordinates (COO); no pickle.

Kernels are stored as matrices of (outputs, inputs x places), one row an output, and only what
is not zero of them. Everything else is there under its own name, as in a dense file.

``<name>.values``
    What is not zero, row by row, in the parameter's precision.
``<name>.columns``
    Column of each, counted from 0, int32 or int16.
``<name>.starts`` (CSR)
    Where each row begins among the values, and where the last ends; outputs + 1, int32.
``<name>.rows`` (COO)
    Row of each, int32.

The metadata tells the shapes as JSON: ``{"leanlung_sparse": "1", "shapes": "{...}"}``.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from leanlung.foundations.errors import NetworkError
from leanlung.pruning.masks.ordered import save_ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

Layout = Literal["csr", "coo"]

_FORMAT = "1"
_SHORT = 2**15
"""Columns that int16 can number."""


def pack_sparse(
    state: Mapping[str, Tensor],
    names: Iterable[str],
    layout: Layout = "csr",
    columns: torch.dtype = torch.int32,
) -> bytes:
    """Write a state with some of its kernels sparse.

    Args:
        state: Parameters and buffers by name, on the CPU.
        names: Kernels to write sparse; each has two axes or more.
        layout: Of the kernels.
        columns: ``torch.int32``, or ``torch.int16``, which is used where a row has at most
            32,768 columns; longer ones get int32.

    Returns:
        A file of safetensors. What is exactly zero is not in it, kept by a mask or not.
    """
    found = dict(state)
    shapes = {}
    for name in names:
        matrix = found.pop(name).flatten(1)
        shapes[name] = list(state[name].shape)
        rows, places = matrix.nonzero(as_tuple=True)
        short = columns == torch.int16 and matrix.shape[1] <= _SHORT
        found[f"{name}.values"] = matrix[rows, places].contiguous()
        found[f"{name}.columns"] = places.to(torch.int16 if short else torch.int32)
        if layout == "coo":
            found[f"{name}.rows"] = rows.to(torch.int32)
            continue
        counts = torch.bincount(rows, minlength=len(matrix))
        starts = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
        found[f"{name}.starts"] = starts.to(torch.int32)
    told = {"leanlung_sparse": _FORMAT, "shapes": json.dumps(shapes)}
    return save_ordered(found, told)


def unpack_sparse(data: bytes) -> dict[str, Tensor]:
    """Read what `pack_sparse` wrote, dense.

    Raises:
        NetworkError: If it is damaged, or something else.
    """
    try:
        found = load(data)
        length = int.from_bytes(data[:8], "little")
        told = json.loads(data[8 : 8 + length])["__metadata__"]
        shapes = json.loads(told["shapes"]) if told["leanlung_sparse"] == _FORMAT else None
    except (SafetensorError, ValueError, KeyError) as error:
        msg = f"not a file of sparse kernels ({error!r}); was it written by pack_sparse?"
        raise NetworkError(msg) from error
    if shapes is None:
        msg = f"sparse kernels of format {told['leanlung_sparse']}; this reads {_FORMAT}"
        raise NetworkError(msg)
    try:
        for name, shape in shapes.items():
            found[name] = _dense(found, name, shape)
    except (KeyError, RuntimeError, IndexError) as error:
        msg = f"what the file holds of {name!r} does not fit together; copy it again"
        raise NetworkError(msg) from error
    return found


def _dense(found: dict[str, Tensor], name: str, shape: list[int]) -> Tensor:
    values = found.pop(f"{name}.values")
    columns = found.pop(f"{name}.columns").long()
    if (starts := found.pop(f"{name}.starts", None)) is not None:
        rows = torch.repeat_interleave(torch.arange(shape[0]), starts.diff().long())
    else:
        rows = found.pop(f"{name}.rows").long()
    matrix = torch.zeros(shape[0], math.prod(shape[1:]), dtype=values.dtype)
    matrix[rows, columns] = values
    return matrix.reshape(shape)
