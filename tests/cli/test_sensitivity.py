"""``leanlung sensitivity``: a table and a drawing, one curve a layer."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def given(finished: Path, tmp_path: Path) -> tuple[object, ...]:
    bundle = finished / "seed-0" / "8-export" / "bundle"
    return (
        "sensitivity",
        bundle,
        "--data",
        finished / "cohort.csv",
        "--out",
        tmp_path / "s.svg",
    )


def test_every_layer_has_a_curve_that_begins_with_the_whole_network(
    given: tuple[object, ...], finished: Path, tmp_path: Path
) -> None:
    found = json.loads(leanlung(*given, "--json").stdout)
    chosen = json.loads((finished / "seed-0" / "4-choose" / "choice.json").read_text())
    expected = chosen["candidates"][chosen["round"]]["validation"]["macro_auc"]
    (whole,) = {curve["values"][0] for curve in found["curves"]}
    assert whole == pytest.approx(expected)  # the very validation part of the run
    rows = (finished / "cohort.csv").read_text().splitlines()
    parts = [sum(f",{part}," in row for row in rows) for part in ("train", "validation")]
    assert [found["scored"], found["measured"]] == parts
    assert all(curve["shares"][0] == 0.0 for curve in found["curves"])
    drawn = ElementTree.parse(tmp_path / "s.svg").getroot()
    assert drawn.tag.endswith("svg")
    text = (tmp_path / "s.svg").read_text()
    for curve in found["curves"]:
        assert f"({curve['units']})" in text


def test_the_table_tells_what_each_layer_can_give(given: tuple[object, ...]) -> None:
    result = leanlung(*given, "--criterion", "l2")
    assert result.exit_code == 0, result.output
    assert "units scored by l2" in result.stdout
    assert "can give within 0.01" in result.stdout
    assert "s.svg" in result.stdout


@pytest.mark.parametrize(
    ("flag", "wrong", "hint"),
    [("--criterion", "apos", "did you mean 'apoz'"), ("--metric", "acuracy", "'accuracy'")],
)
def test_what_does_not_exist_is_told_with_what_does(
    given: tuple[object, ...], flag: str, wrong: str, hint: str
) -> None:
    result = leanlung(*given, flag, wrong)
    assert result.exit_code == 2
    assert hint in result.stderr
