"""COVIDx lists: read from the right, as ids hold spaces and sources come and go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives.covidx import parsed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

RSNA = "11111111-2222-4333-8444-555555555555"
TRAIN = (
    f"{RSNA} {RSNA}.png normal rsna\n"
    "7 SARS-7.png pneumonia cohen\n"
    "COVID 949 COVID(949).png COVID-19 sirm\n"
    "COVID-00003a COVID-00003a.jpg COVID-19 fig1\n"
    "COVID-00003b COVID-00003b.jpg COVID-19 fig1\n"
    "CR.1.2.840 CR.1.2.840-view.png COVID-19 actmed\n"
)
TEST = (
    "MIDRC-RICORD-1C-419639-000082 MIDRC-RICORD-1C-419639-000082-1.png COVID-19 ricord\n"
    f"{RSNA[:-1]}6 {RSNA[:-1]}6.png normal rnsa\n"
    f"{RSNA[:-1]}7 {RSNA[:-1]}7.png pneumonia\n"
)
NAMES = [word for word in (TRAIN + TEST).split() if word.endswith((".png", ".jpg"))]
FILES = [f"data/{'train' if n < 6 else 'test'}/{name}" for n, name in enumerate(NAMES)]
LISTS = {"train_COVIDx5.txt": TRAIN, "test_COVIDx5.txt": TEST}


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("COVID 949 COVID(949).png positive sirm",
         ("COVID 949", "COVID(949).png", "positive", "sirm")),
        ("4 figure.jpg COVID-19", ("4", "figure.jpg", "COVID-19", "")),
        ("x x.png level2 ricord", ("x", "x.png", "level2", "ricord")),
        ("normal normal.png normal rsna", ("normal", "normal.png", "normal", "rsna")),
    ],
)  # fmt: skip
def test_a_line_is_read_from_the_right(line: str, read: tuple[str, str, str, str]) -> None:
    assert parsed(line) == read


@pytest.mark.parametrize("line", ["a b.png ill", "b.png normal", "a b.png normal mars", ""])
def test_a_line_of_another_kind_is_none(line: str) -> None:
    assert parsed(line) is None


def test_patients_are_those_of_the_collections_they_come_from(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    found = of(plant(*FILES, texts=LISTS))
    assert found.archive == "covidx"
    told = {s.image.name: (s.patient_id, s.patient_id_confidence) for s in found.cohort.studies}
    assert told["SARS-7.png"] == ("covid_chestxray-7", "exact")
    assert (
        told["COVID-00003a.jpg"] == told["COVID-00003b.jpg"] == ("figure1-COVID-00003", "exact")
    )
    assert told["CR.1.2.840-view.png"] == ("actualmed-CR.1.2.840", "exact")
    assert told["MIDRC-RICORD-1C-419639-000082-1.png"] == (
        "ricord-MIDRC-RICORD-1C-419639-000082", "exact",
    )  # fmt: skip
    assert told["COVID(949).png"] == ("covidx/train/COVID(949).png", "image_only")
    assert told[f"{RSNA}.png"][1] == "image_only"
    assert told[f"{RSNA[:-1]}7.png"][1] == "image_only"  # a row of RSNA without its source


def test_sources_are_named_and_the_typo_is_known(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    sources = {s.image.name: s.attributes["source"] for s in of(plant(*FILES, texts=LISTS))
               .cohort.studies}  # fmt: skip
    assert sources["SARS-7.png"] == "covid_chestxray"
    assert sources[f"{RSNA[:-1]}6.png"] == "rsna2018"
    assert sources["COVID(949).png"] == "SIRM"


def test_with_the_mapping_patients_of_rsna_are_those_of_the_nih(
    plant: Callable[..., Path], of: Callable[..., Indexed], tmp_path: Path
) -> None:
    mapping = tmp_path / "m.json"
    mapping.write_text(json.dumps([{"subset_img_id": RSNA, "img_id": "00000001_000.png"}]))
    found = of(plant(*FILES, texts=LISTS), mapping=mapping)
    assert "nih-00000001" in found.cohort.patients


def test_films_listed_again_count_once(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    lists = LISTS | {"train_COVIDx5.txt": TRAIN + TRAIN.splitlines()[1] + "\n"}
    found = of(plant(*FILES, texts=lists))
    assert reasons(found) == {"listed or lying there again": ["SARS-7.png"]}


def test_a_source_that_tells_the_class_of_the_test_part_is_told(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    test = "a a.png COVID-19 ricord\nb b.png normal rsna\n"
    files = [*FILES[:6], "data/test/a.png", "data/test/b.png"]
    found = of(plant(*files, texts=LISTS | {"test_COVIDx5.txt": test}))
    told = "the source tells the class: RICORD is all covid, rsna2018 is all normal"
    assert any(told in note for note in found.notes)


def test_a_patient_in_two_parts_is_told(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    lists = LISTS | {"test_COVIDx5.txt": TEST + "7 SARS-7b.png pneumonia cohen\n"}
    found = of(plant(*FILES, "data/test/SARS-7b.png", texts=lists))
    assert "patients or films in several of the archive's own parts: 1" in found.notes


def test_a_line_that_cannot_be_read_is_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    lists = LISTS | {"test_COVIDx5.txt": TEST + "a b.png ill\n"}
    with pytest.raises(StudyError, match=r"test_COVIDx5\.txt, line 4: 'a b\.png ill'"):
        of(plant(*FILES, texts=lists))


def test_lists_of_several_versions_have_to_be_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    lists = {f"labels/{name}": text for name, text in LISTS.items()}
    root = plant(*FILES, texts=lists | {"labels/train_COVIDx9A.txt": TRAIN})
    with pytest.raises(UsageError, match="--list"):
        of(root)
    chosen = ("train_COVIDx9A.txt", "test_COVIDx5.txt")
    assert len(of(root, "covidx", lists=chosen).cohort.studies) == 9
    with pytest.raises(UsageError, match="0 such lists"):
        of(root, "covidx", lists=("train_COVIDx7A.txt",))


def test_parts_of_one_file_name_take_their_own_image_and_val_is_validation(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    files = ["train/a.png", "val/b.png", "test/a.png"]
    lists = {"train.txt": "1 a.png positive cohen\n", "val.txt": "2 b.png negative cohen\n",
             "test.txt": "3 a.png negative cohen\n"}  # fmt: skip
    found = of(plant(*files, texts=lists))
    assert {s.study_id: (s.image.parent.name, s.attributes["archive_split"], s.label)
            for s in found.cohort.studies} == {
        "covidx/train/a.png": ("train", "train", "covid"),
        "covidx/val/b.png": ("val", "validation", "no_covid"),
        "covidx/test/a.png": ("test", "test", "no_covid"),
    }  # fmt: skip


def test_a_film_that_is_not_there_is_counted(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FILES[1:], texts=LISTS))
    assert reasons(found) == {"the file is not there": [f"{RSNA}.png"]}


def test_no_list_at_all_is_named(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match="no list such as"):
        of(plant("train/a.png"), "covidx")


def test_films_in_no_list_are_counted(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    found = of(plant(*FILES, "data/test/more.png", "assets/logo.png", texts=LISTS))
    assert reasons(found) == {"in none of the lists that are read": ["more.png"]}
