"""Whatever undoes or bends the figures is said on the first screen, and nothing else is."""

from dataclasses import replace

import pytest

from leanlung.reports.cautions import cautions, source_tells
from leanlung.reports.seeds import Seed


def found(facts):
    return cautions(facts, Seed.of(facts.seeds[0]))


def kinds(facts):
    return [(one.kind, one.title) for one in found(facts)]


def test_two_hospitals_that_tell_nothing_need_no_caution(facts, html):
    assert kinds(facts) == []
    assert "MADE-UP" not in html
    assert "<aside" not in html


def test_every_caution_that_is_due_is_given(drawn):
    assert kinds(drawn("everything wrong").facts) == [
        ("stamp", "MADE-UP IMAGES"),
        ("stamp", "3 LEAKS ALLOWED"),
        ("stamp", "TEST PART OPENED MORE THAN ONCE"),
        ("box", "The source of an image tells its class"),
    ]


def test_allowed_leaks_are_counted_by_kind_and_listed(drawn):
    text = drawn("everything wrong").page.text
    assert "share a patient (2) and nearly the same picture (1)" in text
    assert "e and f share nearly the same picture" in text


def test_a_single_leak_is_not_several(make):
    facts = make(data={"leaks_allowed": [{"kind": "identical", "first": "a", "second": "b"}]})
    [caution] = found(facts)
    assert caution.title == "1 LEAK ALLOWED"
    assert caution.text.startswith("1 pair of studies in different parts share the same pic")


def test_a_loss_that_the_verdict_does_not_speak_of_is_told(make):
    """The chosen network errs more often; by a metric and margin that do not show it."""
    facts = make(
        skills=(-1.0,), plan={"metric": "auc:normal", "margin": 0.001}, absent="normal"
    )
    seed = Seed.of(facts.seeds[0])
    assert seed.outcome == "inconclusive"
    [caution] = found(facts)
    assert (caution.kind, caution.anchor) == ("box", "lost")
    assert "Beyond the margin of 0.001: accuracy −0." in caution.text
    assert [one.metric for one in seed.losses][:2] == ["accuracy", "balanced_accuracy"]


def test_where_the_verdict_is_a_loss_itself_no_other_is_told_beside_it(make):
    facts = make(skills=(-3.0,))
    seed = Seed.of(facts.seeds[0])
    assert seed.outcome == "inferior"
    assert seed.losses
    assert found(facts) == ()


@pytest.mark.parametrize(
    ("cramers_v", "told", "majority", "tells"),
    [
        (0.3, 0.5, 0.5, True),
        (0.29, 0.5, 0.5, False),
        (0.0, 0.9, 0.8, True),
        (0.0, 0.89, 0.8, False),
        (None, 0.8, 0.8, False),
    ],
)
def test_the_source_tells_the_class_from_a_threshold_on(cramers_v, told, majority, tells):
    table = {"cramers_v": cramers_v, "told_by_source": told, "majority": majority}
    assert source_tells(table) is tells


def test_confounding_is_told_with_its_numbers_beside_the_accuracy(drawn, read):
    wrong = drawn("everything wrong")
    measured = wrong.facts.seeds[0].measured
    text = read(wrong.first_screen).text.replace("\xa0", " ")
    table = measured["confounding"]
    assert f"would answer {100 * table['told_by_source']:.1f} % of the test studies" in text
    assert f"the commonest class, {100 * table['majority']:.1f} %." in text
    for model, entry in measured["models"].items():
        [accuracy] = [one["value"] for one in entry["estimates"] if one["name"] == "accuracy"]
        assert f"{100 * accuracy:.1f} % ({model})" in text
    assert f"{table['cramers_v']:.3f} in the test part" in text


def test_confounding_of_all_images_is_enough(make):
    table = {
        "sources": ["a", "b"],
        "classes": ["covid", "normal", "pneumonia"],
        "counts": [[9, 0, 0], [0, 5, 5]],
        "cramers_v": 1.0,
        "told_by_source": 0.7,
        "majority": 0.4,
    }
    facts = make(data={"confounding": table})
    assert kinds(facts) == [("box", "The source of an image tells its class")]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("unknown", "Where the images come from is not recorded"),
        ("St <Mary>", "All images come from one source (St <Mary>)"),
    ],
)
def test_a_single_source_is_said_to_tell_nothing(make, source, told):
    [caution] = found(make(sources=lambda _row, _label: source))
    assert (caution.kind, caution.title) == ("note", "Source not examined")
    assert told in caution.text


def test_the_association_of_a_single_source_is_undefined(drawn):
    assert "Cramér’s V –" in drawn("no source").page.text


def test_a_whole_network_beside_a_telling_source_is_one_network(make):
    facts = make(chosen=("unpruned",), sources=lambda _row, label: f"hospital {label}")
    assert "The network reaches" in found(facts)[0].text


def test_a_resumed_opening_is_listed_as_such_and_is_no_second_choice(drawn, make):
    wrong = drawn("everything wrong")
    caption = "Openings of the test part"
    told = [wrong.page.row(caption, number)[5][0] for number in "123"]
    assert told == ["for a new choice", "resumed for the same choice", "for a new choice"]
    assert wrong.page.row(caption, "1")[2] == ("round-02", "1" * 12)
    assert kinds(make(openings=[(1, False), (1, True)])) == []


def test_lines_of_the_book_that_cannot_be_read_may_stand_for_openings(make):
    facts = replace(make(), unreadable=(2, 5))
    assert ("stamp", "TEST PART PERHAPS OPENED MORE OFTEN") in kinds(facts)
    [told] = [one.text for one in found(facts) if "PERHAPS" in one.title]
    assert "Lines 2 and 5 of the book of openings cannot be read. Each may" in told
