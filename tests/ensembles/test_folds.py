"""Folds keep patients together and classes alike; nobody is answered by who has seen them."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leanlung.ensembles import (
    OutOfFold,
    folds_by_patient,
    out_of_fold,
    read_out_of_fold,
    write_out_of_fold,
)
from leanlung.foundations.errors import DataRefused, StatisticsError, StudyError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.statistics import Predictions, write_predictions
from leanlung.studies.study import Cohort, Study

Make = Callable[..., list[Predictions]]


@pytest.fixture
def cohort() -> Cohort:
    """60 patients of two classes, one in three ill, with one to three studies each."""
    studies = [
        Study(f"s{patient}-{n}", f"p{patient}", Path("x"), ("ill", "well")[patient % 3 > 0])
        for patient in range(60)
        for n in range(1 + patient % 3)
    ]
    return Cohort("films", ("ill", "well"), tuple(studies))


def test_a_patient_is_in_one_fold_and_classes_are_alike(cohort: Cohort) -> None:
    folds = folds_by_patient(cohort, 5, Seeds(0))
    assert set(folds) == {study.study_id for study in cohort.studies}
    by_patient = defaultdict(set)
    counts: Counter[tuple[int, str]] = Counter()
    for study in cohort.studies:
        by_patient[study.patient_id].add(folds[study.study_id])
        counts[folds[study.study_id], study.label] += 1
    assert {len(found) for found in by_patient.values()} == {1}
    for label, total in cohort.counts.items():
        shares = [counts[fold, label] / total for fold in range(5)]
        assert len(shares) == 5
        assert max(abs(share - 0.2) for share in shares) < 0.06


def test_the_seed_draws_the_folds(cohort: Cohort) -> None:
    assert folds_by_patient(cohort, 3, Seeds(1)) == folds_by_patient(cohort, 3, Seeds(1))
    assert folds_by_patient(cohort, 3, Seeds(1)) != folds_by_patient(cohort, 3, Seeds(2))


def test_look_alikes_share_a_fold(cohort: Cohort) -> None:
    chain = [("s1-0", "s4-0"), ("s4-0", "s7-0"), ("s7-0", "s10-0")]
    for seed in range(4):
        folds = folds_by_patient(cohort, 5, Seeds(seed), chain)
        assert len({folds[name] for name in ("s1-0", "s4-0", "s7-0", "s10-1")}) == 1


def test_too_few_patients_for_the_folds_are_told(cohort: Cohort) -> None:
    with pytest.raises(StudyError, match=r"class 'ill' has 20 patients .* 21 folds"):
        folds_by_patient(cohort, 21, Seeds(0))
    with pytest.raises(UsageError, match="1 folds; two or more"):
        folds_by_patient(cohort, 1, Seeds(0))


def test_every_study_is_answered_by_who_has_not_seen_its_patient(cohort: Cohort) -> None:
    seen = []

    def fit_and_predict(learnt: Cohort, held: Cohort) -> np.ndarray:
        assert not set(learnt.patients) & set(held.patients)
        seen.append((len(learnt.studies), len(held.studies)))
        share = learnt.counts["ill"] / len(learnt.studies)
        return np.tile([share, 1 - share], (len(held.studies), 1))

    folds = folds_by_patient(cohort, 4, Seeds(0))
    found = out_of_fold(fit_and_predict, cohort, folds, model="prior")
    assert [sum(pair) for pair in seen] == [len(cohort.studies)] * 4
    assert found.predictions.study_ids == tuple(study.study_id for study in cohort.studies)
    assert found.folds.tolist() == [folds[name] for name in found.predictions.study_ids]
    assert found.predictions.part == "train"
    row = found.predictions.study_ids.index("s0-0")
    others = [study for study in cohort.studies if folds[study.study_id] != folds["s0-0"]]
    share = sum(study.label == "ill" for study in others) / len(others)
    assert found.predictions.probabilities[row, 0] == pytest.approx(share)


def test_what_comes_back_in_another_shape_is_refused(cohort: Cohort) -> None:
    folds = folds_by_patient(cohort, 2, Seeds(0))
    with pytest.raises(StatisticsError, match="fold 0 came back in shape"):
        out_of_fold(lambda _, held: np.ones((len(held.studies), 3)) / 3, cohort, folds)
    del folds["s0-0"]
    with pytest.raises(StatisticsError, match="study 's0-0' has no fold"):
        out_of_fold(lambda _, held: np.ones((len(held.studies), 2)) / 2, cohort, folds)


def test_a_table_comes_back_to_the_same_bits(members: Make, tmp_path: Path) -> None:
    first = OutOfFold(members(20)[0], np.arange(20) % 3)
    write_out_of_fold(tmp_path / "a.csv", first)
    back = read_out_of_fold(tmp_path / "a.csv")
    np.testing.assert_array_equal(
        back.predictions.probabilities, first.predictions.probabilities
    )
    np.testing.assert_array_equal(back.folds, first.folds)


def test_a_table_without_folds_is_of_training_images(members: Make, tmp_path: Path) -> None:
    write_predictions(tmp_path / "a.csv", members(20)[0])
    with pytest.raises(DataRefused, match=r"a.csv: no column 'fold'.* surer than of any other"):
        read_out_of_fold(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("cell", "error", "told"),
    [
        ("", DataRefused, "study 'f1' has no fold"),
        ("one", StatisticsError, "study 'f1' has fold 'one'; a whole number"),
        ("-1", StatisticsError, "a whole number from 0"),
        ("1.5", StatisticsError, "a whole number from 0"),
    ],
)
def test_a_fold_is_a_whole_number_in_every_row(
    members: Make, tmp_path: Path, cell: str, error: type[Exception], told: str
) -> None:
    write_out_of_fold(tmp_path / "a.csv", OutOfFold(members(20)[0], np.arange(20) % 3))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    lines[2] = lines[2].rpartition(",")[0] + "," + cell
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(error, match=told):
        read_out_of_fold(tmp_path / "a.csv")


def test_one_fold_and_patients_in_two_are_refused(members: Make) -> None:
    one = members(20)[0]
    with pytest.raises(DataRefused, match="all studies are in one fold"):
        OutOfFold(one, np.zeros(20, dtype=np.int64))
    shared = Predictions(
        "m", one.classes, one.study_ids, ("p",) * 20, one.labels, one.probabilities
    )
    with pytest.raises(DataRefused, match="patient 'p' is in folds 0 and 1"):
        OutOfFold(shared, np.arange(20) % 2)
    with pytest.raises(DataRefused, match="of a test part"):
        OutOfFold(members(20, part="test")[0], np.arange(20) % 2)
    with pytest.raises(StatisticsError, match="a whole number from 0 for each of 20"):
        OutOfFold(one, np.arange(19) % 2)
