"""An audit finds what was planted, and nothing where nothing was."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung.evaluation.audit import Audit
from leanlung.evaluation.probe import cross_validated
from leanlung.evaluation.sampling import Sampling
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.tables import read_table, write_table
from leanlung.runs.auditing import AUDIT, AuditPlan, audit, audit_data, audit_run
from leanlung.runs.films import read_films
from leanlung.runs.progress import Silent
from leanlung.statistics import auc
from leanlung.studies.layouts import read_cohort

Plant = Callable[..., Path]

FEW = AuditPlan(sampling=Sampling(resamples=100))


def by_name(found: Audit) -> dict[str, float]:
    return {one.name: one.auc.value for one in found.baselines}


def changed(manifest: Path, change: Callable[[int, dict], dict]) -> Path:
    rows = [change(n, row) for n, row in enumerate(read_table(manifest))]
    write_table(manifest, list(rows[0]), rows)
    return manifest


@pytest.fixture(scope="module")
def of_honest(honest: Path) -> Audit:
    return audit(honest, FEW)


@pytest.fixture(scope="module")
def of_marked(marked: Path) -> Audit:
    return audit(marked, FEW)


def test_a_disease_in_the_lungs_raises_no_alarm(of_honest: Audit) -> None:
    areas = by_name(of_honest)
    assert areas["whole"] > 0.9
    assert areas["lungs_only"] > 0.9
    for name in ("lungs_out", "border", "text"):
        assert areas[name] < 0.7, name
    assert of_honest.verdict == "nothing_found"
    assert (of_honest.alarm, of_honest.reasons) == (False, ())


def test_a_marker_in_the_corner_is_told_first(of_marked: Audit) -> None:
    areas = by_name(of_marked)
    for name in ("lungs_out", "border", "text"):
        assert areas[name] > 0.9, name
    assert of_marked.alarm
    named = " ".join(of_marked.reasons)
    assert all(f"{name}:" in named for name in ("lungs_out", "border", "text"))


def test_the_whole_film_is_the_headline_of_a_set_without_a_model(of_honest: Audit) -> None:
    whole = of_honest.baselines[0]
    assert whole.name == "whole"
    assert of_honest.headline.value == whole.auc.value
    assert whole.share.value == 1.0
    assert "5-fold" in of_honest.protocol
    assert whole.auc.studies == 120
    assert whole.auc.patients == 60


def test_it_is_the_same_each_time_and_json_holds_it(honest: Path, of_honest: Audit) -> None:
    assert audit(honest, FEW) == of_honest
    assert Audit.from_dict(json.loads(json.dumps(of_honest.as_dict()))) == of_honest
    with pytest.raises(StudyError, match="missing \\['baselines'\\]"):
        Audit.from_dict({k: v for k, v in of_honest.as_dict().items() if k != "baselines"})


def test_columns_are_set_beside_the_class_and_read_off_the_film(of_honest: Audit) -> None:
    tables = {one.column: one for one in of_honest.associations}
    assert list(tables) == ["source", "view", "sex", "age"]
    assert tables["source"].rows == ("A", "B")
    assert tables["source"].cramers_v.value < 0.2
    assert [one.column for one in of_honest.probes] == ["source", "view"]
    for one in of_honest.probes:  # nothing of the source is in these films
        assert not one.better_than_chance


def test_a_source_that_tells_the_class_and_shows_is_told(plant: Plant) -> None:
    manifest = plant(marker=1.0, patients=40)
    changed(manifest, lambda _, row: row | {"source": "X" if row["label"] == "ill" else "Y"})
    found = audit(manifest, FEW)
    [source] = [one for one in found.probes if one.column == "source"]
    assert source.accuracy.value > 0.9
    assert source.better_than_chance
    assert source.majority.value == pytest.approx(0.5)
    told = " ".join(found.cautions)
    assert "source nearly tells the class" in told
    assert "can be read off the film" in told
    assert "metadata" in told


def test_what_tells_the_patient_helps_no_probe(plant: Plant) -> None:
    manifest = plant(texture=True, disease=0.0)
    assert 0.3 < by_name(audit(manifest, FEW))["whole"] < 0.7
    # Were each film dealt out on its own, the texture would give the patient away.
    cohort = read_cohort(manifest)
    films = read_films(cohort, by_masks=True, progress=Silent())
    labels = np.array([study.label == "ill" for study in cohort.studies]).astype(np.int64)
    apart = cross_validated(films.features["whole"], labels, np.arange(len(labels)), seed=0)
    assert auc(labels == 1, apart[:, 1]) > 0.8


def test_masks_of_every_film_are_used_and_counted(of_honest: Audit) -> None:
    lungs = of_honest.lungs
    assert (lungs.rule, lungs.with_mask, lungs.without_mask) == ("masks", 120, 0)
    assert lungs.covered is None


def test_lungs_are_where_the_masks_say(plant: Plant) -> None:
    manifest = plant()
    elsewhere = np.zeros((64, 64), dtype=np.uint8)
    elsewhere[50:62, 4:60] = 255  # the planted disease lies higher
    for path in (manifest.parent / "masks").iterdir():
        Image.fromarray(elsewhere).save(path)
    areas = by_name(audit(manifest, FEW))
    assert areas["lungs_out"] > 0.9
    assert areas["lungs_only"] < 0.7


def test_where_masks_are_missing_one_rectangle_serves_for_all(plant: Plant) -> None:
    def without(n: int, row: dict) -> dict:
        return row | {"mask_path": ""} if n % 3 == 0 else row

    manifest = changed(plant(patients=30), without)
    lungs = audit(manifest, FEW).lungs
    assert (lungs.rule, lungs.with_mask, lungs.without_mask) == ("box", 40, 20)
    assert lungs.covered == pytest.approx(1.0, abs=0.01)
    forced = audit(manifest, replace(FEW, lungs="masks"))
    assert forced.lungs.rule == "masks"
    assert "20 films without a usable lung mask are left out of the probes" in forced.told
    assert forced.baselines[0].auc.studies == 40


def test_masks_that_do_not_fit_are_told_with_the_file(plant: Plant) -> None:
    manifest = plant(patients=30)
    wrong = manifest.parent / "masks" / "004-0.png"
    Image.fromarray(np.full((20, 64), 255, np.uint8)).save(wrong)
    (manifest.parent / "masks" / "005-0.png").unlink()
    found = audit(manifest, FEW)
    assert found.lungs.with_mask == 58
    told = "\n".join(found.lungs.unusable)
    assert "004-0.png: a lung mask of 20 x 64 pixels beside a film of 64 x 64" in told
    assert "005-0.png" in told


def test_asking_for_masks_where_none_is_names_what_to_do(plant: Plant) -> None:
    manifest = changed(plant(patients=12), lambda _, row: row | {"mask_path": ""})
    with pytest.raises(UsageError, match=r"no film has a lung mask.*--lungs box"):
        audit(manifest, replace(FEW, lungs="masks"))


def test_masks_may_lie_in_a_folder_or_a_table_of_their_own(plant: Plant) -> None:
    manifest = plant(patients=12)
    rows = read_table(manifest)
    table = manifest.parent / "lungs.csv"
    pairs = [{"image": row["image_path"], "mask": row["mask_path"]} for row in rows]
    write_table(table, ["image", "mask"], pairs)
    changed(manifest, lambda _, row: row | {"mask_path": ""})
    for masks in (table, manifest.parent / "masks"):
        found = audit(manifest, replace(FEW, masks=masks))
        assert (found.lungs.rule, found.lungs.with_mask) == ("masks", 24)
        assert f"{masks.name}: lung masks for 24 of 24 films" in found.told
    write_table(table, ["image", "mask"], [{"image": "other.png", "mask": "m.png"}])
    with pytest.raises(StudyError, match="none of its masks fits"):
        audit(manifest, replace(FEW, masks=table))


def test_without_a_source_that_part_is_left_out_and_told(plant: Plant) -> None:
    def bare(_: int, row: dict) -> dict:
        return {k: row[k] for k in ("image_path", "mask_path", "label", "patient_id")}

    found = audit(changed(plant(patients=30), bare), FEW)
    assert (found.associations, found.probes) == ((), ())
    assert "no source is written for any film: that part is left out" in found.told
    assert "metadata" not in by_name(found)


def test_one_source_alone_is_told_and_not_asked_for(plant: Plant) -> None:
    found = audit(changed(plant(patients=30), lambda _, row: row | {"source": "A"}), FEW)
    assert [one.column for one in found.probes] == ["view"]
    assert found.associations[0].cramers_v.value is None
    assert any(line.startswith("source: 1 value") for line in found.told)


def test_one_class_alone_still_gets_its_leaks_looked_for(plant: Plant) -> None:
    manifest = plant(patients=20)
    found = audit(manifest, replace(FEW, classes=("ill",)))
    assert (found.baselines, found.headline) == ((), None)
    assert found.verdict == "nothing_found"
    assert any("two are needed to probe for shortcuts" in line for line in found.told)


def test_a_class_of_few_patients_is_left_out_of_the_probes_and_told(plant: Plant) -> None:
    def rare(n: int, row: dict) -> dict:
        return row | {"label": "rare"} if n < 6 else row

    found = audit(changed(plant(patients=30), rare), FEW)
    assert found.classes["rare"] == 6
    assert any("class 'rare': 6 films of fewer than 5 patients" in one for one in found.told)
    assert found.baselines[0].auc.studies == 54


def test_unreadable_films_are_listed_and_the_rest_looked_at(plant: Plant) -> None:
    manifest = plant(patients=30)
    (manifest.parent / "films" / "003-1.png").write_bytes(b"nothing")
    found = audit(manifest, FEW)
    assert found.studies == 59
    [bad] = found.unreadable
    assert "003-1.png" in bad


def test_where_no_film_can_be_read_there_is_nothing_to_audit(plant: Plant) -> None:
    manifest = plant(patients=4)
    shutil.rmtree(manifest.parent / "films")
    with pytest.raises(StudyError, match=r"no film to audit; the first: .*000-0.png"):
        audit(manifest, FEW)


def test_a_column_that_is_not_there_is_a_usage_error(honest: Path) -> None:
    with pytest.raises(UsageError, match="no column 'ward'"):
        audit(honest, replace(FEW, columns=("ward",)))


def test_copies_between_parts_are_leaks_and_copies_of_strangers_are_told(plant: Plant) -> None:
    manifest = plant(patients=30)
    films = manifest.parent / "films"
    shutil.copy(films / "000-0.png", films / "004-0.png")
    shutil.copy(films / "001-0.png", films / "001-1.png")
    found = audit(manifest, FEW)
    assert not found.leaks
    [alike] = found.leakage.alike
    assert alike.studies == ("000-0.png", "004-0.png")
    assert alike.patients == ("p000", "p004")
    assert found.leakage.copies == 1
    part = {0: "train", 1: "validation", 2: "test"}
    changed(manifest, lambda n, row: row | {"split": part[(n // 4) % 3]})
    found = audit(manifest, FEW)
    assert found.leaks
    assert found.leakage.between == (
        "000-0.png (train) and 004-0.png (test) are the same picture",
    )
    assert found.leakage.parts == {"train": 20, "validation": 20, "test": 20}


def test_a_patient_in_two_parts_is_a_leak(plant: Plant) -> None:
    manifest = plant(patients=30)
    changed(manifest, lambda n, row: row | {"split": ("train", "test")[n % 2]})
    found = audit(manifest, FEW)
    assert len(found.leakage.between) == 30
    assert "share a patient" in found.leakage.between[0]


def test_unknown_patients_give_a_bound_on_what_is_shared(plant: Plant) -> None:
    def unknown(n: int, row: dict) -> dict:
        who = "image_only" if n >= 50 else "exact"
        patient = "" if n >= 50 else row["patient_id"]
        return row | {"patient_id": patient, "patient_id_confidence": who}

    manifest = changed(plant(patients=30), unknown)
    assert audit(manifest, FEW).leakage.may_share == 10
    # Ten unknown ones to be asked about: any may be somebody learnt from.
    changed(manifest, lambda n, row: row | {"split": "test" if n >= 40 else "train"})
    assert audit(manifest, FEW).leakage.may_share == 10
    # Unknown ones to learn from: anybody asked about may be among them.
    changed(manifest, lambda n, row: row | {"split": "train" if n >= 40 else "test"})
    assert audit(manifest, FEW).leakage.may_share == 40


def test_films_alike_are_kept_together_when_the_probe_is_asked(plant: Plant) -> None:
    """Every film stands there twice, under two patients: no fold may hold only one."""
    manifest = plant(disease=0.0, patients=30)
    rows = read_table(manifest)
    again = [
        row | {"study_id": f"again-{row['study_id']}", "patient_id": f"x{row['patient_id']}"}
        for row in rows
    ]
    write_table(manifest, list(rows[0]), rows + again)
    assert by_name(audit(manifest, FEW))["whole"] < 0.75


@pytest.fixture
def own_run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def test_a_run_is_audited_on_its_test_part_beside_its_network(own_run: Path) -> None:
    openings = (own_run / "openings.jsonl").read_text().splitlines()
    found = audit(own_run, FEW)
    metrics = json.loads((own_run / "seed-0/6-evaluate/evaluation.json").read_text())
    estimates = metrics["models"][metrics["chosen"]]["estimates"]
    [model] = [one for one in estimates if one["name"] == "macro_auc"]
    assert found.headline.value == pytest.approx(model["value"])
    assert found.headline.studies == found.baselines[0].auc.studies == model["studies"]
    assert "test part" in found.protocol
    assert set(found.leakage.parts) == {"train", "validation", "test"}
    assert Audit.from_dict(json.loads((own_run / AUDIT).read_text())) == found
    now = (own_run / "openings.jsonl").read_text().splitlines()
    assert now[:-1] == openings
    assert json.loads(now[-1])["again"] is True


def test_of_several_seeds_it_is_told_whose_network_is_the_headline(own_run: Path) -> None:
    shutil.copytree(own_run / "seed-0", own_run / "seed-7")
    results = json.loads((own_run / "metrics.json").read_text())
    results["seeds"]["7"] = results["seeds"]["0"]
    (own_run / "metrics.json").write_text(json.dumps(results))
    told = f"of the 2 seeds of {own_run}, the networks of seed 0 are looked at"
    assert told in audit(own_run, FEW).told


def test_of_an_unfinished_run_the_test_part_stays_sealed(own_run: Path) -> None:
    (own_run / "metrics.json").unlink()
    openings = (own_run / "openings.jsonl").read_text()
    found = audit_run(own_run, FEW)
    assert set(found.leakage.parts) == {"train", "validation"}
    assert any("stays sealed" in line for line in found.told)
    assert "5-fold" in found.protocol
    assert (own_run / "openings.jsonl").read_text() == openings


def test_classes_of_a_run_are_its_own_and_a_bundle_has_no_films(own_run: Path) -> None:
    with pytest.raises(UsageError, match="in its own classes"):
        audit(own_run, replace(FEW, classes=("upper",)))
    with pytest.raises(UsageError, match="is a bundle"):
        audit(own_run / "seed-0" / "8-export" / "bundle", FEW)
    with pytest.raises(UsageError, match="no run folder"):
        audit_run(own_run / "seed-0", FEW)


@pytest.mark.real
def test_real_films_tell_their_source_and_their_class_without_the_lungs(
    real_data: Path, tmp_path: Path
) -> None:
    rows = [
        row | {"path": str(real_data / row["path"])}
        for row in read_table(real_data / "cxr" / "metadata.csv")
        if row["label"] in {"normal", "bacterial_pneumonia", "covid"}
    ][::4]
    write_table(tmp_path / "some.csv", list(rows[0]), rows)
    found = audit_data(tmp_path / "some.csv", FEW)
    [source] = [one for one in found.probes if one.column == "source"]
    assert source.accuracy.low > source.majority.high
    assert source.balanced_accuracy.low > 0.4  # four sources: chance is 0.25
    table = found.associations[0]
    assert table.column == "source"
    # Counted anew from the rows, by the textbook formula.
    sources, labels = ([row[name] for row in rows] for name in ("source", "label"))
    chi = 0.0
    for one in set(sources):
        for other in set(labels):
            expected = sources.count(one) * labels.count(other) / len(rows)
            observed = list(zip(sources, labels, strict=True)).count((one, other))
            chi += (observed - expected) ** 2 / expected
    assert table.cramers_v.value == pytest.approx((chi / len(rows) / 2) ** 0.5)
    assert table.cramers_v.low > 0.6
    assert found.alarm
