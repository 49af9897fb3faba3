"""What somebody probably meant is the nearest choice, if one is near."""

from __future__ import annotations

import pytest

from leanlung.foundations.suggestions import did_you_mean

CLASSES = ["COVID-19", "Normal", "viral pneumonia"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Normel", "Normal"),
        ("normal", "Normal"),
        ("NORMAL", "Normal"),
        ("COVID_19", "COVID-19"),
        ("covid19", "COVID-19"),
        ("viral_pneumonia", "viral pneumonia"),
    ],
)
def test_capitals_and_small_slips_do_not_hide_a_choice(word, meant):
    assert did_you_mean(word, CLASSES) == f"; did you mean {meant!r}?"


@pytest.mark.parametrize("word", ["", "xyz", "tuberculosis"])
def test_nothing_is_guessed_where_nothing_is_near(word):
    assert did_you_mean(word, CLASSES) == ""


def test_the_nearest_of_several_is_named():
    assert did_you_mean("rounds", ["round", "rounds_", "bounds"]) == "; did you mean 'rounds_'?"


def test_there_may_be_no_choice_at_all():
    assert did_you_mean("apoz", iter([])) == ""
