"""How fast the command line answers."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from leanlung.foundations.tables import write_table


def command(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], capture_output=True, check=False)


def test_help(in_turn) -> None:
    found = in_turn(
        lambda: command("-c", "pass"), lambda: command("-m", "leanlung", "--help"), 7
    )
    print(
        f"python -c pass {found.first:.3f} s, leanlung --help {found.second:.3f} s, "
        f"ratio {found.ratio:.1f}"
    )
    assert found.second <= 0.5


def test_compare(in_turn, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in "ab":
        p = generator.random((1000, 2))
        rows = [
            {"study_id": n, "patient_id": n // 2, "label": "ab"[n % 2], "p_a": x, "p_b": 1 - x}
            for n, x in enumerate(p[:, 0].tolist())
        ]
        write_table(tmp_path / f"{name}.csv", list(rows[0]), rows)
    tables = [str(tmp_path / f"{name}.csv") for name in "ab"]
    found = in_turn(
        lambda: command("-c", "import numpy"),
        lambda: command("-m", "leanlung", "compare", *tables),
        7,
    )
    print(
        f"python -c 'import numpy' {found.first:.3f} s, leanlung compare of 1,000 studies "
        f"of 500 patients {found.second:.3f} s, ratio {found.ratio:.1f}"
    )
    assert found.second <= 1.5
