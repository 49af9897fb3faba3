"""Groups: every one of them on one scale, small ones said to be small, the worst marked."""

import pytest

from leanlung.reports import render
from leanlung.reports.cautions import cautions
from leanlung.reports.groups import group_forests, p_value
from leanlung.reports.seeds import Seed
from leanlung.statistics import Estimate

CAPTION = "Difference in macro AUC in each group"


def written(entry):
    text = str(Estimate.from_dict(entry)).replace("-", "−")
    return tuple(text.split(" ", 1))


def groups(facts, place=0):
    return facts.seeds[0].measured["groups"][place]


def test_every_group_has_a_row_under_its_column(drawn):
    found = drawn("evidence")
    rows = [row for row in found.page.tables[CAPTION] if row][1:-1]  # but for head and axis
    assert [row[0][0] for row in rows] == [
        "class", "covid", "normal", "pneumonia", "sex", "female", "male", "view", "AP", "PA"
    ]  # fmt: skip
    assert [row[0][0] for row in rows if len(row) == 1] == ["class", "sex", "view"]


def test_a_group_tells_its_difference_its_corrected_p_and_whom_it_rests_on(drawn):
    found = drawn("evidence")
    for group in groups(found.facts)["groups"]:
        if group["comparison"] is None:
            continue
        name, p, strip, difference = found.page.row(CAPTION, group["values"][0])
        assert difference == written(group["comparison"]["difference"])
        assert p[0] == p_value(group["p_holm"])
        assert strip == ("", "")
        assert f"{group['studies']} studies of {group['patients']} patients" in name[1]


def test_a_group_too_small_says_so_and_why(drawn):
    found = drawn("evidence")
    [group] = [one for one in groups(found.facts)["groups"] if one["values"] == ["PA"]]
    assert group["comparison"] is None
    row = found.page.row(CAPTION, "PA")
    assert row[1] == (f"too few to say: {group['too_few']}", "")
    assert len(row) == 2


def test_the_worst_group_is_marked_and_told_once(drawn):
    found = drawn("evidence")
    table = groups(found.facts)
    marked = [row[0] for row in found.page.tables[CAPTION] if row and "the worst" in row[0][1]]
    assert [name for name, _ in marked] == [table["worst"].split("=")[1]]
    assert table["told"] in found.page.text


def test_the_margin_is_drawn_where_it_belongs(drawn):
    forest = group_forests(Seed.of(drawn("evidence").facts.seeds[0]))[0]
    [zero, margin] = forest.table.lines
    assert (zero.look, margin.look) == ("zero", "margin")
    assert zero.place == forest.table.axis.place(0.0)
    assert margin.place == forest.table.axis.place(-0.1) < zero.place


def test_the_second_table_is_by_accuracy(drawn):
    assert "Difference in accuracy in each group" in drawn("evidence").page.tables


def test_where_nothing_was_compared_the_section_says_so(drawn):
    assert "there is nothing to compare." in drawn("evidence, whole network kept").page.text
    assert CAPTION not in drawn("evidence, whole network kept").page.tables
    assert '<section id="groups">' in drawn("plain").html


@pytest.mark.parametrize(("high", "warned"), [(-0.11, True), (-0.09, False), (None, False)])
def test_a_group_that_surely_lost_more_is_told_first(make, high, warned):
    """Only by the interval that holds for all groups together."""
    facts = make(evidence=True, skills=(1.4,))
    table = groups(facts)
    table["worst_difference"] |= {"value": -0.2, "low": -0.3, "high": high}
    titles = [one.title for one in cautions(facts, Seed.of(facts.seeds[0]))]
    assert ("In one group more is lost" in titles) is warned
    assert ("In one group more is lost" in render(facts)) is warned


def test_a_tiny_p_is_not_written_as_none():
    assert [p_value(p) for p in (None, 0.00099, 0.001, 0.5)] == [
        "–",
        "< 0.001",
        "0.001",
        "0.500",
    ]
