"""A lock is held by one at a time, and given back however a holder ends."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from leanlung.foundations.locks import held

if TYPE_CHECKING:
    from pathlib import Path


def test_who_does_not_wait_is_told_that_another_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    with held(lock) as first, held(lock, wait=False) as second:
        assert (first, second) == (True, False)
    with held(lock, wait=False) as third:
        assert third


def test_an_error_gives_it_back(tmp_path: Path) -> None:
    try:
        with held(tmp_path / "lock"):
            raise KeyError
    except KeyError:
        pass
    with held(tmp_path / "lock", wait=False) as taken:
        assert taken


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    text = (
        "import os, sys; from pathlib import Path\n"
        "from leanlung.foundations.locks import held\n"
        "with held(Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read(1); os._exit(9)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with held(lock, wait=False) as taken:
            assert not taken
        other.communicate(b"x")
    assert other.returncode == 9
    with held(lock, wait=False) as taken:
        assert taken
