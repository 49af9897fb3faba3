"""The environment: what a run was made with, each time it was started."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

import torch

from leanlung import __version__
from leanlung.foundations.files import write_json
from leanlung.runs.records import read_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.runs.folder import RunFolder

PACKAGES = (
    "nibabel", "numpy", "opencv-python-headless", "pillow", "pydicom", "safetensors", "scipy",
    "timm", "torch", "torchvision",
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


def note_environment(folder: RunFolder, found: dict[str, Any]) -> None:
    """Write an environment down, unless it is on file.

    The first one is ``environment.json``; where a run was gone on with in another one,
    ``environment-2.json`` tells of that, and so on.
    """
    known = environments(folder)
    if found not in known:
        name = "environment.json" if not known else f"environment-{len(known) + 1}.json"
        write_json(folder.path / name, found)


def environments(folder: RunFolder) -> list[dict[str, Any]]:
    """Read the environments a run was made in, the first one first."""
    found = []
    path = folder.environment
    while path.is_file():
        found.append(read_record(path))
        path = folder.path / f"environment-{len(found) + 1}.json"
    return found


def together(found: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON values
    """Tell several environments as one: where they differ, one after the other."""
    first = next((one for one in found if one is not None), None)
    if isinstance(first, dict):
        names = dict.fromkeys(name for one in found if one for name in one)
        return {name: together([(one or {}).get(name) for one in found]) for name in names}
    different = list(dict.fromkeys("none" if one is None else one for one in found))
    return different[0] if len(different) == 1 else ", then ".join(map(str, different))


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
