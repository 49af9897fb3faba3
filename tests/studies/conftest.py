"""A cohort in a few words, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@pytest.fixture(scope="session")
def cohort_of() -> Callable[..., Cohort]:
    """Make a cohort from pairs of patient and label; its studies are s0, s1, …"""

    def build(pairs: Iterable[tuple[str, str]], name: str = "archive") -> Cohort:
        pairs = list(pairs)
        studies = tuple(
            Study(f"s{place}", patient, Path(f"{place}.png"), label)
            for place, (patient, label) in enumerate(pairs)
        )
        return Cohort(name, tuple(dict.fromkeys(label for _, label in pairs)), studies)

    return build
