"""Devices: where a network runs, and how exactly."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


def pick_device(name: str = "auto") -> torch.device:
    """Choose a device.

    Args:
        name: ``auto`` takes a CUDA or Apple GPU where there is one; otherwise torch's own
            name, such as ``cpu`` or ``cuda:1``.

    Raises:
        UsageError: If the device is unknown or not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a name that torch is about to forget
            device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError, Warning) as error:
        reason = str(error).partition("\n")[0]  # the lines below are for torch's authors
        msg = f"no device {name!r} here ({reason}); use auto, cpu or one that exists"
        raise UsageError(msg) from error
    return device


@contextmanager
def exact_float32() -> Iterator[None]:
    """Compute with all bits of float32 while the block runs, whatever is set around it.

    Torch rounds the convolutions of newer NVIDIA GPUs to TF32, ten bits of a number, unless it
    is told otherwise, and matrix products where somebody asked for speed. Answers of a GPU
    and of a CPU would then differ in their third digit. The settings are those of the whole
    process.
    """
    products = torch.get_float32_matmul_precision()
    places = _rounding_places()
    before = [getattr(place, name) for place, name, _ in places]
    try:
        torch.set_float32_matmul_precision("highest")
        for place, name, exact in places:
            setattr(place, name, exact)
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        for (place, name, _), value in zip(places, before, strict=True):
            setattr(place, name, value)


def _rounding_places() -> list[tuple[Any, str, str | bool]]:
    """List what torch may round: where, the setting, and the value that forbids it."""
    backends: Any = torch.backends  # its modules are made when torch starts, unseen by mypy
    if not hasattr(backends, "fp32_precision"):  # before torch 2.9
        return [(backends.cudnn, "allow_tf32", False)]
    gpu = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    cpu = (backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn)
    return [(place, "fp32_precision", "ieee") for place in (*gpu, *cpu)]
