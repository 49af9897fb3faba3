"""Checklists: every item by its number, filled from the run or marked missing."""

import re
import tomllib
from importlib.resources import files

import pytest

from leanlung.reports.checklists import FACTS, checklists
from leanlung.reports.seeds import Seed

TRIPOD = [
    "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a",
    "9b", "9c", "10", "11", "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15",
    "16", "17", "18a", "18b", "18c", "18d", "18e", "18f", "19", "20a", "20b", "20c", "21", "22",
    "23a", "23b", "24", "25", "26", "27a", "27b", "27c",
]  # fmt: skip


def lists(facts):
    return checklists(facts, Seed.of(facts.seeds[0]), ("A caution",))


def items(one):
    return [item for _, items in one.parts for item in items]


def test_every_item_of_both_guidelines_is_there_once_and_in_order(drawn):
    tripod, claim = lists(drawn("evidence").facts)
    assert [item.number for item in items(tripod)] == TRIPOD
    assert [item.number for item in items(claim)] == [str(n) for n in range(1, 45)]
    assert (len(TRIPOD), len({re.sub("[a-g]", "", number) for number in TRIPOD})) == (52, 27)


def test_every_fact_that_an_item_names_can_be_told_and_none_is_idle():
    text = files("leanlung.reports").joinpath("checklists.toml").read_text(encoding="utf-8")
    named = {
        item[2]
        for one in tomllib.loads(text)["checklist"]
        for part in one["parts"]
        for item in part["items"]
    }
    assert named - {""} == set(FACTS)


def test_every_item_is_filled_or_missing(any_case):
    for one in lists(any_case.facts):
        for item in items(one):
            assert item.told or item.missing
            assert bool(item.told) == bool(item.anchor)


def test_the_summary_counts_every_item_once(drawn):
    for one in lists(drawn("evidence").facts):
        assert sum(int(n) for n in re.findall(r"\d+", one.summary)) == len(items(one))


@pytest.mark.parametrize("number", ["17", "18a", "8c"])
def test_what_only_an_author_knows_is_marked_missing(drawn, number):
    tripod, _ = lists(drawn("evidence").facts)
    [item] = [item for item in items(tripod) if item.number == number]
    assert not item.told
    assert f"missing: {item.missing}" in drawn("evidence").page.text


def test_what_a_run_knows_is_told_with_the_place(drawn):
    tripod, claim = lists(drawn("evidence").facts)
    told = {item.number: item for item in items(tripod)}
    assert "more than 0.1 of macro AUC" in told["4"].told
    assert told["14"].anchor == "groups"
    external = {item.number: item for item in items(claim)}["33"]
    assert external.told == "50 studies of other patients."


def test_what_a_run_did_not_do_is_missing(drawn):
    tripod, claim = lists(drawn("plain").facts)
    told = {item.number: item for item in items(tripod)}
    assert (told["14"].told, told["15"].told) == ("", "")
    assert {item.number: item for item in items(claim)}["33"].missing


def test_a_source_stands_with_each_and_lists_are_folded(drawn):
    html = drawn("evidence").html
    assert html.count('<details class="checklist">') == 2
    for one in lists(drawn("evidence").facts):
        assert one.source in html
    assert "content-visibility: visible" in html.split("@media print")[1]
