"""Matrices and bars of both networks, on the test part and the training part where kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.reports import render
from leanlung.reports.confusion import confusion_parts
from leanlung.reports.seeds import Seed
from leanlung.statistics import Predictions, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.reports import ReportFacts

    Read = Callable[[str], Any]

TWO = ("normal", "covid")


def with_training(facts: ReportFacts) -> ReportFacts:
    """Let both networks answer the training part: here the test studies, one of them turned."""
    seeds = []
    for one in facts.seeds:
        pair = []
        measured: dict[str, Any] = {**one.measured, "models": {**one.measured["models"]}}
        for found in (one.unpruned, one.chosen):
            turned = found.labels.copy()
            turned[0] = 1 - turned[0]
            learnt = replace(found, labels=turned, part="train")
            pair.append(learnt)
            estimates = [e.as_dict() for e in measure(learnt, resamples=100)]
            entry = {**measured["models"][found.model], "training": estimates}
            measured["models"][found.model] = entry
        seeds.append(replace(one, measured=measured, learnt=(pair[0], pair[1])))
    return replace(facts, seeds=tuple(seeds))


def counted(found: Predictions) -> list[list[str]]:
    """Count by hand: true class by answered class."""
    pairs = list(zip(found.labels.tolist(), found.predicted.tolist(), strict=True))
    places = range(len(found.classes))
    return [[str(pairs.count((true, answered))) for answered in places] for true in places]


@pytest.fixture(scope="module")
def trained(make: Callable[..., ReportFacts]) -> ReportFacts:
    return with_training(make(classes=TWO))


def test_each_network_has_a_matrix_on_each_part_with_shares_of_the_rows(
    trained: ReportFacts, read: Read
) -> None:
    page = read(render(trained))
    assert page.problems == []
    [seed] = trained.seeds
    assert seed.learnt is not None
    parts = zip(
        ("", ", training part"), ((seed.unpruned, seed.chosen), seed.learnt), strict=True
    )
    for beside, pair in parts:
        for found in pair:
            _, *rows = page.tables[found.model + beside]
            cells = [[text for text, _ in row[1:]] for row in rows]
            assert cells == counted(found)
            totals = [sum(map(int, row)) for row in cells]
            assert [[below for _, below in row[1:]] for row in rows] == [
                [f"{int(cell) / total:.3f}" for cell in row]
                for row, total in zip(cells, totals, strict=True)
            ]


def test_bars_are_the_estimates_of_the_class_that_is_no_normal(
    trained: ReportFacts, read: Read
) -> None:
    page = read(render(trained))
    keys = {
        "accuracy": "accuracy",
        "precision": "precision:covid",
        "recall": "sensitivity:covid",
        "F1": "f:covid",
    }
    models = trained.seeds[0].measured["models"]
    for part, entry in (("test part", "estimates"), ("training part", "training")):
        for word, key in keys.items():
            row = page.row(f"Figures behind the bars, {part}", word)
            expected = [
                next(e["value"] for e in models[name][entry] if e["name"] == key)
                for name in ("unpruned", "round-02")
            ]
            assert [float(text) for text, _ in row[1:]] == pytest.approx(expected, abs=6e-4)


def test_bars_are_told_in_words_to_those_who_cannot_see_them(
    trained: ReportFacts, read: Read
) -> None:
    page = read(render(trained))
    labels = [one.get("aria-label", "") for one in page.attributes if one[""] == "svg"]
    bars = [label for label in labels if label.startswith("Bars, ")]
    assert [label.split(":")[0] for label in bars] == ["Bars, test part", "Bars, training part"]
    assert all("round-02: accuracy" in label for label in bars)


def test_of_more_classes_the_bars_are_means_over_them(
    make: Callable[..., ReportFacts],
) -> None:
    facts = make()
    [part] = confusion_parts(Seed.of(facts.seeds[0]))
    assert part.bars.figures is not None
    models = facts.seeds[0].measured["models"]
    values = {e["name"]: e["value"] for e in models["round-02"]["estimates"]}
    shown = [row[2].text for row in part.bars.figures.rows]
    names = ("accuracy", "macro_precision", "macro_sensitivity", "macro_f")
    assert [float(text) for text in shown] == pytest.approx(
        [values[n] for n in names], abs=6e-4
    )


def test_a_run_without_training_answers_tells_of_the_test_part_alone(
    make: Callable[..., ReportFacts], read: Read
) -> None:
    page = read(render(make(classes=TWO)))
    assert "Confusion on the training part" not in page.text
    assert "Figures behind the bars, test part" in page.tables
