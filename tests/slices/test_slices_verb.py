"""``leanlung data slices``: from volumes to pictures with a manifest."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import read_table
from leanlung.slices import CutSpec, gather, write_slices
from leanlung.slices import writing as room
from leanlung.studies.archives.indexing import index
from leanlung.studies.layouts import read_cohort
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax, write_nifti, write_series
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def call(*words: object) -> dict[str, Any]:
    found = CliRunner().invoke(app, ["data", "slices", *map(str, words), "--json"])
    assert found.exit_code == 0, found.output
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_an_archive_becomes_pictures_with_masks_labels_and_patients(
    scans: Path, tmp_path: Path
) -> None:
    answer = call(scans, "-o", tmp_path / "cut", "--size", 64, "--clahe")
    cohort = read_cohort(tmp_path / "cut")
    asked = index(scans).cohort
    assert answer["images"] == len(cohort.studies) == len(asked.studies)
    assert Counter(s.label for s in cohort.studies) == Counter(s.label for s in asked.studies)
    assert cohort.patients == asked.patients
    assert cohort.made_up
    assert answer["made_up"]
    first = cohort.studies[0]
    assert first.lung_mask is not None
    assert decode(first.image).shape == decode(first.lung_mask).shape == (64, 64)
    assert set(np.unique(decode(first.lung_mask))) == {0.0, 1.0}
    marked = next(s for s in cohort.studies if s.label == "infected")
    lesion = decode(tmp_path / "cut" / marked.attributes["lesion_path"])
    assert set(np.unique(lesion)) == {0.0, 1.0}
    assert marked.attributes["slice_index"].isdigit()


def test_labels_are_those_of_the_voxels(scans: Path, tmp_path: Path) -> None:
    call(scans, "-o", tmp_path / "cut", "--size", 32)
    thorax = draw_thorax(Seeds(0), 1, ThoraxSpec(patients=3, slices=(12, 16), size=96))
    truth = {
        index: "infected" if thorax.infection[index].any() else "clear"
        for index in range(len(thorax.lungs))
        if thorax.lungs[index].any()
    }
    rows = read_table(tmp_path / "cut" / "manifest.csv")
    found = {
        int(r["slice_index"]): r["label"] for r in rows if r["volume"] == "coronacases_002"
    }
    assert found == truth
    assert set(truth.values()) == {"infected", "clear"}


def test_halves_and_quadrants_name_their_lung(scans: Path, tmp_path: Path) -> None:
    answer = call(scans, "-o", tmp_path / "cut", "--crop", "quadrants", "--least-lung", 100)
    rows = read_table(tmp_path / "cut" / "manifest.csv")
    assert {row["lung"] for row in rows} == {
        "right-front", "right-back", "left-front", "left-back"
    }  # fmt: skip
    assert all(row["study_id"].endswith(f",lung={row['lung']}") for row in rows)
    assert rows
    left_out = read_table(tmp_path / "cut" / "left-out.csv")
    counted = {one["reason"]: one["images"] for one in answer["left_out"]}
    assert Counter(row["reason"] for row in left_out) == counted
    slices = len(index(scans).cohort.studies)
    assert len(rows) + len(left_out) == 4 * slices


def test_spacing_follows_the_crop(scans: Path, tmp_path: Path) -> None:
    call(scans, "-o", tmp_path / "whole", "--crop", "none", "--size", 48)
    row = read_table(tmp_path / "whole" / "manifest.csv")[0]
    assert [float(one) for one in row["spacing_mm"].split()][1:] == pytest.approx(
        [400 / 48] * 2, rel=1e-3
    )


def test_one_volume_with_its_masks(scans: Path, tmp_path: Path) -> None:
    answer = call(
        scans / "ct_scans" / "coronacases_org_001.nii.gz", "-o", tmp_path / "cut",
        "--lung-mask", scans / "lung_mask" / "coronacases_001.nii.gz",
        "--infection-mask", scans / "infection_mask" / "coronacases_001.nii.gz",
        "--window", "mediastinum",
    )  # fmt: skip
    assert set(answer["classes"]) == {"clear", "infected"}
    assert answer["patients"] == 1
    assert {row["window"] for row in read_table(tmp_path / "cut" / "manifest.csv")} == {
        "mediastinum"
    }


def test_without_masks_lungs_are_found_by_their_air_and_counted(
    scans: Path, tmp_path: Path
) -> None:
    path = scans / "ct_scans" / "coronacases_org_001.nii.gz"
    answer = call(path, "-o", tmp_path / "cut", "--window", "mediastinum")
    assert answer["lungs_found_by_air"] == answer["images"] > 0
    assert list(answer["classes"]) == ["unlabelled"]
    rows = read_table(tmp_path / "cut" / "manifest.csv")
    assert {row["lung_mask_by"] for row in rows} == {"air"}


def test_a_dicom_series_tells_its_patient(tmp_path: Path) -> None:
    thorax = draw_thorax(Seeds(0), 0, ThoraxSpec(slices=(6, 6), size=64))
    write_series(tmp_path / "series", thorax, patient="p-7")
    call(tmp_path / "series", "-o", tmp_path / "cut", "--crop", "none", "--size", 64)
    cohort = read_cohort(tmp_path / "cut")
    assert (cohort.patients, len(cohort.studies), cohort.made_up) == (("p-7",), 6, True)


def test_a_manifest_of_pictures_with_masks_in_its_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), rng.integers(0, 255, (60, 60), np.uint8))
        lung = np.zeros((60, 60), np.uint8)
        lung[10:50, 5:25] = lung[10:50, 35:55] = 255
        cv2.imwrite(str(tmp_path / f"{name}-lung.png"), lung)
        lung[:, :30] = 0
        cv2.imwrite(str(tmp_path / f"{name}-infection.png"), lung * (name == "a"))
    rows = [f"{n}.png,sick,p,{n}-lung.png,{n}-infection.png" for n in "ab"]
    text = "\n".join(["path,label,patient_id,lung_mask,infection_mask", *rows])
    (tmp_path / "metadata.csv").write_text(text + "\n")
    call(tmp_path / "metadata.csv", "-o", tmp_path / "cut", "--crop", "left-right")
    found = {r["study_id"]: r["label"] for r in read_table(tmp_path / "cut" / "manifest.csv")}
    assert found == {
        "a.png,lung=right": "clear", "a.png,lung=left": "infected",
        "b.png,lung=right": "clear", "b.png,lung=left": "clear",
    }  # fmt: skip


def test_a_slice_that_cannot_be_read_is_left_out_and_the_others_go_on(
    scans: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(scans, tmp_path / "scans")
    path = root / "ct_scans" / "coronacases_org_001.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    answer = call(root, "-o", tmp_path / "cut", "--size", 32)
    assert answer["patients"] == 2
    reasons = [one["reason"] for one in answer["left_out"]]
    assert len(reasons) == 1
    assert "truncated or damaged" in reasons[0]


def test_a_finished_folder_and_a_strange_one_are_refused(scans: Path, tmp_path: Path) -> None:
    cohort, _ = gather(scans)
    write_slices(cohort, tmp_path / "cut", CutSpec(size=16))
    with pytest.raises(StudyError, match="holds slices already"):
        write_slices(cohort, tmp_path / "cut", CutSpec(size=16))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("x")
    with pytest.raises(StudyError, match="something else"):
        write_slices(cohort, tmp_path / "other", CutSpec(size=16))


def test_an_attempt_that_did_not_end_is_begun_anew(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, _ = gather(scans)
    whole = room._save
    count: list[Path] = []

    def stops(path: Path, plane: NDArray[np.uint8]) -> None:
        count.append(path)
        if len(count) > 20:
            raise KeyboardInterrupt
        whole(path, plane)

    monkeypatch.setattr(room, "_save", stops)
    with pytest.raises(KeyboardInterrupt):
        write_slices(cohort, tmp_path / "cut", CutSpec(size=16), workers=1)
    assert not (tmp_path / "cut" / "manifest.csv").exists()
    monkeypatch.setattr(room, "_save", whole)
    written = write_slices(cohort, tmp_path / "cut", CutSpec(size=16), workers=2)
    assert len(list((tmp_path / "cut" / "images").iterdir())) == len(written.cohort.studies)


def test_any_number_of_threads_writes_the_same_manifest(scans: Path, tmp_path: Path) -> None:
    cohort, _ = gather(scans)
    for workers in (1, 3):
        write_slices(cohort, tmp_path / str(workers), CutSpec(size=16), workers=workers)
    one, three = ((tmp_path / n / "manifest.csv").read_bytes() for n in ("1", "3"))
    assert one == three


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--label", "halves"], "--label halves does not go with --crop lungs"),
        (["--window", "bones"], "no window 'bones'"),
        (["--clahe", "--tiles", "0"], "1 to 64 tiles"),
        (["--series", "1"], "go for one volume alone"),
    ],
)
def test_flags_that_do_not_fit_are_refused(
    scans: Path, tmp_path: Path, words: Any, found: Any
) -> None:
    told = CliRunner().invoke(
        app, ["data", "slices", str(scans), "-o", str(tmp_path / "x"), *words]
    )
    assert told.exit_code == UsageError.exit_code
    assert found in told.stderr
    assert not (tmp_path / "x").exists()


def test_a_mask_that_does_not_fit_its_volume_ends_the_verb(scans: Path, tmp_path: Path) -> None:
    write_nifti(tmp_path / "mask.nii.gz", np.zeros((3, 96, 96), np.uint8), (1.0, 1.0, 1.0))
    with pytest.raises(StudyError, match="is it the mask of another volume"):
        gather(
            scans / "ct_scans" / "coronacases_org_001.nii.gz",
            lung_mask=tmp_path / "mask.nii.gz",
        )


@pytest.mark.real
def test_halves_of_infected_slices_have_both_labels(real_data: Path, tmp_path: Path) -> None:
    cohort, _ = gather(real_data / "ct" / "metadata.csv", classes=("covid_infected_slice",))
    few = cohort.where(lambda study: int(float(study.attributes["slice_order"])) % 25 == 0)
    written = write_slices(few, tmp_path / "cut", CutSpec(size=64, crop="left-right"))
    assert min(written.cohort.counts.values()) > 2
    assert len(written.cohort.studies) + len(written.left_out) == 2 * len(few.studies)
