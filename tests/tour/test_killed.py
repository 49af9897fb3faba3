"""Killed at any moment and started again, a run ends in the same metrics.

The process kills itself with SIGKILL at the n-th time it flushes a file to the disk, which is
after writing and before the file gets its final name.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, signal, sys
from pathlib import Path
from leanlung.runs import Options, run
recipe, data, out, at = sys.argv[1:]
flush, flushed = os.fsync, 0
def fsync(descriptor):
    global flushed
    flushed += 1
    if flushed == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
    flush(descriptor)
os.fsync = fsync
print(run(Path(recipe), Options(data=Path(data), out=Path(out), device="cpu")).path)
print(flushed)
"""
NEVER = 0


def run_until(at: int, recipe: Path, data: Path, out: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(recipe), str(data), str(out), str(at)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, small_films: Path) -> tuple[Path, int]:
    """A run nobody killed, and how often it flushed."""
    done = run_until(
        NEVER,
        small_films / "small.toml",
        small_films / "data",
        tmp_path_factory.mktemp("whole"),
    )
    folder, flushed = done.stdout.split()
    return Path(folder), int(flushed)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.8, 0.97])
def test_it_ends_in_the_same_metrics(
    unbroken: tuple[Path, int], small_films: Path, tmp_path: Path, share: float
) -> None:
    whole, flushed = unbroken
    recipe, data = small_films / "small.toml", small_films / "data"
    killed = run_until(max(int(share * flushed), 1), recipe, data, tmp_path)
    assert killed.returncode == -signal.SIGKILL
    resumed = run_until(NEVER, recipe, data, tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    folder = tmp_path / whole.name
    assert (folder / "metrics.json").read_bytes() == (whole / "metrics.json").read_bytes()
    for name in ("report.html", "tables/estimates.csv", "cohort.csv"):
        assert (folder / name).exists()
    assert not list(folder.rglob("*.partial"))


def test_killed_twice_in_a_row_it_still_does(
    unbroken: tuple[Path, int], small_films: Path, tmp_path: Path
) -> None:
    whole, flushed = unbroken
    recipe, data = small_films / "small.toml", small_films / "data"
    for share in (0.4, 0.2):  # of what is left to do
        assert run_until(int(share * flushed), recipe, data, tmp_path).returncode < 0
    run_until(NEVER, recipe, data, tmp_path)
    found = json.loads((tmp_path / whole.name / "metrics.json").read_text())
    assert found == json.loads((whole / "metrics.json").read_text())
