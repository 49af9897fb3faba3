"""The room opens quickly: a verdict on two files loads none of the slow packages."""

from __future__ import annotations

import subprocess
import sys

import leanlung.statistics
from leanlung.statistics import write_predictions

VERDICT = """
import sys
from pathlib import Path
from leanlung.statistics import compare, read_predictions
large, small = (read_predictions(Path(path)) for path in sys.argv[1:])
print(compare(large, small, margin=0.02).verdict)
print({"scipy.stats", "pandas", "sklearn", "statsmodels", "torch"} & set(sys.modules))
"""


def test_every_name_it_promises_is_there_once():
    names = leanlung.statistics.__all__
    assert len(set(names)) == len(names)
    assert all(hasattr(leanlung.statistics, name) for name in names)


def test_a_verdict_on_two_files_needs_little(tmp_path, chance):
    paths = [tmp_path / "large.csv", tmp_path / "small.csv"]
    write_predictions(paths[0], chance(60))
    write_predictions(paths[1], chance(60, seed=1))
    done = subprocess.run(
        [sys.executable, "-c", VERDICT, *map(str, paths)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["inconclusive", "set()"]
