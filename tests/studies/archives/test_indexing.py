"""Any archive: guessed, missing, sifted, refused with what it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives import ARCHIVES
from leanlung.studies.archives.indexing import guess
from leanlung.studies.archives.places import files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.sifting import allowed
from leanlung.studies.archives.words import in_order, snake, years
from leanlung.studies.layouts import read_cohort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

KERMANY = "train/NORMAL/IM-0115-0001.jpeg", "train/PNEUMONIA/person1_virus_1.jpeg"


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_not_there_is_named_with_where_to_get_it(
    tmp_path: Path, of: Callable[..., Indexed], name: str
) -> None:
    with pytest.raises(StudyError) as caught:
        of(tmp_path / "gone", name)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'gone'}: no such folder; {name} is to be had at")
    assert ARCHIVES[name].where in told
    assert ARCHIVES[name].expected in told


@pytest.mark.parametrize("name", sorted(set(ARCHIVES) - {"plain"}))
def test_a_folder_of_something_else_is_refused_with_what_was_expected(
    plant: Callable[..., Path], of: Callable[..., Indexed], name: str
) -> None:
    with pytest.raises(StudyError):
        of(plant("notes/readme.txt"), name)


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_archive_tells_itself_in_a_line(name: str) -> None:
    one = ARCHIVES[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert "\n" not in one.about + one.where + one.expected + one.licence
    assert all([one.about, one.where, one.expected, one.licence])


def test_a_folder_of_no_archive_is_told_with_all_that_are_known(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(UsageError) as caught:
        of(plant("cats/1.png"))
    assert all(f"\n  {name}: " in str(caught.value) for name in ARCHIVES)


def test_a_folder_of_two_archives_has_to_be_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*KERMANY, "JPCLN001.png")
    assert guess(root) == ["kermany", "jsrt"]
    with pytest.raises(UsageError, match="kermany or jsrt"):
        of(root)


def test_an_archive_still_packed_has_to_be_unpacked(
    tmp_path: Path, of: Callable[..., Indexed]
) -> None:
    (tmp_path / "chest-xray-pneumonia.zip").write_bytes(b"PK")
    with pytest.raises(StudyError, match="still packed"):
        of(tmp_path / "chest-xray-pneumonia.zip", "kermany")


def test_an_unknown_name_is_answered_with_the_nearest(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(UsageError, match="did you mean 'kermany'"):
        of(plant(*KERMANY), "kermani")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"revision": "2020-01-01"},
            "--revision does not go for kermany; it goes for covid_ch",
        ),
        ({"lists": ("a",)}, "--list does not go for kermany; it goes for covidx"),
        ({"uncertain": "ones"}, "it goes for chexpert, mimic_cxr"),
        ({"finding": "edema"}, "it goes for chexpert, mimic_cxr, nih14"),
        ({"label": "covid"}, "it goes for plain"),
    ],
)
def test_an_option_of_other_archives_names_them(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    options: dict[str, object],
    told: str,
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        of(plant(*KERMANY), **options)


def test_where_nothing_is_left_the_reasons_are_counted(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match=r"nothing of it is left:\n  2 licence not allowed"):
        of(plant(*KERMANY), licences=("CC0",))


def test_the_answer_counts_and_names_what_was_left_out(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant(*KERMANY, *(f"more/{name}" for name in KERMANY))
    told = of(root).as_dict()
    assert told["images"] == 2
    assert told["patients"] == 2
    assert told["classes"] == {"normal": 1, "viral_pneumonia": 1}
    assert told["confidence"] == {"exact": 0, "derived": 2, "image_only": 0}
    [again] = told["left_out"]
    assert (again["images"], len(again["first"])) == (2, 2)


@pytest.mark.parametrize(
    ("licence", "names", "yes"),
    [
        ("CC BY 4.0", ("CC BY",), True),
        ("CC-BY-4.0", ("cc by 4.0",), True),
        ("CC BY 3.0", ("CC BY 4.0",), False),
        ("CC BY-NC-SA", ("CC BY",), False),
        ("CC BY-NC-SA 4.0 license", ("cc by nc sa",), True),
        ("CC BY-ND", ("CC BY", "CC BY-ND"), True),
        ("CC0", ("CC",), False),
    ],
)
def test_a_licence_is_allowed_by_its_conditions(
    licence: str, names: tuple[str, ...], yes: bool
) -> None:
    assert allowed(licence, names) is yes


def test_ages_are_whole_years() -> None:
    told = ["058Y", "65.0", "16month", "24month", "64days", "", "old", "027Y"]
    assert [years(text) for text in told] == ["58", "65", "1", "2", "0", "", "", "27"]


def test_labels_stand_in_one_order_whatever_the_archive() -> None:
    assert in_order(["zebra", "covid", "edema", "normal", "covid"]) == (
        "normal", "covid", "edema", "zebra",
    )  # fmt: skip
    assert snake("No Lung Opacity / Not Normal") == "no_lung_opacity_not_normal"


def test_hidden_files_and_circles_of_links_are_passed_over(plant: Callable[..., Path]) -> None:
    root = plant("a/1.png", "a/.2.png", "__MACOSX/3.png", ".git/4.png", "a/5.txt")
    (root / "a" / "loop").symlink_to(root)
    assert [path.name for path in files_below(root)] == ["1.png"]
    assert sum(name.endswith("1.png") for name in sight_of(root).names) >= 1


def test_a_large_folder_is_looked_at_in_part_but_its_tables_all_are_seen(
    plant: Callable[..., Path],
) -> None:
    root = plant(*(f"images/{n:04d}.png" for n in range(200)), "images/zz/Data_Entry_2017.csv")
    sight = sight_of(root)
    assert len(sight.pictures) == 60
    assert sight.find(r"data_entry_2017\.csv") == root / "images/zz/Data_Entry_2017.csv"


def test_tables_of_archives_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        b"\xef\xbb\xbfPatientid, url,a,\r\n"
        b'1,http://x,"two\r\nlines",stray\r\n'
        b"\r\n"
        b"2,NaN,Unknown\r\n"
    )
    assert rows_of(path, "patientid", "url") == [
        {"patientid": "1", "url": "http://x", "a": "two\nlines"},
        {"patientid": "2", "url": "", "a": "Unknown"},
    ]
    path.write_bytes("id,ort\n1,Köln\n".encode("iso-8859-1"))
    assert rows_of(path)[0]["ort"] == "Köln"


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"gone\.csv: cannot be read"):
        rows_of(tmp_path / "gone.csv")


@pytest.mark.parametrize("layout", ["auto", "kermany"])
def test_a_run_reads_an_archive_by_its_name_or_finds_it(
    plant: Callable[..., Path], layout: str
) -> None:
    cohort = read_cohort(plant(*KERMANY), layout=layout)
    assert cohort.name == "kermany"
    assert cohort.classes == ("normal", "viral_pneumonia")


def test_a_manifest_in_an_archives_folder_goes_before_it(plant: Callable[..., Path]) -> None:
    text = "image_path,label,patient_id\ntrain/NORMAL/IM-0115-0001.jpeg,well,p\n"
    root = plant(*KERMANY, texts={"manifest.csv": text})
    assert read_cohort(root).classes == ("well",)
    own = plant("images/a.png", texts={"metadata.csv": text})
    (own / "manifest.csv").unlink()
    assert read_cohort(own).classes == ("well",)


def test_a_table_of_an_archive_is_no_manifest(plant: Callable[..., Path]) -> None:
    table = "patientid,finding,view,imagename\n7,COVID-19,PA,a.png\n"
    cohort = read_cohort(plant("images/a.png", texts={"metadata.csv": table}))
    assert (cohort.name, cohort.patients) == ("actualmed", ("actualmed-7",))


def test_class_folders_stay_class_folders(plant: Callable[..., Path]) -> None:
    assert read_cohort(plant("covid/1.png", "normal/2.png")).classes == ("covid", "normal")
