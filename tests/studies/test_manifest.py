"""A manifest that anyone can write is read as meant, or refused line by line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.layouts import read_cohort
from leanlung.studies.manifest import read_manifest
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST = "image_path,label,patient_id\n1.png,covid,ann\n2.png,normal,bob\n"


def saved(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, text: str) -> str:
    with pytest.raises(StudyError) as caught:
        read_manifest(saved(path, text))
    assert str(caught.value).startswith(str(path))
    return str(caught.value).removeprefix(str(path))


def test_three_columns_are_enough(tmp_path):
    cohort = read_manifest(saved(tmp_path / "films.csv", SMALLEST))
    assert cohort == Cohort(
        "films",
        ("covid", "normal"),
        (
            Study("1.png", "ann", tmp_path / "1.png", "covid"),
            Study("2.png", "bob", tmp_path / "2.png", "normal"),
        ),
    )


def test_all_columns_reach_their_field_and_the_others_become_attributes(tmp_path):
    text = (
        "study_id,image_path,mask_path,label,patient_id,patient_id_confidence,view,ward\n"
        "s1,1.png,m.png,covid,ann,derived,PA,7\n"
        "s2,2.png,,covid,ann,,,\n"
    )
    first, second = read_manifest(saved(tmp_path / "a.csv", text)).studies
    assert first == Study(
        "s1",
        "ann",
        tmp_path / "1.png",
        "covid",
        "derived",
        tmp_path / "m.png",
        {"view": "PA", "ward": "7"},
    )
    assert second == Study("s2", "ann", tmp_path / "2.png", "covid")


def test_path_is_image_path_and_licence_is_license(tmp_path):
    text = "path;label;patient_id;licence\n1.png;covid;ann;CC0\n"
    [study] = read_manifest(saved(tmp_path / "a.csv", text)).studies
    assert study.image == tmp_path / "1.png"
    assert study.attributes == {"license": "CC0"}


def test_where_both_names_stand_the_design_s_counts_and_the_other_is_an_attribute(tmp_path):
    text = "path,image_path,label,patient_id\nold.png,1.png,covid,ann\n"
    [study] = read_manifest(saved(tmp_path / "a.csv", text)).studies
    assert study.image == tmp_path / "1.png"
    assert study.attributes == {"path": "old.png"}


def test_a_patient_nobody_knows_is_its_own(tmp_path):
    text = "image_path,label,patient_id,patient_id_confidence\n1.png,covid,,image_only\n"
    [study] = read_manifest(saved(tmp_path / "a.csv", text)).studies
    assert study.patient_id == study.study_id == "1.png"
    assert study.patient_id_confidence == "image_only"


@pytest.mark.parametrize("word", ["nan", "NA", "None", "unknown", "N/A", "-"])
def test_a_word_for_nobody_is_no_patient(tmp_path, word):
    # Otherwise all rows that a script filled with it would be one huge patient.
    text = SMALLEST.replace("ann", word).replace("bob", word)
    told = refusal(tmp_path / "a.csv", text)
    assert told.startswith(f" has 2 mistakes:\n  line 2: no patient_id for 1.png ({word!r});")


def test_a_word_for_nobody_under_image_only_leaves_every_image_a_patient_of_its_own(tmp_path):
    rows = "1.png,covid,unknown,image_only\n2.png,covid,unknown,image_only\n"
    text = "image_path,label,patient_id,patient_id_confidence\n" + rows
    assert read_manifest(saved(tmp_path / "a.csv", text)).patients == ("1.png", "2.png")


def test_a_patient_of_two_classes_is_read_and_told(tmp_path):
    text = SMALLEST + "3.png,normal,ann\n"
    assert read_manifest(saved(tmp_path / "a.csv", text)).mixed_patients == ("ann",)


@pytest.mark.parametrize("base", ["a/b", "root", "a"])
def test_paths_are_meant_from_the_manifest_the_root_or_the_folder_above(tmp_path, base):
    saved(tmp_path / base / "1.png", "")
    manifest = saved(tmp_path / "a/b/m.csv", SMALLEST)
    cohort = read_manifest(manifest, tmp_path / "root")
    assert [study.image for study in cohort.studies] == [
        tmp_path / base / "1.png",
        tmp_path / base / "2.png",
    ]


def test_the_manifests_own_folder_comes_first(tmp_path):
    for base in ("a", "b/a", "b"):
        saved(tmp_path / base / "1.png", "")
    [first, _] = read_manifest(saved(tmp_path / "b/a/m.csv", SMALLEST), tmp_path / "a").studies
    assert first.image == tmp_path / "b/a/1.png"


def test_one_image_that_is_gone_does_not_hide_where_the_others_lie(tmp_path):
    saved(tmp_path / "root" / "2.png", "")
    cohort = read_manifest(saved(tmp_path / "a/m.csv", SMALLEST), tmp_path / "root")
    assert [study.image.parent for study in cohort.studies] == [tmp_path / "root"] * 2


def test_absolute_paths_stay_and_do_not_say_where_the_others_lie(tmp_path):
    far = saved(tmp_path / "far" / "1.png", "")
    saved(tmp_path / "root" / "2.png", "")
    manifest = saved(tmp_path / "a/m.csv", SMALLEST.replace("1.png", str(far)))
    cohort = read_manifest(manifest, tmp_path / "root")
    assert [study.image for study in cohort.studies] == [far, tmp_path / "root" / "2.png"]


def test_paths_as_windows_writes_them_lead_to_the_file(tmp_path):
    image, mask = (saved(tmp_path / "root" / name / "1.png", "") for name in ("films", "lungs"))
    text = "image_path,mask_path,label,patient_id\nfilms\\1.png,lungs\\1.png,covid,ann\n"
    [study] = read_manifest(saved(tmp_path / "a/m.csv", text), tmp_path / "root").studies
    assert (study.image, study.lung_mask) == (image, mask)


def test_a_name_that_holds_a_backslash_is_taken_as_it_stands(tmp_path):
    image = saved(tmp_path / "a\\1.png", "")
    saved(tmp_path / "a" / "1.png", "")
    manifest = saved(tmp_path / "m.csv", SMALLEST.replace("1.png", "a\\1.png"))
    assert read_manifest(manifest).studies[0].image == image


def test_where_no_image_is_found_paths_are_meant_from_the_manifest(tmp_path):
    [first, _] = read_manifest(saved(tmp_path / "m.csv", SMALLEST), tmp_path / "root").studies
    assert first.image == tmp_path / "1.png"


def test_a_header_alone_is_refused(tmp_path):
    told = refusal(tmp_path / "a.csv", "image_path,label,patient_id\n")
    assert told == ": a header without rows; one row an image was expected"


@pytest.mark.parametrize(
    ("column", "written", "meant"),
    [
        ("label", "labels", "labels"),
        ("patient_id", "Patient ID", "Patient ID"),
        ("image_path", "IMAGE_PATH", "IMAGE_PATH"),
    ],
)
def test_a_missing_column_is_named_with_what_there_is(tmp_path, column, written, meant):
    told = refusal(tmp_path / "a.csv", SMALLEST.replace(column, written, 1))
    columns = sorted({"image_path", "label", "patient_id"} - {column} | {written})
    assert told == (
        f": no column {column!r} (columns are {columns}); did you mean {meant!r}?; "
        "image_path, label, patient_id are required"
    )


def test_a_row_without_a_label_a_patient_or_an_image_is_named_by_its_line(tmp_path):
    text = (
        "image_path,label,patient_id\n"
        "1.png,covid,ann\n"
        "2.png,,bob\n"
        "\n"
        "4.png,covid,\n"
        '"a\n5.png",,\n'
        ",normal,dan\n"
    )
    assert refusal(tmp_path / "a.csv", text) == (
        " has 5 mistakes:\n"
        "  line 3: no label for 2.png\n"
        "  line 5: no patient_id for 4.png; write it, or image_only under "
        "patient_id_confidence if nobody knows\n"
        "  line 6: no label for a\n5.png\n"
        "  line 6: no patient_id for a\n5.png; write it, or image_only under "
        "patient_id_confidence if nobody knows\n"
        "  line 8: no image_path"
    )


@pytest.mark.parametrize(("rows", "more"), [(10, ""), (11, "1"), (25, "15")])
def test_up_to_ten_rows_are_listed_and_the_rest_are_counted(tmp_path, rows, more):
    lines = "".join(f"{row}.png,,ann\n" for row in range(rows))
    told = refusal(tmp_path / "a.csv", "image_path,label,patient_id\n" + lines)
    assert told.startswith(f" has {rows} mistakes:\n  line 2: no label for 0.png\n")
    assert told.count("\n  line ") == 10
    assert told.endswith(f"\n  … and {more} more" if more else "line 11: no label for 9.png")


def test_a_word_that_is_no_confidence_is_refused_with_what_was_probably_meant(tmp_path):
    text = "image_path,label,patient_id,patient_id_confidence\n1.png,covid,ann,exakt\n"
    assert refusal(tmp_path / "a.csv", text) == (
        " has a mistake:\n  line 2: patient_id_confidence 'exakt' is none of "
        "['exact', 'derived', 'image_only']; did you mean 'exact'?"
    )


def test_an_id_that_stands_twice_is_refused(tmp_path):
    text = "study_id,image_path,label,patient_id\ns,1.png,covid,ann\ns,2.png,covid,bob\n"
    with pytest.raises(StudyError, match=r"a: study id 's' stands 2 times"):
        read_manifest(saved(tmp_path / "a.csv", text))


def test_an_image_listed_twice_without_ids_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"a: study id '1\.png' stands 2 times"):
        read_manifest(saved(tmp_path / "a.csv", SMALLEST + "1.png,normal,ann\n"))


@pytest.mark.real
@pytest.mark.parametrize("data", ["cxr", "cxr/metadata.csv"])
def test_the_real_metadata_reads_as_it_stands(real_data, data):
    cohort = read_cohort(real_data / data)
    assert len(cohort.studies) == 2202
    assert len(cohort.patients) == 1725
    assert cohort.counts == {
        "covid": 731,
        "normal": 572,
        "bacterial_pneumonia": 267,
        "viral_pneumonia": 272,
        "other_pneumonia": 360,
    }
    assert all(study.image.is_file() for study in cohort.studies)


@pytest.mark.real
def test_the_real_metadata_keep_what_an_audit_needs(real_data):
    studies = read_cohort(real_data, "cxr/metadata.csv").studies
    known = Counter(name for study in studies for name in study.attributes)
    assert known["source"] == known["license"] == len(studies)
    assert known["view"] > 0
    assert known["age"] > 0
