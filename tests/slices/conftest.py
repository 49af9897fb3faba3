"""Made-up scans, once for all tests of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.studies.phantoms import ThoraxSpec, make_ct

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three scans; the third is stored as grey. Read it, do not change it."""
    folder = tmp_path_factory.mktemp("scans") / "covid"
    return make_ct(folder, ThoraxSpec(patients=3, slices=(12, 16), size=96))
