"""Calibration before and after pruning, as answered and at the temperature."""

import pytest

from leanlung.statistics import Estimate
from leanlung.statistics.brier import brier_parts

CAPTION = "Figures of calibration"


def models(facts):
    return [one["calibration"] for one in facts.seeds[0].measured["models"].values()]


def kinds(facts):
    return [one[kind] for one in models(facts) for kind in ("raw", "calibrated")]


def test_a_diagram_a_network_and_temperature(drawn):
    plots = [
        entry["aria-label"]
        for entry in drawn("evidence").page.attributes
        if entry.get("class") == "plot" and entry["aria-label"].startswith("Reliability")
    ]
    temperatures = [
        f"{one['temperature']['value']:.2f}" for one in models(drawn("evidence").facts)
    ]
    assert [text.split(";")[0].removeprefix("Reliability diagram of ") for text in plots] == [
        "unpruned",
        f"unpruned, temperature {temperatures[0]}",
        "round-02",
        f"round-02, temperature {temperatures[1]}",
    ]


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ("ECE", ("ece",)),
        ("Brier score", ("brier",)),
        ("Brier: reliability", ("brier_parts", "reliability")),
        ("Brier: within bins", ("brier_parts", "within_bins")),
    ],
)
def test_plain_figures_are_those_of_the_run(drawn, row, keys):
    found = drawn("evidence")
    values = kinds(found.facts)
    for key in keys:
        values = [one[key] for one in values]
    cells = found.page.row(CAPTION, row)[1:]
    assert [text for text, _ in cells] == [f"{value:.3f}".replace("-", "−") for value in values]


def test_parts_of_the_brier_score_are_those_of_the_predictions(drawn):
    found = drawn("evidence")
    parts = brier_parts(found.facts.seeds[0].chosen)
    cells = found.page.row(CAPTION, "Brier: resolution")
    assert cells[3][0] == f"{parts.resolution:.3f}"


def test_slopes_and_intercepts_stand_with_their_intervals(drawn):
    found = drawn("evidence")
    rows = [row for row in found.page.tables[CAPTION] if row]
    begin = [row[0][0] for row in rows].index("covid")
    lines = [one["lines"][2] for one in kinds(found.facts)]
    assert lines[0]["of_class"] == "covid"
    for offset, key in enumerate(("slope", "intercept", "in_the_large"), start=1):
        expected = [
            tuple(str(Estimate.from_dict(line[key])).replace("-", "−").split(" ", 1))
            for line in lines
        ]
        assert rows[begin + offset][1:] == expected


def test_an_earlier_run_still_has_its_diagrams(drawn):
    found = drawn("plain")
    assert CAPTION not in found.page.tables
    assert "Reliability diagram of round-02; ECE" in found.html


def test_a_network_kept_whole_has_its_own_figures_alone(drawn):
    row = drawn("evidence, whole network kept").page.row(CAPTION, "ECE")
    assert len(row) == 1 + 2
