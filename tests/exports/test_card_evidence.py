"""The card carries what stands behind the verdict: groups, flips, calibration, shortcuts."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from leanlung.exports import Bundle, save_bundle


def estimate(value: float | None, reach: float = 0.05) -> dict:
    low, high = (None, None) if value is None else (value - reach, value + reach)
    return {
        "name": "x", "value": value, "low": low, "high": high, "level": 0.95,
        "method": "by hand", "studies": 20, "patients": 10,
    }  # fmt: skip


FLIP = {
    "of_class": "all", "studies": 200, "newly_wrong": 7, "newly_right": 4, "missed": 3,
    "patients_worse": 6, "patients_better": 4, "share_worse": 0.6, "low": 0.3, "high": 0.9,
    "level": 0.95, "p": 0.7539, "method": "McNemar, exact",
}  # fmt: skip
POINT = {
    "threshold": {"of_class": "covid", "rule": "youden", "value": 0.3125},
    "sensitivity": estimate(0.9), "specificity": estimate(0.8),
    "predictive_values": [
        {"prevalence": 0.01, "positive": estimate(0.12), "negative": estimate(0.95)},
        {"prevalence": 0.2, "positive": estimate(0.6), "negative": estimate(None)},
    ],
}  # fmt: skip
EVIDENCE = {
    "comparison": {}, "sentence": "small is non-inferior.",
    "power": ["Power: with 40 patients"],
    "groups": [{"metric": "macro_auc", "told": "worst of 4 groups: sex=male, macro_auc -0.010",
                "groups": 6, "too_few": 2}],
    "flips": {"healthy": "normal", "counts": [FLIP]},
    "calibration": {
        "temperature": {"value": 1.25},
        "raw": {"ece": 0.08, "brier": 0.2, "slope": estimate(0.7)},
        "calibrated": {"ece": 0.03, "brier": 0.18, "slope": estimate(1.0)},
        "thresholds": [POINT],
    },
}  # fmt: skip
AUDIT = {"verdict": "alarm", "alarm": True, "reasons": ["border: AUC 0.9"], "cautions": []}


def card_of(bundle: Bundle, folder: Path, **metrics: object) -> str:
    save_bundle(folder / "b", replace(bundle, metrics=metrics))
    return (folder / "b" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "told",
    [
        "- Power: with 40 patients",
        "- worst of 4 groups: sex=male, macro_auc -0.010; 2 of 6 groups are too small to say",
        "| all | 200 | 7 | 4 | 3 | 0.7539 |",
        "| | as answered | at temperature 1.250 |",
        "| ECE | 0.0800 | 0.0300 |",
        "| slope, 1 is right | 0.700 [0.650, 0.750] | 1.000 [0.950, 1.050] |",
        "PPV at 1 % | NPV at 1 % | PPV at 20 % | NPV at 20 % |\n|---|---|---:|---:|---:|---:|",
        "| covid | youden | 0.3125 | 0.900 [0.850, 0.950] | 0.800 [0.750, 0.850] | 0.120 ",
        "| 0.600 [0.550, 0.650] | – |\n",
        "Not audited when this card was written",
    ],
)
def test_what_stands_behind_the_verdict_is_told(
    bundle: Bundle, tmp_path: Path, told: str
) -> None:
    assert told in card_of(bundle, tmp_path, **EVIDENCE)


def test_every_table_has_as_many_cells_in_each_row(bundle: Bundle, tmp_path: Path) -> None:
    lines = card_of(bundle, tmp_path, **EVIDENCE).splitlines()
    widths = [line.count("|") if line.startswith("|") else 0 for line in lines]
    for before, after in pairwise(widths):
        assert before == after or 0 in (before, after)
    assert sum(width > 0 for width in widths) == 3 + 5 + 3


def test_an_alarm_of_the_audit_is_as_loud_as_it_can_be(bundle: Bundle, tmp_path: Path) -> None:
    card = card_of(bundle, tmp_path, **EVIDENCE, audit=AUDIT)
    assert "**Alarm: the class is told without the lungs.**" in card
    assert "\n\n- border: AUC 0.9\n" in card
    assert "Not audited" not in card


@pytest.mark.parametrize(
    ("verdict", "told"), [("caution", "asks for care"), ("nothing_found", "is no proof")]
)
def test_a_milder_audit_is_told_as_such(
    bundle: Bundle, tmp_path: Path, verdict: str, told: str
) -> None:
    found = AUDIT | {"verdict": verdict, "alarm": False, "reasons": []}
    card = card_of(bundle, tmp_path, **EVIDENCE, audit=found)
    assert told in card
    assert "Alarm" not in card


def test_without_a_healthy_class_nothing_counts_as_missed(
    bundle: Bundle, tmp_path: Path
) -> None:
    found = EVIDENCE | {"flips": {"healthy": None, "counts": [FLIP]}}
    assert "| all | 200 | 7 | 4 | – | 0.7539 |" in card_of(bundle, tmp_path, **found)


def test_what_was_not_looked_at_is_not_mentioned(bundle: Bundle, tmp_path: Path) -> None:
    card = card_of(bundle, tmp_path)
    for heading in ("Groups", "Studies that changed", "Calibration", "Thresholds", "Shortcuts"):
        assert f"## {heading}" not in card
