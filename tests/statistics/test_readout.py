"""A readout is what validation fixes of a network, and reads back from JSON."""

from __future__ import annotations

import json

import pytest

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.readout import Readout
from leanlung.statistics.temperature import temperature_of
from leanlung.statistics.thresholds import freeze_thresholds


def test_it_holds_a_temperature_and_thresholds(chance):
    predictions = chance(150)
    readout = Readout.of(predictions)
    assert readout.temperature == temperature_of(predictions)
    assert readout.thresholds == freeze_thresholds(predictions)


def test_it_reads_back(chance):
    readout = Readout.of(chance(150))
    assert Readout.from_dict(json.loads(json.dumps(readout.as_dict()))) == readout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told.pop("thresholds"), "no Readout: missing"),
        (lambda told: told["temperature"].update(value=-1), "temperature -1"),
        (lambda told: told["temperature"].pop("studies"), "no Temperature: missing"),
        (lambda told: told["thresholds"][0].update(value=2), "threshold 2"),
    ],
)
def test_what_is_damaged_is_refused(chance, change, message):
    told = Readout.of(chance(150)).as_dict()
    change(told)
    with pytest.raises(StatisticsError, match=message):
        Readout.from_dict(told)
