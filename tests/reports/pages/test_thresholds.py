"""Frozen thresholds: what they do on the test part, and what a call is worth elsewhere."""

from leanlung.statistics import Estimate

AT = "At thresholds frozen on the validation part"
WORTH = "Predictive values where the class is as rare as this"
CELLS = 'class="label" scope="row" rowspan="3"'


def written(entry):
    if entry["value"] is None:
        return "–", ""
    text = str(Estimate.from_dict(entry)).replace("-", "−")
    return tuple((*text.split(" ", 1), "")[:2])


def points(facts, rule):
    measured = facts.seeds[0].measured
    for name in facts.data["classes"]:
        for model, found in measured["models"].items():
            for point in found["calibration"]["thresholds"]:
                if (
                    point["threshold"]["rule"] == rule
                    and point["threshold"]["of_class"] == name
                ):
                    yield model, point


def body(page, caption):
    return [row for row in page.tables[caption][1:] if len(row) > 2]


def test_every_operating_point_stands_with_the_paired_change_below(drawn):
    found = drawn("evidence")
    rows = iter(body(found.page, AT))
    changes = iter(found.facts.seeds[0].measured["threshold_changes"])
    for rule in ("youden", "sensitivity_0.95"):
        every = list(points(found.facts, rule))
        for place, (model, point) in enumerate(every):
            row = next(rows)
            assert [cell[0] for cell in row[-4:-2]] == [
                model, f"{point['threshold']['value']:.3f}"
            ]  # fmt: skip
            assert row[-2:] == [written(point["sensitivity"]), written(point["specificity"])]
            if place % 2:
                assert next(rows)[0] == ("change, paired", "")
    assert next(rows, None) is None
    assert len(list(changes)) == 2 * 3


def test_paired_changes_are_those_of_the_run(drawn):
    found = drawn("evidence")
    rows = [row for row in body(found.page, AT) if row[0][0] == "change, paired"]
    entries = found.facts.seeds[0].measured["threshold_changes"]
    for rule, half in (("youden", rows[:3]), ("sensitivity_0.95", rows[3:])):
        expected = [
            [written(one["sensitivity"]), written(one["specificity"])]
            for name in found.facts.data["classes"]
            for one in entries
            if (one["rule"], one["of_class"]) == (rule, name)
        ]
        assert [row[-2:] for row in half] == expected


def test_predictive_values_are_told_at_one_five_and_twenty_percent(drawn):
    found = drawn("evidence")
    head = [text for text, _ in found.page.tables[WORTH][0]]
    assert head[2:] == [
        f"{kind} at {share}\N{NO-BREAK SPACE}%"
        for kind in ("PPV", "NPV")
        for share in (1, 5, 20)
    ]
    rows = iter(body(found.page, WORTH))
    for rule in ("youden", "sensitivity_0.95"):
        for _, point in points(found.facts, rule):
            values = point["predictive_values"]
            assert next(rows)[-6:] == [
                written(one[kind]) for kind in ("positive", "negative") for one in values
            ]


def test_a_run_without_thresholds_says_so(drawn):
    assert "This run has no frozen thresholds." in drawn("plain").page.text
    assert "This run has no frozen thresholds." not in drawn("evidence").page.text
