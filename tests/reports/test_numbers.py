"""Figures are written with the digits they need, and never more surely than they are known."""

import pytest

from leanlung.reports import numbers
from leanlung.statistics import Estimate


def estimate(value, low, high):
    return Estimate("accuracy", value, low, high, 0.95, "by hand", 30, 30)


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ((0.9, 0.85, 0.95), ("0.900", "[0.850, 0.950]")),
        ((-0.1, -0.2, 0.0), ("−0.100", "[−0.200, 0.000]")),
        ((0.9998, 0.9996, 1.0), ("0.9998", "[0.9996, 1.0000]")),
        ((0.5, None, None), ("0.500", "[no interval]")),
        ((None, None, None), ("–", "")),
    ],
)
def test_an_estimate_is_written_with_its_interval_apart(found, written):
    assert numbers.estimate(estimate(*found)) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (17, "17"),
        (999, "999"),
        (999.6, "1.00 k"),
        (1000, "1.00 k"),
        (23_456, "23.5 k"),
        (2_227_715, "2.23 M"),
        (999_499_999, "999 M"),
        (7.5e9, "7.50 G"),
        (1.2e13, "12000 G"),
    ],
)
def test_a_large_number_is_shortened_to_three_digits(value, written):
    assert numbers.short(value).replace("\N{NO-BREAK SPACE}", " ") == written


def test_a_shortened_number_keeps_its_unit():
    assert numbers.short(9_076_196, "B") == "9.08\N{NO-BREAK SPACE}MB"


def test_what_is_undefined_is_a_dash():
    assert numbers.share(None) == "–"
    assert numbers.ratio(3, 0) == "–"
    assert numbers.percent(None) == "–"


def test_shares_have_three_digits_and_percentages_one():
    assert numbers.share(2 / 3) == "0.667"
    assert numbers.percent(2 / 3) == "66.7\N{NO-BREAK SPACE}%"
    assert numbers.ratio(1, 4) == "0.250"


@pytest.mark.parametrize(
    ("words", "joined"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_for_a_sentence(words, joined):
    assert numbers.listed(words) == joined


def test_nouns_follow_their_number():
    assert numbers.counted(1, "study", "studies") == "1 study"
    assert numbers.counted(1234, "study", "studies") == "1,234 studies"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("macro_auc", "macro AUC"),
        ("balanced_accuracy", "balanced accuracy"),
        ("mcc", "MCC"),
        ("macro_f", "macro F"),
        ("f:covid_19", "F: covid_19"),
        ("auc:a:b", "AUC: a:b"),
    ],
)
def test_a_metric_is_named_in_words_and_its_class_as_it_is(name, words):
    assert numbers.metric(name) == words
