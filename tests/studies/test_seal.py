"""Nobody iterates over the test part before a choice is on disk, and every opening is told."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import SealError, StorageError
from leanlung.studies.seal import SealedCohort, read_openings, unreadable_lines
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = [("ann", "covid"), ("bob", "normal"), ("ann", "covid")]


@pytest.fixture
def sealed(cohort_of, tmp_path: Path) -> SealedCohort:
    return SealedCohort(cohort_of(PAIRS), tmp_path / "openings.jsonl")


@pytest.fixture
def choice(tmp_path: Path) -> Path:
    path = tmp_path / "choice.json"
    path.write_text('{"chosen": "round-07", "rule": "best"}')
    return path


def refused(sealed: SealedCohort, path: Path) -> str:
    """Ask with a choice that is none; nothing is opened and nothing is logged."""
    with pytest.raises(SealError) as caught:
        sealed.open(chosen=path)
    assert sealed.openings == ()
    told = str(caught.value)
    assert told.startswith(f"the test part stays sealed: {path} holds no choice (")
    assert "choose a candidate on the validation part first" in told
    assert "leanlung run RECIPE --until choose" in told
    return told


def holds_studies(value: object) -> bool:
    return isinstance(value, Cohort | Study) or (
        isinstance(value, tuple | list) and any(map(holds_studies, value))
    )


def test_it_tells_how_many_and_not_which(sealed):
    assert sealed.patients == ("ann", "bob")
    assert sealed.studies == 3
    assert sealed.openings == ()


def test_no_public_name_leads_to_a_study(sealed):
    public = [name for name in dir(sealed) if not name.startswith("_")]
    assert sorted(public) == ["open", "openings", "patients", "studies"]
    assert not any(holds_studies(getattr(sealed, name)) for name in public)
    assert "s0" not in repr(sealed)


@pytest.mark.parametrize(
    "ask", [iter, list, len, lambda part: part[0], lambda part: "s0" in part]
)
def test_it_cannot_be_iterated_over(sealed, ask):
    with pytest.raises(TypeError):
        ask(sealed)


def test_without_a_choice_on_disk_it_stays_sealed(sealed, tmp_path):
    assert "No such file or directory" in refused(sealed, tmp_path / "choice.json")
    assert not (tmp_path / "openings.jsonl").exists()


def test_a_folder_is_no_choice(sealed, tmp_path):
    assert "Is a directory" in refused(sealed, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b'{"candidates": []}',
        b'{"chosen": null}',
        b'{"chosen": ""}',
        b'{"chosen": true}',
        b'["chosen"]',
        b'"chosen"',
        b"null",
    ],
)
def test_a_file_that_names_nothing_is_no_choice(sealed, tmp_path, text):
    (tmp_path / "choice.json").write_bytes(text)
    assert "names nothing under 'chosen'" in refused(sealed, tmp_path / "choice.json")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"", "Expecting value"),
        (b'{"chosen": "rou', "Unterminated string"),
        (b'{"chosen": "\xff"}', "can't decode"),
    ],
)
def test_half_a_file_is_no_choice(sealed, tmp_path, text, cause):
    (tmp_path / "choice.json").write_bytes(text)
    assert cause in refused(sealed, tmp_path / "choice.json")


def test_a_choice_opens_it(sealed, choice, cohort_of):
    assert sealed.open(chosen=choice) == cohort_of(PAIRS)


def test_an_opening_says_when_for_what_and_how_much(sealed, choice, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    sealed.open(chosen=choice)
    [line] = (tmp_path / "openings.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert before <= datetime.fromisoformat(entry.pop("time")) <= datetime.now(UTC)
    assert entry == {
        "chosen": "round-07",
        "choice_sha256": hashlib.sha256(choice.read_bytes()).hexdigest(),
        "studies": 3,
        "patients": 2,
        "again": False,
    }


def test_an_opening_for_the_same_choice_is_told_as_such(sealed, choice):
    sealed.open(chosen=choice)
    sealed.open(chosen=choice)
    choice.write_text('{"chosen": "round-08"}')
    sealed.open(chosen=choice)
    told = [(entry["chosen"], entry["again"]) for entry in sealed.openings]
    assert told == [("round-07", False), ("round-07", True), ("round-08", False)]


def test_openings_of_an_earlier_process_count(sealed, choice, cohort_of, tmp_path):
    sealed.open(chosen=choice)
    later = SealedCohort(cohort_of(PAIRS), tmp_path / "openings.jsonl")
    later.open(chosen=choice)
    assert [entry["again"] for entry in later.openings] == [False, True]


def test_the_line_is_on_the_disk_before_a_study_is_given(sealed, choice, tmp_path, monkeypatch):
    flushed = []
    book = tmp_path / "openings.jsonl"
    monkeypatch.setattr(os, "fsync", lambda _file: flushed.append(book.read_text()))
    sealed.open(chosen=choice)
    assert [text.count("\n") for text in flushed] == [1]


def test_where_the_line_cannot_be_written_no_study_is_given(sealed, choice, monkeypatch):
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"openings\.jsonl: the disk is full"):
        sealed.open(chosen=choice)
    assert sealed.openings == ()


@pytest.mark.parametrize(
    "torn", [b'{"time": "2020-01-01", "cho', '{"chosen": "Lü'.encode()[:-1]]
)
def test_a_line_that_a_killed_process_left_half_takes_no_other_with_it(
    sealed, choice, tmp_path, torn
):
    sealed.open(chosen=choice)
    with (tmp_path / "openings.jsonl").open("ab") as book:
        book.write(torn)
    assert len(sealed.openings) == 1
    assert unreadable_lines(tmp_path / "openings.jsonl") == (2,)
    sealed.open(chosen=choice)
    assert [entry["again"] for entry in sealed.openings] == [False, True]
    assert unreadable_lines(tmp_path / "openings.jsonl") == (2,)  # it stays told


def test_a_name_with_any_letter_is_one_line(sealed, choice, tmp_path):
    name = "netz\u2028größe\u0085 7\n"
    choice.write_text(json.dumps({"chosen": name}))
    sealed.open(chosen=choice)
    assert [entry["chosen"] for entry in sealed.openings] == [name]
    assert "größe" in (tmp_path / "openings.jsonl").read_text(encoding="utf-8")


def test_what_is_no_opening_is_passed_over_and_told_by_its_line(sealed, choice, tmp_path):
    book = tmp_path / "openings.jsonl"
    book.write_text('# mine\n\n{"note": "a trial"}\n"another"\n')
    sealed.open(chosen=choice)
    assert [entry["chosen"] for entry in sealed.openings] == ["round-07"]
    assert unreadable_lines(book) == (1, 3, 4)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b'"again"', b'"agaim"'),
        lambda line: line.replace(b'"studies": 3', b'"studies": "3"'),
        lambda line: line[:20] + b"\xff" + line[21:],
        lambda line: bytes(len(line)),
        lambda line: b"[" * 100_000,
    ],
)
def test_an_opening_that_was_damaged_later_is_not_forgotten(sealed, choice, tmp_path, damage):
    book = tmp_path / "openings.jsonl"
    sealed.open(chosen=choice)
    book.write_bytes(damage(book.read_bytes().rstrip()) + b"\n")
    assert sealed.openings == ()
    assert unreadable_lines(book) == (1,)


def test_a_book_that_was_never_written_has_no_openings(tmp_path):
    assert read_openings(tmp_path / "openings.jsonl") == ()
    assert unreadable_lines(tmp_path / "openings.jsonl") == ()
