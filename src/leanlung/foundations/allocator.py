"""The allocator: memory that was freed is kept for what comes next.

glibc maps large blocks anew each time and hands them back when they are freed; the system fills
their pages with zeros again at the next use, fault by fault. A network on a CPU goes through
that for every activation of every layer: with kept blocks a training step took 0.49 to 0.93 of
the time (`docs/benchmarks.md`, "Memory that is kept").
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of mallopt(3) in glibc's ``malloc.h``."""
LARGEST = 1 << 30
"""Bytes from which a block is still mapped alone, and so handed back."""
KEPT = (1 << 31) - 1
"""Bytes at the end of the heap that are kept at most."""


def keep_freed_memory() -> bool:
    """Keep what is freed within this process, from now on.

    A process then holds as much memory as it ever needed at once and some more (up to a fourth
    was seen), until it ends. The command line does this by itself; in a program of your own,
    call it first.

    Returns:
        Whether it was done. It is not where the environment says how memory is allocated
        (``MALLOC_*``, ``GLIBC_TUNABLES``), nor where there is no glibc.
    """
    if "GLIBC_TUNABLES" in os.environ or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # 0 is failure; a threshold that is set no longer follows the largest block freed.
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, KEPT))
