"""Patients are parted whole, every class close to its shares, and alike for the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.seal import SealedCohort
from leanlung.studies.split import (
    PARTS,
    Shares,
    assign_parts,
    given_parts,
    require_every_class,
    split_cohort,
)
from leanlung.studies.study import Cohort, Study, Unreadable

THREE = [("ann", "a"), ("bob", "a"), ("cem", "a")]
USUAL = Shares(0.7, 0.1, 0.2)
several = settings(deadline=None, max_examples=80)

# Studies of each patient, by class: every class has a patient for every part.
sizes_by_class = st.lists(
    st.lists(st.integers(1, 6), min_size=3, max_size=15), min_size=2, max_size=4
)
shares = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)).map(
    lambda parts: Shares(*(part / sum(parts) for part in parts))
)
# Any patients at all, each with studies of any classes.
mixed = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=25
)


def cohort_with(labels_by_patient: list[list[str]]) -> Cohort:
    studies = tuple(
        Study(f"{patient}-{n}", f"p{patient}", Path("x.png"), label)
        for patient, labels in enumerate(labels_by_patient)
        for n, label in enumerate(labels)
    )
    return Cohort("random", tuple(sorted({study.label for study in studies})), studies)


def cohort_of_sizes(sizes: list[list[int]]) -> Cohort:
    return cohort_with(
        [[f"class-{n}"] * size for n, patients in enumerate(sizes) for size in patients]
    )


def parts_by_patient(cohort: Cohort, parts: dict[str, str]) -> dict[str, set[str]]:
    found = defaultdict(set)
    for study in cohort.studies:
        found[study.patient_id].add(parts[study.study_id])
    return found


def test_ten_patients_of_each_class_are_parted_seven_one_two(cohort_of):
    cohort = cohort_of((f"{label}{n}", label) for label in ("a", "b") for n in range(10))
    parts = assign_parts(cohort, USUAL, Seeds(0))
    counts = Counter((parts[study.study_id], study.label) for study in cohort.studies)
    expected = {"train": 7, "validation": 1, "test": 2}
    assert counts == {(p, label): n for p, n in expected.items() for label in ("a", "b")}


@pytest.mark.parametrize("seed", range(5))
def test_whoever_has_most_studies_is_placed_first_so_that_the_others_can_make_up(seed):
    # Six of ten studies are one patient's; placed after the four others they would be too many.
    cohort = cohort_of_sizes([[1, 1, 6, 1, 1]])
    counts = Counter(assign_parts(cohort, Shares(0.6, 0.2, 0.2), Seeds(seed)).values())
    assert counts == {"train": 6, "validation": 2, "test": 2}


@several
@given(sizes_by_class, shares, st.integers(0, 99))
def test_every_part_comes_within_a_patient_of_its_share_of_every_class(sizes, shares, seed):
    # A part is only filled while it is below its share, so it is at most one patient above.
    cohort = cohort_of_sizes(sizes)
    parts = assign_parts(cohort, shares, Seeds(seed))
    counts = Counter((study.label, parts[study.study_id]) for study in cohort.studies)
    for n, patients in enumerate(sizes):
        for part, share in zip(PARTS, shares, strict=True):
            above = counts[f"class-{n}", part] - share * sum(patients)
            assert -2 * max(patients) < above < max(patients)


@several
@given(mixed, st.integers(0, 99))
def test_no_patient_stands_in_two_parts(labels, seed):
    cohort = cohort_with(labels)
    try:
        parts = assign_parts(cohort, USUAL, Seeds(seed))
    except StudyError as error:
        assert "no study of class" in str(error)  # noqa: PT017 - either of two is right
        return
    assert set(parts) == {study.study_id for study in cohort.studies}
    assert all(len(found) == 1 for found in parts_by_patient(cohort, parts).values())


@several
@given(sizes_by_class, st.integers(0, 99), st.data())
def test_patients_tied_to_each_other_share_a_part_over_any_chain(sizes, seed, data):
    cohort = cohort_of_sizes(sizes)
    ids = [study.study_id for study in cohort.studies]
    pairs = data.draw(
        st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=6)
    )
    try:
        parts = assign_parts(cohort, USUAL, Seeds(seed), pairs)
    except StudyError as error:
        assert "no study of class" in str(error)  # noqa: PT017 - all may be tied together
        return
    patients = {patient: n for n, patient in enumerate(cohort.patients)}
    owner = {study.study_id: patients[study.patient_id] for study in cohort.studies}
    ends = np.array([(owner[a], owner[b]) for a, b in pairs]).reshape(-1, 2)
    tied = coo_matrix((np.ones(len(pairs)), ends.T), shape=(len(patients),) * 2)
    _, group = connected_components(tied, directed=False)
    parts_of = defaultdict(set)
    for study in cohort.studies:
        parts_of[group[patients[study.patient_id]]].add(parts[study.study_id])
    assert all(len(found) == 1 for found in parts_of.values())


def test_a_chain_of_look_alikes_is_one_group(cohort_of):
    cohort = cohort_of((f"p{n}", "a") for n in range(40))
    chain = [(f"s{n + 1}", f"s{n}") for n in range(9)]
    parts = assign_parts(cohort, USUAL, Seeds(0), chain)
    assert len({parts[f"s{n}"] for n in range(10)}) == 1


def test_the_same_seed_draws_the_same_parts_and_another_one_others(cohort_of):
    cohort = cohort_of((f"p{n}", "ab"[n % 2]) for n in range(60))
    first, again, other = (assign_parts(cohort, USUAL, Seeds(seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


@pytest.mark.parametrize("patients", [1, 2])
def test_a_class_with_too_few_patients_is_refused(cohort_of, patients):
    # However many studies they have: two patients cannot stand in three parts.
    rare = [(f"rare{n}", "rare") for n in range(patients) for _ in range(5)]
    cohort = cohort_of([*((f"p{n}", "usual") for n in range(30)), *rare])
    with pytest.raises(StudyError) as caught:
        assign_parts(cohort, USUAL, Seeds(0))
    told = str(caught.value)
    assert told.startswith(f"archive: no study of class 'rare' (patients with it: {patients})")
    assert " went to the " in told
    assert told.endswith("part; add patients or give that part more")


def test_three_patients_of_a_class_reach_all_parts_whatever_the_shares(cohort_of):
    cohort = cohort_of(
        [*((f"p{n}", "usual") for n in range(99)), ("x", "rare"), ("y", "rare"), ("z", "rare")]
    )
    parts = assign_parts(cohort, Shares(0.98, 0.01, 0.01), Seeds(0))
    assert {parts[s.study_id] for s in cohort.studies if s.label == "rare"} == set(PARTS)


def test_the_part_that_misses_a_class_is_named(cohort_of):
    cohort = cohort_of(THREE)
    with pytest.raises(StudyError, match=r"class 'a' .* 3\) went to the test part"):
        require_every_class(cohort, {"s0": "train", "s1": "validation", "s2": "train"})


def with_parts(cohort: Cohort, parts: list[str]) -> Cohort:
    studies = tuple(
        replace(study, attributes={"split": part} if part else {})
        for study, part in zip(cohort.studies, parts, strict=True)
    )
    return replace(cohort, studies=studies)


def test_parts_that_the_manifest_gives_are_kept(cohort_of):
    cohort = with_parts(cohort_of(THREE), ["test", "train", "validation"])
    assert given_parts(cohort) == {"s0": "test", "s1": "train", "s2": "validation"}


@pytest.mark.parametrize(
    ("written", "hint"),
    [("", ""), ("holdout", ""), ("Train", "; did you mean 'train'?")],
)
def test_a_study_whose_part_is_unknown_is_named(cohort_of, written, hint):
    cohort = with_parts(cohort_of(THREE), ["test", written, "validation"])
    with pytest.raises(StudyError) as caught:
        given_parts(cohort)
    assert str(caught.value) == (
        f"archive: study 's1' has split {written!r}; "
        f"one of ['train', 'validation', 'test'] was expected in every row{hint}"
    )


def test_parts_that_the_manifest_gives_hold_every_class(cohort_of):
    cohort = with_parts(cohort_of(THREE), ["test", "train", "train"])
    with pytest.raises(StudyError, match=r"class 'a' .* went to the validation part"):
        given_parts(cohort)


def test_a_split_cohort_is_all_there_and_its_test_part_is_sealed(cohort_of, tmp_path):
    bad = (Unreadable(Path("x.png"), "truncated"),)
    cohort = cohort_of([("ann", "a"), ("bob", "b"), ("cem", "a"), ("dan", "a")])
    parts = {"s0": "train", "s1": "validation", "s2": "test", "s3": "train"}
    split = split_cohort(cohort.with_unreadable(bad), parts, 7, tmp_path / "book.jsonl")
    assert [study.study_id for study in split.train.studies] == ["s0", "s3"]
    assert [study.study_id for study in split.validation.studies] == ["s1"]
    assert split.train.classes == split.validation.classes == ("a", "b")
    assert split.train.unreadable == bad
    assert split.seed == 7
    assert isinstance(split.test, SealedCohort)
    assert (split.test.patients, split.test.studies) == (("cem",), 1)
    assert "s2" not in repr(split)


@several
@given(sizes_by_class, st.integers(0, 5))
def test_a_part_of_share_zero_stays_empty(sizes: list[list[int]], seed: int) -> None:
    cohort = cohort_of_sizes(sizes)
    parts = assign_parts(cohort, Shares(0.85, 0.15, 0.0), Seeds(seed))
    assert set(parts) == {study.study_id for study in cohort.studies}
    assert set(parts.values()) == {"train", "validation"}


def test_parts_that_are_not_needed_may_lack_a_class() -> None:
    cohort = cohort_with([["a"], ["b"], ["a"], ["b"]])
    places = ("train", "train", "validation", "validation")
    studies = tuple(
        replace(study, attributes={"split": part})
        for study, part in zip(cohort.studies, places, strict=True)
    )
    given = replace(cohort, studies=studies)
    assert tuple(given_parts(given, ("train", "validation")).values()) == places
    with pytest.raises(StudyError, match="went to the test part"):
        given_parts(given)
