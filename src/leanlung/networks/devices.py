"""Devices: where a network runs."""

from __future__ import annotations

import torch

from leanlung.foundations.errors import UsageError


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
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        msg = f"no device {name!r} here ({error}); use auto, cpu or one that exists"
        raise UsageError(msg) from error
    return device
