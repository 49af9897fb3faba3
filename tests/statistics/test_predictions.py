"""Predictions promise that they can be measured: what cannot is refused by study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics import Predictions, read_predictions, write_predictions

GOOD = Predictions(
    "large",
    ("normal", "covid"),
    ("a", "b", "c"),
    ("ann", "bob", "ann"),
    np.array([0, 1, 1]),
    np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]),
)

CSV = """study_id,patient_id,label,p_normal,p_covid
a,ann,normal,0.9,0.1
b,bob,covid,0.5,0.5
"""


def test_the_answer_is_the_likeliest_class_and_of_equals_the_first():
    assert GOOD.predicted.tolist() == [0, 0, 1]


def test_patients_are_counted_by_sorted_id():
    assert GOOD.patients.tolist() == [0, 1, 0]
    assert GOOD.patient_count == 2
    assert GOOD.repeats_patients
    assert not GOOD.subset(np.array([True, True, False])).repeats_patients


def test_a_subset_keeps_the_rows_that_are_true():
    kept = GOOD.subset(np.array([True, False, True]))
    assert kept.study_ids == ("a", "c")
    assert kept.patient_ids == ("ann", "ann")
    assert kept.labels.tolist() == [0, 1]
    assert kept.probabilities.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    assert len(kept) == 2


@pytest.mark.parametrize("mask", [np.array([True]), np.array([0, 1, 2])])
def test_a_mask_has_one_truth_a_study(mask):
    with pytest.raises(
        StatisticsError, match=r"a mask of shape .* cannot pick among 3 studies"
    ):
        GOOD.subset(mask)


def test_nobody_can_change_them_afterwards():
    labels = np.array([0, 1, 1])
    predictions = replace(GOOD, labels=labels)
    labels[0] = 1
    assert predictions.labels.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        predictions.probabilities[0, 0] = 0.5


def test_probabilities_rounded_to_three_digits_pass():
    rounded = np.array([[0.333, 0.666], [0.5, 0.501], [0.002, 0.997]])
    assert 1.0 - rounded[2].sum() > 0.001  # by the last bit alone
    replace(GOOD, probabilities=rounded)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("normal",)}, "two or more different classes are expected"),
        ({"classes": ("normal", "normal")}, "two or more different classes are expected"),
        ({"study_ids": ()}, "no study; at least one is needed"),
        ({"patient_ids": ("ann",)}, "3 study ids but 1 patient ids"),
        ({"study_ids": ("a", "", "c")}, "row 2 has the study id '';"),
        ({"patient_ids": ("ann", "bob", " eve")}, "row 3 has the patient id ' eve';"),
        ({"study_ids": ("a", "b", "a")}, "study id 'a' stands 2 times; each study counts once"),
        (
            {"labels": np.array([0, 1])},
            r"labels of shape \(2,\) .* 3 whole numbers are expected",
        ),
        ({"labels": np.array([0.0, 1.0, 1.0])}, "labels of shape .* type float64"),
        ({"labels": np.array([0, 2, 1])}, "study 'b' has label 2; an index into the 2 classes"),
        ({"labels": np.array([0, 1, -1])}, "study 'c' has label -1; an index"),
        ({"probabilities": np.ones((3, 3)) / 3}, r"shape \(3, 3\); \(3, 2\) is expected"),
        (
            {"probabilities": np.array([[0.9, 0.1], [1.5, -0.5], [2.0, -1.0]])},
            r"study 'b' has probabilities \[1.5, -0.5\]; numbers in \[0, 1\] .* softmax",
        ),
        (
            {"probabilities": np.array([[0.9, 0.1], [0.5, 0.5], [np.nan, 1.0]])},
            r"study 'c' has probabilities \[nan, 1.0\]",
        ),
        (
            {"probabilities": np.array([[0.9, 0.1], [0.5, 0.502], [0.2, 0.8]])},
            "study 'b' has probabilities that sum to 1.002; one is expected",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_by_study(changes, message):
    with pytest.raises(StatisticsError, match=f"^large: .*{message}"):
        replace(GOOD, **changes)


def test_a_file_gives_classes_in_the_order_of_its_columns(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(CSV)
    read = read_predictions(path)
    assert read.model == "small"
    assert read.classes == ("normal", "covid")
    assert read.study_ids == ("a", "b")
    assert read.patient_ids == ("ann", "bob")
    assert read.labels.tolist() == [0, 1]
    assert read.probabilities.tolist() == [[0.9, 0.1], [0.5, 0.5]]


def test_a_file_may_hold_other_columns_and_be_reported_under_another_name(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("source,p_a,label,p_b,study_id,patient_id\nguangzhou,1,b,0,x,y\n")
    read = read_predictions(path, model="pruned")
    assert read.model == "pruned"
    assert read.classes == ("a", "b")
    assert read.labels.tolist() == [1]


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" ,"),
    min_size=1,
    max_size=8,
).filter(lambda text: text == text.strip())


@settings(deadline=None, max_examples=50)
@given(
    ids=st.lists(names, min_size=1, max_size=5, unique=True),
    patient=names,
    share=st.floats(0.0, 1.0),
)
def test_what_is_written_reads_back_to_the_same_bits(tmp_path_factory, ids, patient, share):
    count = len(ids)
    written = Predictions(
        "large",
        ("normal", "covid, severe"),
        tuple(ids),
        (patient,) * count,
        np.arange(count) % 2,
        np.tile([share, 1.0 - share], (count, 1)),
    )
    path = tmp_path_factory.mktemp("predictions") / "large.csv"
    write_predictions(path, written)
    read = read_predictions(path)
    assert read.classes == written.classes
    assert read.study_ids == written.study_ids
    assert read.patient_ids == written.patient_ids
    assert read.labels.tolist() == written.labels.tolist()
    assert read.probabilities.tobytes() == written.probabilities.tobytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("patient_id", "patientid", "no column 'patient_id' .*; did you mean 'patientid'?"),
        ("p_covid", "covid", r"1 columns of probabilities \(\['normal'\]\); two or more named"),
        ("bob,covid", "bob,covd", "study 'b' has label 'covd', .* did you mean 'covid'?"),
        ("0.9,", "high,", "study 'a' has a probability that is no number .*'high'.*point"),
        ("b,bob", "a,bob", "study id 'a' stands 2 times"),
        ("0.5,0.5", "0.5,0.6", "study 'b' has probabilities that sum to 1.1"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_the_file_and_the_study(tmp_path, old, new, message):
    path = tmp_path / "small.csv"
    path.write_text(CSV.replace(old, new))
    with pytest.raises(StatisticsError, match=f"small.csv: .*{message}"):
        read_predictions(path)


def test_a_file_without_a_row_is_refused(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(CSV.splitlines()[0])
    with pytest.raises(StatisticsError, match=r"small.csv: a header but no row"):
        read_predictions(path)
