"""How far a column tells the class: counts by hand, an interval over patients."""

import json

import numpy as np
import pytest

from leanlung.evaluation.associations import Association, age_band, association
from leanlung.evaluation.sampling import Sampling
from leanlung.foundations.errors import StatisticsError

FEW = Sampling(resamples=200)


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("0", "0-5"), ("5.9", "0-5"), ("6", "6-17"), ("17", "6-17"), ("18", "18-39"),
        ("40.0", "40-64"), ("65", "65 or more"), ("054Y", "40-64"), ("007M", "0-5"),
        ("900D", "0-5"), ("400", ""), ("", ""), ("unknown", ""), ("-3", ""),
    ],
)  # fmt: skip
def test_an_age_falls_into_its_band(written: str, band: str) -> None:
    assert age_band(written) == band


def test_bands_of_age_stand_from_young_to_old() -> None:
    found = association("age", ["65 or more", "6-17", "18-39"], list("abc"), list("xyz"), FEW)
    assert found is not None
    assert found.rows == ("6-17", "18-39", "65 or more")
    assert found.counts == ((0, 1, 0), (0, 0, 1), (1, 0, 0))


def test_counts_and_v_are_those_worked_out_by_hand() -> None:
    # 2 x 2 with cells 8 2 / 2 8: phi is (64 - 4) / 100.
    values = ["x"] * 10 + ["y"] * 10 + [""] * 3
    labels = ["ill"] * 8 + ["well"] * 2 + ["ill"] * 2 + ["well"] * 8 + ["ill"] * 3
    found = association("source", values, labels, [f"p{n}" for n in range(23)], FEW)
    assert found is not None
    assert found.counts == ((8, 2), (2, 8))
    assert found.missing == 3
    assert found.cramers_v.value == pytest.approx(0.6)
    assert found.cramers_v.low < 0.6 < found.cramers_v.high
    assert (found.cramers_v.studies, found.cramers_v.patients) == (20, 20)
    assert found.corrected < 0.6
    assert (found.told, found.majority) == (0.8, 0.5)
    assert Association.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_films_of_one_patient_make_no_interval_narrower() -> None:
    values = ["x", "x", "y", "y"] * 10
    labels = ["ill", "ill", "well", "ill"] * 10
    apart = association("source", values, labels, [f"p{n}" for n in range(40)], FEW)
    tenfold = association(
        "source", values * 10, labels * 10, [f"p{n}" for n in range(40)] * 10, FEW
    )
    assert tenfold.cramers_v.value == pytest.approx(apart.cramers_v.value)
    assert tenfold.cramers_v.low == pytest.approx(apart.cramers_v.low)
    assert tenfold.cramers_v.high == pytest.approx(apart.cramers_v.high)
    assert "cluster" in tenfold.cramers_v.method


def test_one_value_alone_has_no_v_and_nothing_written_no_table() -> None:
    one = association("view", ["PA"] * 4, list("abab"), list("wxyz"), FEW)
    assert one.cramers_v.value is None
    assert "two values" in one.cramers_v.method
    assert association("view", ["", ""], ["a", "b"], ["x", "y"], FEW) is None


def test_where_one_tells_the_other_v_is_one_and_no_interval_is_made_up() -> None:
    found = association(
        "source", ["x", "y"] * 20, ["a", "b"] * 20, list(map(str, range(40))), FEW
    )
    assert found.cramers_v.value == pytest.approx(1.0)
    assert found.cramers_v.low is None
    assert "no spread" in found.cramers_v.method


@pytest.mark.parametrize("wrong", [{"level": 95.0}, {"resamples": 3}])
def test_impossible_sampling_is_refused(wrong: dict) -> None:
    with pytest.raises(StatisticsError):
        Sampling(**wrong)


def test_what_chance_alone_gives_is_taken_off() -> None:
    generator = np.random.default_rng(0)
    patients = list(map(str, range(60)))
    few = Sampling(resamples=40)
    plain, corrected = [], []
    for _ in range(20):
        values = [f"s{n}" for n in generator.integers(0, 8, 60)]
        labels = [f"c{n}" for n in generator.integers(0, 5, 60)]
        found = association("source", values, labels, patients, few)
        plain.append(found.cramers_v.value)
        corrected.append(found.corrected)
    assert np.mean(plain) > 0.3
    assert np.mean(corrected) < 0.1
