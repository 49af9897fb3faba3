"""The environment: what a run was made with."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import torch

from leanlung import __version__

PACKAGES = (
    "numpy", "opencv-python-headless", "pillow", "pydicom", "safetensors", "scipy", "timm",
    "torch", "torchvision",
)  # fmt: skip


def environment(device: torch.device) -> dict[str, Any]:
    """Describe versions and machine.

    Args:
        device: Where networks run.

    Returns:
        A value that JSON can hold; nothing in it names the machine or its user.
    """
    return {
        "leanlung": __version__,
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := version_of(name))},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
    }


def version_of(package: str) -> str | None:
    """Give the version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """Name the processor and the widest vector instructions torch uses on it."""
    name = platform.processor() or platform.machine()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
