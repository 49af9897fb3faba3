"""Archives of a series: what is missing is told at once, labels and ids are made one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.runs.series.archive import ARCHIVE, ArchiveSection, read_archives

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("normal", "covid")


def archive(name: str, **more: object) -> ArchiveSection:
    return ArchiveSection(**{"name": name, "path": f"{name}/table.csv", **more})


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "table.csv").write_text(text)
    for film in ("a.png", "b.png"):
        (folder / name / film).write_bytes(b"")


PLAIN = "image_path,label,patient_id\na.png,normal,1\nb.png,covid,2\n"


def test_all_that_is_needed_and_missing_is_told_at_once(tmp_path: Path) -> None:
    asked = [archive("one", about="ask Ann"), archive("two", about="ask Bo")]
    with pytest.raises(UsageError) as found:
        read_archives(asked, LABELS, tmp_path)
    told = str(found.value)
    assert "one, looked for at" in told
    assert "ask Ann" in told
    assert "ask Bo" in told


def test_an_archive_that_is_not_needed_may_be_missing_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "one", PLAIN)
    asked = [archive("one"), archive("two", needed=False, about="ask Bo")]
    cohort, found = read_archives(asked, LABELS, tmp_path)
    assert [(one.name, one.state, one.studies) for one in found] == [
        ("one", "read", 2),
        ("two", "missing", 0),
    ]
    assert "ask Bo" in found[1].told
    assert len(cohort.studies) == 2


def test_the_same_patient_number_in_two_archives_is_two_patients(tmp_path: Path) -> None:
    write(tmp_path, "one", PLAIN)
    write(tmp_path, "two", PLAIN)
    cohort, _ = read_archives([archive("one"), archive("two")], LABELS, tmp_path)
    assert cohort.patients == ("one/1", "one/2", "two/1", "two/2")
    assert {s.attributes[ARCHIVE] for s in cohort.studies} == {"one", "two"}


def test_columns_rows_and_labels_are_taken_as_told(tmp_path: Path) -> None:
    rows = "image,label,patient_id,reader\none/a.png,Normal,1,x\none/b.png,Covid,2,y\n"
    write(tmp_path, "one", rows)
    asked = archive(
        "one",
        columns={"image": "image_path"},
        keep={"reader": ("x",)},
        labels={"Normal": "normal"},
        attributes={"source": "Ann's"},
    )
    cohort, _ = read_archives([asked], LABELS, tmp_path)
    [study] = cohort.studies
    assert study.label == "normal"
    assert study.attributes["source"] == "Ann's"
    assert study.image == tmp_path / "one" / "a.png"


def test_a_label_that_the_series_does_not_know_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "one", PLAIN.replace("covid", "covit"))
    with pytest.raises(StudyError, match=r"'covit', which is none of the labels .*'covid'"):
        read_archives([archive("one")], LABELS, tmp_path)
    cohort, _ = read_archives([archive("one", only=("normal",))], LABELS, tmp_path)
    assert [s.label for s in cohort.studies] == ["normal"]


def test_without_data_it_says_what_is_looked_for() -> None:
    with pytest.raises(UsageError, match=r"--data; looked for below it: one \(one/table.csv\)"):
        read_archives([archive("one")], LABELS, None)
