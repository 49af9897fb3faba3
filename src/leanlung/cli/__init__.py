"""The command line: one file a verb; nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import io
import os
import sys

from leanlung.foundations.allocator import keep_freed_memory


def main() -> None:
    """Start the command line."""
    # Threads that wait by spinning stall each other on a busy machine: there, training was
    # measured to take 1.6 to 4 times longer. On an idle one sleeping costs nothing.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_freed_memory()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal cannot show ends no answer
            stream.reconfigure(errors="backslashreplace")
    from leanlung.cli.app import app

    app(prog_name="leanlung")


__all__ = ["main"]
