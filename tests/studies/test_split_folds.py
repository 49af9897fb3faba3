"""Folds of patients are each the test part once; parts drawn by image show as leaks."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.leaks import find_leaks
from leanlung.studies.split import Part, Shares, assign_parts_by_image, parts_of_fold
from leanlung.studies.study import Cohort, Study

SHARES = Shares(0.6, 0.2, 0.2)


def volumes(patients: int = 12, slices: int = 6) -> Cohort:
    """Slices of scans: every third patient has clear ones alone, the others both kinds."""
    studies = tuple(
        Study(f"p{p}-{n}", f"p{p}", Path("x.png"), "infected" if n % 2 and p % 3 else "clear")
        for p in range(patients)
        for n in range(slices)
    )
    return Cohort("slices", ("clear", "infected"), studies)


def by_number(cohort: Cohort, folds: int) -> dict[str, int]:
    return {one.study_id: int(one.patient_id[1:]) % folds for one in cohort.studies}


def test_the_fold_is_the_test_part_and_no_patient_is_in_two() -> None:
    cohort = volumes()
    assert len(cohort.mixed_patients) == 8  # four have slices of one class alone
    fold_of = by_number(cohort, 4)
    parts = parts_of_fold(cohort, fold_of, 2, SHARES, Seeds(0))
    tested = {name for name, part in parts.items() if part == "test"}
    assert tested == {name for name, fold in fold_of.items() if fold == 2}
    assert find_leaks(cohort, parts, ()) == ()
    counted = Counter((parts[s.study_id], s.label) for s in cohort.studies)
    assert min(counted.values()) > 0
    assert len(counted) == 6


def test_training_and_validation_share_the_others_in_proportion() -> None:
    """Two to one of the 36 patients of nine folds, whatever the share of the test part."""
    labels = ("a", "b")
    studies = tuple(Study(f"s{n}", f"p{n}", Path("x.png"), labels[n % 2]) for n in range(40))
    cohort = Cohort("films", labels, studies)
    fold_of = {f"s{n}": n // 4 for n in range(40)}
    for shares in (Shares(0.6, 0.3, 0.1), Shares(0.2, 0.1, 0.7)):
        parts = parts_of_fold(cohort, fold_of, 4, shares, Seeds(0))
        assert Counter(parts.values()) == {"train": 24, "validation": 12, "test": 4}


def test_the_same_seed_draws_the_same_parts_and_folds_draw_their_own() -> None:
    cohort = volumes(24)
    fold_of = by_number(cohort, 4)

    def drawn(fold: int, seed: int) -> dict[str, Part]:
        return parts_of_fold(cohort, fold_of, fold, SHARES, Seeds(seed))

    assert drawn(1, 5) == drawn(1, 5)
    assert drawn(1, 5) != drawn(1, 6)
    held = [{n for n, part in drawn(f, 5).items() if part == "validation"} for f in (1, 2)]
    assert held[0] != held[1]


def test_patients_that_look_alike_share_a_part() -> None:
    cohort = volumes(24)
    fold_of = by_number(cohort, 4) | {f"p5-{n}": 0 for n in range(6)}
    for seed in range(5):
        parts = parts_of_fold(cohort, fold_of, 1, SHARES, Seeds(seed), [("p2-0", "p6-1")])
        assert parts["p2-0"] == parts["p6-1"] != "test"


def test_a_fold_without_a_class_is_told() -> None:
    cohort = volumes()
    alone = {s.study_id: 0 if s.patient_id in {"p0", "p3"} else 1 for s in cohort.studies}
    with pytest.raises(StudyError, match=r"no study of class 'infected' .* to the test part"):
        parts_of_fold(cohort, alone, 0, SHARES, Seeds(0))


def test_one_class_is_refused() -> None:
    cohort = volumes()
    given = {s.study_id: "train" if s.label == "clear" else "test" for s in cohort.studies}
    fold_of = {name: int(part == "test") for name, part in given.items()}
    clear = replace(cohort, studies=tuple(s for s in cohort.studies if s.label == "clear"))
    with pytest.raises(StudyError, match="no study of class 'infected'"):
        parts_of_fold(clear, fold_of, 1, SHARES, Seeds(0))


def test_parts_by_image_share_every_patient_and_the_guard_finds_each() -> None:
    cohort = volumes()
    parts = assign_parts_by_image(cohort, SHARES, Seeds(0))
    shared: dict[str, set[str]] = {}
    for study in cohort.studies:
        shared.setdefault(study.patient_id, set()).add(parts[study.study_id])
    pairs = sum(len(where) * (len(where) - 1) // 2 for where in shared.values())
    assert pairs > 12
    leaks = find_leaks(cohort, parts, ())
    assert len(leaks) == pairs
    assert {leak.kind for leak in leaks} == {"patient"}
    counted = Counter(parts.values())
    assert counted["train"] == pytest.approx(0.6 * 72, abs=2)
