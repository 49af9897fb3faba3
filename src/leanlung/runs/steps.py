"""Steps: done once, found again, begun anew after an interruption."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_json
from leanlung.runs.folder import CHECKPOINT, EPOCHS, STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def step(folder: Path, inputs: Mapping[str, Any], do: Callable[[Path], None]) -> bool:
    """Do a step, unless its folder says that it is done already.

    A step is done when its ``step.json`` is there, which is written last, its inputs are the
    same and every file it left is still what it was. A checkpoint inside the folder, and the
    epochs kept so far, outlive an interruption; everything else of an unfinished step is
    removed first.

    Args:
        folder: Of this step alone.
        inputs: Whatever decides the result, as JSON values (fingerprints of files included).
        do: Fills the folder.

    Returns:
        Whether it was done now.
    """
    wanted = fingerprints.of_value(inputs)
    if _is_done(folder, wanted):
        return False
    _sweep(folder, wanted)
    started = time.perf_counter()
    do(folder)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    write_json(
        folder / STEP,
        {
            "inputs": wanted,
            "outputs": outputs(folder),
            "seconds": round(time.perf_counter() - started, 2),
            "peak_memory_bytes": peak_memory(),
        },
    )
    (folder / _BEGUN).unlink(missing_ok=True)
    return True


def outputs(folder: Path) -> dict[str, str]:
    """Give the fingerprint of every file below a step's folder, by relative path.

    Hidden files are not looked at: file managers leave theirs in every folder they show.
    """
    return {
        path.relative_to(folder).as_posix(): fingerprints.of_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in {STEP, CHECKPOINT, _BEGUN}
        and not path.name.startswith(".")
    }


def fingerprint(folder: Path) -> str:
    """Give the fingerprint of a finished step, for the inputs of the next."""
    done = json.loads((folder / STEP).read_text(encoding="utf-8"))
    return fingerprints.of_value(done["outputs"])


def seconds(folder: Path) -> float:
    """Give how long a finished step took."""
    return float(json.loads((folder / STEP).read_text(encoding="utf-8"))["seconds"])


def peak_memory() -> int | None:
    """Give the largest memory this process ever held, in bytes; None where nobody counts."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


_BEGUN = "begun.txt"
"""Names the inputs a checkpoint belongs to."""


def _is_done(folder: Path, wanted: str) -> bool:
    try:
        done = json.loads((folder / STEP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(done.get("inputs") == wanted and done.get("outputs") == outputs(folder))


def _sweep(folder: Path, wanted: str) -> None:
    """Leave nothing of an unfinished step but a checkpoint of the same inputs, and epochs."""
    begun = folder / _BEGUN
    keep = begun.is_file() and begun.read_text(encoding="utf-8") == wanted
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir():
            if not (keep and path.name == EPOCHS):
                shutil.rmtree(path)
        elif not (keep and path.name in {CHECKPOINT, _BEGUN}):
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    if not keep:
        begun.write_text(wanted, encoding="utf-8")
