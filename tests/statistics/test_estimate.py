"""An estimate is a number with its interval, and says neither more nor less than it knows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Estimate

ESTIMATE = Estimate("accuracy", 0.9724, 0.9512, 0.9881, 0.95, "Clopper-Pearson", 504, 480)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.9724, 0.9512, 0.9881, "0.972 [0.951, 0.988]"),
        (-0.004, -0.011, 0.003, "-0.004 [-0.011, 0.003]"),
        (1.0, 0.8723, 1.0, "1.000 [0.872, 1.000]"),
        (0.99998, 0.99996, 1.0, "0.99998 [0.99996, 1.00000]"),
        (0.5, 0.5, 0.5, "0.500 [0.500, 0.500]"),
        (0.5, None, None, "0.500 [no interval]"),
        (None, None, None, "undefined"),
    ],
)
def test_it_prints_as_many_digits_as_tell_its_ends_apart(value, low, high, text):
    assert str(replace(ESTIMATE, value=value, low=low, high=high)) == text


@pytest.mark.parametrize(
    "estimate", [ESTIMATE, replace(ESTIMATE, value=None, low=None, high=None)]
)
def test_it_survives_json(estimate):
    assert Estimate.from_dict(json.loads(json.dumps(estimate.as_dict()))) == estimate


def test_its_json_names_are_its_fields():
    names = ["name", "value", "low", "high", "level", "method", "studies", "patients"]
    assert list(ESTIMATE.as_dict()) == names


def test_an_unknown_or_missing_entry_is_refused_by_name():
    entries = ESTIMATE.as_dict()
    entries["mean"] = entries.pop("value")
    with pytest.raises(StatisticsError, match=r"missing \['value'\], unknown \['mean'\]"):
        Estimate.from_dict(entries)


@pytest.mark.parametrize("field", ["value", "low", "high"])
def test_what_is_undefined_is_none_and_not_nan(field):
    with pytest.raises(StatisticsError, match=r"accuracy: nan is no estimate; .* is None"):
        replace(ESTIMATE, **{field: float("nan")})


def test_its_lower_end_comes_first():
    with pytest.raises(StatisticsError, match=r"runs from 0\.99 to 0\.9881"):
        replace(ESTIMATE, low=0.99)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_its_level_is_a_share(level):
    with pytest.raises(StatisticsError, match=r"between 0 and 1; got .*for 95 % write 0\.95"):
        replace(ESTIMATE, level=level)
