"""covid-chestxray: three tables, CT among films, licences by row, one patient who is many."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives.covid_chestxray import earliest
from leanlung.studies.archives.findings import label_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed

MARCH = (
    "Patientid,offset,sex,age,finding,survival,view,date,location,filename,doi, url,license,"
    "notes\n"
    '2,0,M,65,COVID-19,Y,PA,"January 22, 2020",Vietnam,a.jpeg,d1,http://u1,CC BY-NC-SA,n\n'
    '4,3,F,,"COVID-19, ARDS",,AP,2020-03-01,Italy,b.jpeg,d2,http://u2,,\n'
    "5,,F,40,SARS,N,L,2003,Canada,c.jpeg,d3,http://u3,CC BY 3.0,\n"
    "6,,F,40,COVID-19,N,Axial,2020,China,d.jpeg,d4,http://u4,CC BY 4.0,\n"
)
FINAL = (
    "patientid,offset,sex,age,finding,RT_PCR_positive,survival,intubated,intubation_present,"
    "went_icu,in_icu,needed_supplemental_O2,extubated,temperature,pO2_saturation,"
    "leukocyte_count,neutrophil_count,lymphocyte_count,view,modality,date,location,folder,"
    "filename,doi,url,license,clinical_notes,other_notes,\n"
)


def row(**facts: str) -> str:
    """One row of the final table; its last cell has no column's name."""
    names = FINAL.strip().split(",")
    told = {"view": "PA", "modality": "X-ray", "folder": "images"} | facts
    return ",".join(told.get(name, "") for name in names[:-1]) + ",stray\n"


ROWS = [
    row(patientid="2", finding="Pneumonia/Viral/COVID-19", filename="a.jpg",
        license="CC BY-NC-SA"),
    row(patientid="2", finding="Pneumonia/Viral/COVID-19", filename="b.jpg", view="AP Supine"),
    row(patientid="324a", finding="Pneumonia/Viral/SARS", filename="c.jpg",
        license="CC BY 3.0"),
    row(patientid="9", finding="Pneumonia/Bacterial/Streptococcus", filename="d.jpg"),
    row(patientid="10", finding="No Finding", filename="e.jpg", age="12", license="CC BY 4.0"),
    row(patientid="11", finding="todo", filename="f.jpg"),
    row(patientid="12", finding="Unknown", filename="g.jpg"),
    row(patientid="13", finding="Pneumonia", filename="h.jpg", view="L"),
    row(patientid="14", finding="Pneumonia", filename="i.jpg", view="Axial", modality="CT"),
    row(patientid="15", finding="Pneumonia/Viral/COVID-19", filename="v.nii.gz", modality="CT",
        folder="volumes", view="Axial"),
    row(patientid="63", finding="Pneumonia/Viral/COVID-19", filename="p1.jpg"),
    row(patientid="63", finding="Pneumonia/Viral/COVID-19", filename="p2.jpg"),
    row(patientid="16", finding="Tuberculosis", filename="gone.jpg"),
    row(patientid="17", finding="Pneumonia", filename="n.jpg", view=""),
]  # fmt: skip
FILES = [f"images/{letter}.jpg" for letter in "abcdefghin"] + ["images/p1.jpg", "images/p2.jpg"]
FILES += ["images/stray.jpg", "volumes/v.nii.gz", "annotations/lungVAE-masks/a_mask.png"]


@pytest.fixture
def final(plant: Callable[..., Path]) -> Path:
    return plant(*FILES, texts={"metadata.csv": FINAL + "".join(ROWS)})


