"""``leanlung list backbones --json`` counts what the papers print."""

import json

import pytest
from typer.testing import CliRunner

from leanlung.cli.app import app


@pytest.fixture(scope="module")
def backbones() -> dict[str, dict]:
    result = CliRunner().invoke(app, ["list", "backbones", "--json"])
    assert result.exit_code == 0, result.output
    return {entry["name"]: entry for entry in json.loads(result.stdout)["backbones"]}


def test_every_trunk_of_the_papers_is_counted(backbones: dict[str, dict]) -> None:
    assert len(backbones) == 14
    for entry in backbones.values():
        assert set(entry["trainable"]) == set(entry["published"]) == {"2", "3"}


def test_what_is_counted_is_what_is_printed(backbones: dict[str, dict]) -> None:
    printed = [
        (entry["trainable"][classes], number)
        for entry in backbones.values()
        for classes, number in entry["published"].items()
        if number is not None
    ]
    assert len(printed) == 8 + 3 + 2  # Tables III, IV, the separable CNN and the CT network
    assert all(counted == number for counted, number in printed)


def test_a_third_class_costs_1025_with_the_radiograph_head(backbones: dict[str, dict]) -> None:
    trunks = [entry for entry in backbones.values() if entry["head"] == "radiograph"]
    assert len(trunks) == 11
    assert all(e["trainable"]["3"] - e["trainable"]["2"] == 1024 + 1 for e in trunks)


@pytest.mark.parametrize(
    ("name", "told"),
    [("densenet121", "printed as DenseNet-201"), ("mobilenet", "printed as MobileNet-V2")],
)
def test_mislabelled_rows_are_noted(backbones: dict[str, dict], name: str, told: str) -> None:
    assert told in backbones[name]["note"]
