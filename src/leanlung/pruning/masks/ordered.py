"""Ordered: tensors as safetensors whose bytes are the same every time.

The library writes several entries of metadata in an order that changes from call to call.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from safetensors.torch import save

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_LENGTH = 8
"""Bytes that give the length of the header, and what that length is a multiple of."""


def save_ordered(state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Give the bytes of a file of safetensors, its metadata sorted by name.

    Args:
        state: Tensors by name, on the CPU and contiguous.
        metadata: To stand beside them.
    """
    data = save(dict(state), metadata=dict(metadata))
    length = int.from_bytes(data[:_LENGTH], "little")
    header = json.loads(data[_LENGTH : _LENGTH + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text = text.ljust(-(-len(text) // _LENGTH) * _LENGTH)
    return len(text).to_bytes(_LENGTH, "little") + text + data[_LENGTH + length :]
