"""Made-up trees in the layouts of public archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from leanlung.studies.archives.asked import Asked
from leanlung.studies.archives.indexing import Indexed, index

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., Path]:
    """Put empty files below a folder; texts are given as keywords' values in a dictionary."""

    def put(*names: str, texts: dict[str, str | bytes] | None = None) -> Path:
        for name, text in [(name, b"") for name in names] + list((texts or {}).items()):
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "root"

    return put


@pytest.fixture(scope="session")
def grey() -> Callable[..., None]:
    """Write a small grey PNG (or GIF, by its name) of one value, or of given bytes."""

    def write(path: Path, size: tuple[int, int] = (4, 4), value: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, value).save(path)

    return write


@pytest.fixture(scope="session")
def ids() -> Callable[[Indexed], dict[str, str]]:
    """Give the patient of every study, by study id."""
    return lambda found: {s.study_id: s.patient_id for s in found.cohort.studies}


@pytest.fixture(scope="session")
def reasons() -> Callable[[Indexed], dict[str, list[str]]]:
    """Give what was left out, by reason."""

    def gather(found: Indexed) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for one in found.left_out:
            told.setdefault(one.reason, []).append(one.image)
        return told

    return gather


@pytest.fixture(scope="session")
def of() -> Callable[..., Indexed]:
    """Index a folder with options given as keywords."""

    def read(root: Path, name: str = "", **options: object) -> Indexed:
        return index(root, name, Asked(**options))  # type: ignore[arg-type]

    return read
