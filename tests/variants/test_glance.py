"""The first tables of a paper's page: what was lost, and what left without a loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.reports.variants_attention import maps_table
from leanlung.reports.variants_beyond import always_answering
from leanlung.reports.variants_glance import constants_table, glance_table
from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.reports.tables import Table
    from leanlung.runs.variants import VariantsFolder


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def estimate(value: float, low: float, high: float, name: str = "accuracy") -> dict[str, Any]:
    return Estimate(name, value, low, high, 0.95, "by hand", 40, 20).as_dict()


def variant(name: str, low: float, high: float, verdict: str) -> dict[str, Any]:
    """A variant of two seeds that lost 0.04 of accuracy, and 0.6 of its parameters."""
    compared = {
        "metric": "accuracy",
        "baseline": estimate(0.90, 0.85, 0.95),
        "candidate": estimate(0.86, 0.80, 0.92),
        "difference": estimate(-0.04, low, high),
        "margin": 0.05,
        "verdict": verdict,
    }
    seeds = {
        str(seed): {
            "constants": {
                "units": 100, "left": left, "parameters": 600, "share": share,
                "images": 30, "float32": change, "float64": change / 1e8, "tolerance": 1e-5,
                "metric": "accuracy",
                "validation": {"fitted": 0.9, "without": 0.9, "reduced": reduced},
            }
        }
        for seed, (left, share, change, reduced) in enumerate(
            [(20, 0.5, 2e-7, 0.80), (40, 0.7, 3e-6, 0.84)]
        )
    }  # fmt: skip
    return {
        "name": name, "metric": "accuracy", "level": 0.95, "margin": 0.05, "seeds": seeds,
        "mean": {"chosen": {"share": {"mean": 0.4}}},
        "change": {"over_patients": [compared], "told": ""},
    }  # fmt: skip


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    return [
        [f"{cell.text} {cell.below}".strip().replace("\N{NO-BREAK SPACE}", " ") for cell in row]
        for row in table.rows
    ]  # fmt: skip


def test_a_line_a_variant_says_what_was_lost_and_how_sure_that_is() -> None:
    results = {
        "variants": {
            "surely": variant("surely", -0.07, -0.01, "inconclusive"),
            "perhaps": variant("perhaps", -0.09, 0.01, "inconclusive"),
            "no": variant("no", -0.045, 0.01, "non_inferior"),
            "beside": {**variant("beside", -0.09, 0.01, "inferior"), "beside": "no"},
        }
    }
    found = texts(glance_table(results))
    assert [row[:2] for row in found] == [
        ["surely 2 seeds", "Inconclusive but a loss is likely"],
        ["perhaps 2 seeds", "Inconclusive"],
        ["no 2 seeds", "Non-inferior"],
    ]
    assert found[0][2] == "−0.040 [−0.070, −0.010]"
    assert found[0][3] == "40.0 %"


def test_what_left_without_a_loss_stands_beside_the_step_that_lost() -> None:
    results = {"variants": {"raw": variant("raw", -0.07, -0.01, "inconclusive")}}
    [row] = texts(constants_table(results))
    assert row == [
        "raw 2 seeds",
        "30 of 100",
        "60.0 % sd 14.1 %",  # of 0.5 and 0.7
        "3.0e-06 3.0e-14",  # the worst seed
        "0.900 sd 0.000",
        "0.900 sd 0.000",
        "0.820 sd 0.028",
    ]


def test_a_paper_that_reads_no_features_has_no_such_table(
    finished_paper: VariantsFolder,
) -> None:
    results = read(finished_paper.results)
    assert constants_table(results) is None
    page = finished_paper.report.read_text(encoding="utf-8")
    assert "taken out first" not in page
    verdicts = [row[1] for row in texts(glance_table(results))]
    assert len(verdicts) == 2
    assert all(verdicts)


@pytest.mark.parametrize(
    ("baselines", "told"),
    [
        ({"majority": estimate(0.6, 0.5, 0.7)}, {"the commonest class there": 0.6}),
        (
            {
                "majority": estimate(0.6, 0.5, 0.7),
                "constant": {**estimate(0.4, 0.3, 0.5), "class": "normal"},
            },
            {"normal": 0.4, "the commonest class there": 0.6},
        ),
        (
            {
                "majority": estimate(0.6, 0.5, 0.7),
                "constant": {**estimate(0.6, 0.5, 0.7), "class": "normal"},
            },
            {"normal": 0.6},
        ),
    ],
)
def test_an_answer_that_never_changes_is_not_the_weaker_one_alone(
    baselines: dict[str, Any], told: dict[str, float]
) -> None:
    found = always_answering(baselines)
    assert {name: one.value for name, one in found.items()} == told


def test_the_share_within_the_lungs_stands_on_the_page_beside_its_chance(
    finished_paper: VariantsFolder,
) -> None:
    told = {"masked": read(finished_paper.attention / "masked" / "attention.json")}
    [(network, lungs)] = [
        (name, one)
        for name, model in told["masked"]["models"].items()
        for one in model["measures"]
        if (one["region"], one["measure"]) == ("lungs", "share") and name != "unpruned"
    ]
    rows = texts(maps_table(told))
    assert rows[0][0] == "masked"
    [row] = [row for row in rows if row[-5:-3] == [network, "share inside the lungs"]]
    assert row[-3].startswith(f"{lungs['estimate']['value']:.3f} [")
    assert row[-2] == f"{lungs['chance']:.3f}"
    page = finished_paper.report.read_text(encoding="utf-8")
    assert "Lungs and lesions in the maps" in page
    assert f"{lungs['estimate']['value']:.3f}" in page
