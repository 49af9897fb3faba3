"""Every study has a group, and what is not known is a group of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError, UsageError
from leanlung.statistics.grouping import (
    AGE_BANDS,
    OLDEST,
    age_band,
    group_columns,
    group_name,
    order_of,
    read_cells,
)


@pytest.mark.parametrize(
    ("cell", "band"),
    [
        ("0", "<2"), ("1.99", "<2"), ("2", "2-17"), ("17.9", "2-17"), ("18", "18-39"),
        ("39", "18-39"), ("40", "40-59"), ("59", "40-59"), ("60", "60-79"), ("79", "60-79"),
        ("80", "80+"), ("90+", "80+"), ("130", "80+"), ("054Y", "40-59"), ("018M", "<2"),
        ("036M", "2-17"), ("003W", "<2"), ("900D", "2-17"), ("61 years", "60-79"),
        ("54,5", "40-59"), ("", "unknown"), (" NaN ", "unknown"), ("?", "unknown"),
        ("old", "unreadable"), ("-4", "unreadable"), ("131", "unreadable"),
        ("1954-02-03", "unreadable"),
    ],
)  # fmt: skip
def test_ages_fall_into_bands(cell, band):
    assert age_band(cell) == band


@given(st.floats(0, 130, allow_nan=False))
def test_every_age_has_a_band_and_older_ones_no_younger_band(age):
    bands = [name for name, _ in AGE_BANDS] + [OLDEST]
    written = f"{age:.4f}"
    assert bands.index(age_band(written)) == sum(float(written) >= end for _, end in AGE_BANDS)


@pytest.mark.parametrize(
    ("cell", "sex"),
    [("M", "male"), ("Female", "female"), ("f", "female"), ("O", "other"), ("", "unknown"),
     ("n/a", "unknown"), ("intersex", "intersex")],
)  # fmt: skip
def test_sex_is_read_in_any_spelling(cell, sex):
    assert group_name("sex", cell) == sex
    assert group_name("Sex", cell) == sex


def test_other_columns_stand_as_they_are():
    assert group_name("scanner", " Agfa ") == "Agfa"
    assert group_name("scanner", "None") == "unknown"


def test_ages_sort_by_age_and_unknown_comes_last():
    ages = ["unknown", "80+", "<2", "18-39", "unreadable", "2-17"]
    assert sorted(ages, key=lambda name: order_of("age", name)) == [
        "<2", "2-17", "18-39", "80+", "unknown", "unreadable",
    ]  # fmt: skip
    views = ["unknown", "PA", "AP"]
    assert sorted(views, key=lambda name: order_of("view", name)) == ["AP", "PA", "unknown"]


def test_class_is_known_without_a_table(answers):
    predictions = answers([0, 1, 1], [0, 0, 0])
    assert group_columns(predictions, {}, ["class"]) == {"class": ("normal", "covid", "covid")}


def test_a_study_without_a_row_is_unknown(answers):
    found = group_columns(answers([0, 1], [0, 1]), {"sex": {"study-1": "F"}}, ["sex"])
    assert found == {"sex": ("unknown", "female")}


def test_a_column_that_is_missing_is_named_with_what_was_meant(answers):
    with pytest.raises(StatisticsError, match=r"no column 'sexx' .* did you mean 'sex'"):
        group_columns(answers([0], [0]), {"sex": {}}, ["sexx"])


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "manifest.csv"
        path.write_text(text)
        return path

    return write


def test_cells_are_read_for_the_studies_asked_for(table):
    path = table("study_id,sex,age\na,F,5\nb,M,60\nc,,\n")
    assert read_cells(path, ["b", "a"], ["sex", "class"]) == {"sex": {"a": "F", "b": "M"}}


def test_a_manifest_without_study_ids_is_read_by_image_path(table):
    path = table("image_path,sex\nfilms/a.png,F\n")
    assert read_cells(path, ["films/a.png"], ["sex"]) == {"sex": {"films/a.png": "F"}}


@pytest.mark.parametrize(
    ("text", "by", "error", "message"),
    [
        ("study_id,sex\na,F\n", "sexe", UsageError, "no column 'sexe' .* did you mean 'sex'"),
        ("study,sex\na,F\n", "sex", UsageError, "no column 'study_id' to find the studies by"),
        ("study_id,sex\na,F\na,M\n", "sex", StatisticsError, "study 'a' stands twice"),
        ("study_id,sex\nz,F\n", "sex", StatisticsError, r"none of the 2 studies .* \['z'\]"),
        ("study_id,sex\n", "sex", UsageError, "no column 'sex'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(table, text, by, error, message):
    with pytest.raises(error, match=message):
        read_cells(table(text), ["a", "b"], [by])
