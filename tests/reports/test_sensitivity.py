"""The drawing has a panel for every layer and none besides."""

from __future__ import annotations

import re

import pytest

from leanlung.pruning.sensitivity import SensitivityCurve
from leanlung.reports.sensitivity import draw_sensitivity


def curves(count: int) -> list[SensitivityCurve]:
    return [
        SensitivityCurve(f"trunk.{'deep.' * 9}{n}", 8 + n, (0.0, 0.5), (0.9, 0.9 - 0.01 * n))
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 3, 6, 7, 13])
def test_a_panel_a_layer(count: int) -> None:
    svg = draw_sensitivity(curves(count), "macro_auc", "a <title>")
    assert len(re.findall(r'<g id="axes_\d+">', svg)) == count or count == 0
    for n in range(count):
        assert f"({8 + n})</text>" in svg
    assert "a &lt;title&gt;" in svg
    assert "macro AUC" in svg


def test_a_long_name_keeps_its_end() -> None:
    assert re.search(r"…[a-z.]*deep\.2 \(10\)", draw_sensitivity(curves(3), "accuracy", "t"))


def test_the_same_curves_give_the_same_bytes() -> None:
    assert draw_sensitivity(curves(4), "accuracy", "t") == draw_sensitivity(
        curves(4), "accuracy", "t"
    )
