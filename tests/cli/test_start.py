"""The command line starts fast: nothing heavy is imported before a verb needs it."""

import os
import subprocess
import sys
from pathlib import Path

from leanlung import __version__


def imported_by(code: str, *arguments: Path) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    return set(done.stderr.split())


HEAVY = {"torch", "torchvision", "timm", "pydicom", "matplotlib", "pandas", "sklearn", "cv2"}


def test_help_imports_nothing_heavy() -> None:
    code = """
from leanlung.cli import main
sys.argv = ["leanlung", "--help"]
try:
    main()
except SystemExit:
    pass
"""
    loaded = imported_by(code)
    assert "typer" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_comparing_two_tables_imports_nothing_heavy(finished: Path) -> None:
    code = """
from leanlung.cli import main
sys.argv = ["leanlung", "compare", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
"""
    loaded = imported_by(
        code, *sorted(finished.glob("seed-0/6-evaluate/predictions-*-test.csv"))[:2]
    )
    assert "leanlung.statistics" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leanlung", "--version"],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout.strip() == f"leanlung {__version__}"
