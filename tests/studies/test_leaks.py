"""What stands in two parts is found, listed once, and refused with exit code 3."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.errors import DataRefused
from leanlung.studies.leaks import Leak, find_leaks, look_alikes, refuse_leaks

PAIRS = [("ann", "a"), ("ann", "a"), ("bob", "a"), ("cem", "a"), ("dan", "a")]


def spread(*parts: str) -> dict[str, str]:
    return {f"s{n}": part for n, part in enumerate(parts)}


def test_studies_with_the_same_pixels_are_paired_each_with_each():
    pairs = look_alikes({"a": "1", "b": "2", "c": "1", "d": "1", "e": "3"}, [])
    assert pairs == [("identical", "a", "c"), ("identical", "a", "d"), ("identical", "c", "d")]


def test_near_pairs_follow_the_identical_ones():
    pairs = look_alikes({"a": "1", "b": "2", "c": "1"}, [("a", "b")])
    assert pairs == [("identical", "a", "c"), ("near_identical", "a", "b")]


@pytest.mark.parametrize("pair", [("a", "b"), ("b", "a")])
def test_an_identical_pair_is_not_near_identical_too(pair):
    assert look_alikes({"a": "1", "b": "1"}, [pair]) == [("identical", "a", "b")]


def test_a_near_pair_given_both_ways_is_listed_once():
    pairs = look_alikes({"a": "1", "b": "2"}, [("a", "b"), ("b", "a"), ("a", "b")])
    assert pairs == [("near_identical", "a", "b")]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2).map(str)),
    st.sets(st.sampled_from(list(combinations("abcdef", 2)))),
)
def test_every_pair_is_listed_once(identical, near):
    pairs = look_alikes(identical, near)
    found = [frozenset(pair[1:]) for pair in pairs]
    same = {
        frozenset(pair)
        for pair in combinations(identical, 2)
        if identical[pair[0]] == identical[pair[1]]
    }
    assert len(found) == len(set(found))
    assert set(found) == same | set(map(frozenset, near))
    assert {
        pair for pair, (kind, *_) in zip(found, pairs, strict=True) if kind == "identical"
    } == same


def test_a_clean_split_has_no_leaks(cohort_of):
    parts = spread("train", "train", "train", "test", "validation")
    assert find_leaks(cohort_of(PAIRS), parts, [("identical", "s0", "s2")]) == ()
    refuse_leaks(())


def test_a_patient_in_two_parts_is_found_once_however_many_studies(cohort_of):
    cohort = cohort_of([("ann", "a")] * 5)
    leaks = find_leaks(cohort, spread("train", "test", "train", "test", "test"), [])
    assert leaks == (Leak("patient", "s0", "s1", ("train", "test")),)


def test_a_patient_in_three_parts_is_found_for_every_two(cohort_of):
    leaks = find_leaks(cohort_of([("ann", "a")] * 3), spread("test", "train", "validation"), [])
    assert leaks == (
        Leak("patient", "s0", "s1", ("test", "train")),
        Leak("patient", "s0", "s2", ("test", "validation")),
        Leak("patient", "s1", "s2", ("train", "validation")),
    )


def test_patients_come_first_and_look_alikes_in_their_order(cohort_of):
    alike = [
        ("identical", "s3", "s4"),
        ("near_identical", "s2", "s3"),
        ("identical", "s0", "s3"),
    ]
    parts = spread("train", "test", "train", "test", "train")
    assert find_leaks(cohort_of(PAIRS), parts, alike) == (
        Leak("patient", "s0", "s1", ("train", "test")),
        Leak("identical", "s3", "s4", ("test", "train")),
        Leak("near_identical", "s2", "s3", ("train", "test")),
        Leak("identical", "s0", "s3", ("train", "test")),
    )


def test_look_alikes_in_one_part_are_no_leak(cohort_of):
    alike = [("identical", "s2", "s3"), ("near_identical", "s3", "s4")]
    assert find_leaks(cohort_of(PAIRS), dict.fromkeys(spread(*"12345"), "train"), alike) == ()


def test_leaks_are_refused_with_their_names_parts_and_a_way_out():
    leaks = [
        Leak("patient", "s0", "s1", ("train", "test")),
        Leak("identical", "s2", "s3", ("train", "validation")),
        Leak("near_identical", "s4", "s5", ("test", "train")),
    ]
    with pytest.raises(DataRefused) as caught:
        refuse_leaks(leaks)
    assert caught.value.exit_code == 3
    first, *lines, advice = str(caught.value).split("\n")
    assert first == "3 leaks between the parts of the split:"
    assert lines == [
        "  s0 (train) and s1 (test) share a patient",
        "  s2 (train) and s3 (validation) are the same picture",
        "  s4 (test) and s5 (train) are nearly the same picture",
    ]
    assert "one patient_id or one part" in advice
    assert "look_alikes = 'together'" in advice
    assert "--allow" in advice


def test_one_leak_is_a_leak():
    with pytest.raises(DataRefused, match=r"^a leak between the parts of the split:"):
        refuse_leaks([Leak("patient", "s0", "s1", ("train", "test"))])


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, "1"), (500, "480")])
def test_twenty_leaks_are_listed_and_the_rest_are_counted(count, more):
    leaks = [Leak("patient", f"a{n}", f"b{n}", ("train", "test")) for n in range(count)]
    with pytest.raises(DataRefused) as caught:
        refuse_leaks(leaks)
    told = str(caught.value)
    assert told.startswith(f"{count} leaks between the parts")
    assert told.count("share a patient") == 20
    assert ("more" in told.split("\n")[-2]) == bool(more)
    assert (f"\n  … and {more} more\n" in told) == bool(more)
