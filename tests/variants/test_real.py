"""The small paper on real images, as far as its data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leanlung.runs import Options
from leanlung.runs.reading import paper_path
from leanlung.runs.variants import vary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.real
def test_the_small_paper_finds_its_ct_figures(real_data: Path, tmp_path: Path) -> None:
    changes = ['only=["ct"]', "recipe.pixels.size=32", "recipe.data.limit=100"]
    options = Options(real_data, tmp_path, changes, until="data", device="cpu")
    folder = vary(paper_path("garcia2023-small"), options)
    found = json.loads(folder.data.read_text(encoding="utf-8"))
    [whole] = found["datasets"].values()
    assert {
        label: sum(part["studies"][label] for part in whole["parts"].values())
        for label in ("covid", "non_covid")
    } == {"covid": 307, "non_covid": 361}
    assert found["variants"]["ct"]["studies"] <= 100
    assert found["variants"]["ct"]["set_aside"]["limit"] >= 568