def test_the_table_of_march_is_read_with_its_odd_header(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    files = [f"images/{letter}.jpeg" for letter in "abcd"]
    found = of(plant(*files, texts={"metadata.csv": MARCH}))
    assert found.archive == "covid_chestxray"
    assert [(s.label, s.attributes["url"]) for s in found.cohort.studies] == [
        ("covid", "http://u1"), ("covid", "http://u2"),
    ]  # fmt: skip
    assert {one.reason for one in found.left_out} == {"not frontal: L", "no radiograph: CT"}


def test_findings_by_levels_become_labels(final: Path, of: Callable[..., Indexed]) -> None:
    found = of(final)
    assert found.cohort.counts == {
        "normal": 1, "bacterial_pneumonia": 1, "viral_pneumonia": 1, "covid": 4,
    }  # fmt: skip
    assert found.cohort.studies[0].attributes["finding"] == "Pneumonia/Viral/COVID-19"


def test_everything_left_out_is_named_with_its_reason(
    final: Path, of: Callable[..., Indexed], reasons: Callable[[Indexed], dict[str, list[str]]]
) -> None:
    told = {reason: sorted(names) for reason, names in reasons(of(final)).items()}
    assert told == {
        "no finding told: todo": ["f.jpg"],
        "no finding told: Unknown": ["g.jpg"],
        "not frontal: L": ["h.jpg"],
        "no radiograph: CT": ["i.jpg"],
        "no radiograph: a CT volume": ["v.nii.gz"],
        "the file is not there": ["gone.jpg"],
        "the view is not told": ["n.jpg"],
        "no row in metadata.csv": ["stray.jpg"],
    }


def test_all_views_keep_lateral_films_and_slices_but_no_volume(
    final: Path, of: Callable[..., Indexed]
) -> None:
    found = of(final, frontal=False)
    names = {study.image.name for study in found.cohort.studies}
    assert {"h.jpg", "i.jpg", "n.jpg"} <= names
    assert "v.nii.gz" not in names


def test_patients_are_text_and_the_pooled_one_is_nobody(
    final: Path, of: Callable[..., Indexed], ids: Callable[[Indexed], dict[str, str]]
) -> None:
    patients = ids(of(final))
    assert patients["covid_chestxray/a.jpg"] == patients["covid_chestxray/b.jpg"]
    assert patients["covid_chestxray/c.jpg"] == "covid_chestxray-324a"
    assert patients["covid_chestxray/p1.jpg"] == "covid_chestxray/p1.jpg"
    confidence = {s.image.name: s.patient_id_confidence for s in of(final).cohort.studies}
    assert (confidence["a.jpg"], confidence["p1.jpg"]) == ("exact", "image_only")


def test_masks_fit_by_name(final: Path, of: Callable[..., Indexed]) -> None:
    masks = {s.image.name: s.lung_mask for s in of(final).cohort.studies}
    assert masks["a.jpg"] == final / "annotations/lungVAE-masks/a_mask.png"
    assert masks["b.jpg"] is None


def test_only_allowed_licences_stay_and_their_versions_count(
    final: Path, of: Callable[..., Indexed], reasons: Callable[[Indexed], dict[str, list[str]]]
) -> None:
    found = of(final, licences=("CC BY",))
    assert {study.image.name for study in found.cohort.studies} == {"c.jpg", "e.jpg"}
    assert reasons(found)["licence not allowed: CC BY-NC-SA"] == ["a.jpg"]
    assert len(reasons(found)["the licence is not told"]) == 4
    assert {s.image.name for s in of(final, licences=("cc-by-4.0",)).cohort.studies} == {
        "e.jpg"
    }


def test_children_are_left_out_and_unknown_ages_counted(
    final: Path, of: Callable[..., Indexed], reasons: Callable[[Indexed], dict[str, list[str]]]
) -> None:
    found = of(final, adults=True)
    assert reasons(found)["child: younger than 18 years"] == ["e.jpg"]
    assert "adults asked for, and the age is not told: 6 images, kept" in found.notes


def test_a_date_leaves_out_what_was_taken_later(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    files = [f"images/{letter}.jpeg" for letter in "abcd"]
    found = of(plant(*files, texts={"metadata.csv": MARCH}), revision="2020-02-15")
    assert reasons(found)["taken after 2020-02-15"] == ["b.jpeg"]
    assert found.cohort.studies[0].attributes["revision"] == "films until 2020-02-15"


@pytest.mark.parametrize("packed", [True, False])
def test_a_commit_is_compared_with_that_of_the_clone(
    final: Path, of: Callable[..., Indexed], packed: bool
) -> None:
    commit = "9b9c2d5" + "0" * 33
    (final / ".git/refs/heads").mkdir(parents=True)
    (final / ".git/HEAD").write_text("ref: refs/heads/master\n")
    if packed:
        (final / ".git/packed-refs").write_text(f"# pack\n{commit} refs/heads/master\n")
    else:
        (final / ".git/refs/heads/master").write_text(commit + "\n")
    assert of(final, revision="9b9c2d5").cohort.studies[0].attributes["revision"] == commit
    with pytest.raises(StudyError, match="git checkout abcdef1"):
        of(final, revision="abcdef1")


def test_a_commit_is_known_of_what_was_fetched(
    final: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    """``leanlung data fetch`` leaves its record beside the one folder of the zip file."""
    commit = "9b9c2d5" + "0" * 33
    record = final.parent / "fetched.json"
    record.write_text(json.dumps({"files": [{"commit": commit}]}))
    for asked in ("", "9b9c2d5"):
        found = of(final, revision=asked)
        assert found.cohort.studies[0].attributes["revision"] == commit
        assert not any("which revision" in note for note in found.notes)
    with pytest.raises(StudyError, match="fetch covid_chestxray --revision abcdef1"):
        of(final, revision="abcdef1")
    record.write_text('{"files": [{}]}')  # of a version that noted none
    assert any("which revision" in note for note in of(final).notes)


def test_a_commit_that_cannot_be_compared_is_written_down_as_told(
    final: Path, of: Callable[..., Indexed]
) -> None:
    found = of(final, revision="9B9C2D5")
    assert found.cohort.studies[0].attributes["revision"] == "9b9c2d5 (as told)"
    assert any("which revision" in note for note in of(final).notes)


@pytest.mark.parametrize("revision", ["2020-02-31", "june", "12"])
def test_what_is_neither_a_day_nor_a_commit_is_a_usage_error(
    final: Path, of: Callable[..., Indexed], revision: str
) -> None:
    with pytest.raises(UsageError, match="2020-06-30"):
        of(final, revision=revision)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("January 22, 2020", date(2020, 1, 22)),
        ("01/22/2020", date(2020, 1, 22)),
        ("2020-03-15", date(2020, 3, 15)),
        ("Mar 2020", date(2020, 3, 1)),
        ("2020", date(2020, 1, 1)),
        ("soon", None),
        ("2020-13-45", None),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, day: date | None) -> None:
    assert earliest(text) == day


@pytest.mark.parametrize(
    ("finding", "label"),
    [
        ("COVID-19", "covid"),
        ("COVID-19, ARDS", "covid"),
        ("Pneumonia/Viral/COVID-19", "covid"),
        ("ARDS", "ards"),
        ("Pneumocystis", "fungal_pneumonia"),
        ("Pneumonia/Fungal/Pneumocystis", "fungal_pneumonia"),
        ("Pneumonia/Viral/Influenza/H1N1", "viral_pneumonia"),
        ("Pneumonia/Viral/Herpes ", "viral_pneumonia"),
        ("Pneumonia/Lipoid", "other_pneumonia"),
        ("Pneumonia", "pneumonia"),
        ("No Finding", "normal"),
        ("no COVID-19 seen", "other_finding"),
    ],
)
def test_every_word_has_its_label(finding: str, label: str) -> None:
    assert label_of(finding) == label


def test_a_word_nobody_knows_is_told_and_no_class_of_another(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    table = FINAL + row(patientid="1", finding="Hernia", filename="a.jpg") + ROWS[1]
    found = of(plant("images/a.jpg", "images/b.jpg", texts={"metadata.csv": table}))
    assert found.cohort.counts == {"covid": 1, "other_finding": 1}
    assert (
        "findings without a label of their own are other_finding: 'Hernia' (1)" in found.notes
    )


def test_an_image_listed_twice_counts_once_and_never_under_two_labels(
    plant: Callable[..., Path],
    of: Callable[..., Indexed],
    reasons: Callable[[Indexed], dict[str, list[str]]],
) -> None:
    files, table = ("images/a.jpg",), FINAL + ROWS[0] + ROWS[0]
    found = of(plant(*files, texts={"metadata.csv": table}))
    assert reasons(found) == {"listed or lying there again": ["a.jpg"]}
    other = row(patientid="2", finding="No Finding", filename="a.jpg")
    with pytest.raises(StudyError, match="as 'covid' and as 'normal'"):
        of(plant(*files, texts={"metadata.csv": table + other}))


def test_a_row_of_the_archives_own_layout_that_has_no_filename_column_is_refused(
    plant: Callable[..., Path], of: Callable[..., Indexed]
) -> None:
    root = plant("images/a.jpg", texts={"metadata.csv": "patientid,finding\n1,COVID-19\n"})
    with pytest.raises(StudyError, match="no column 'view'"):
        of(root, "covid_chestxray")
