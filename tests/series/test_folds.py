"""Folds: each goes the whole way of the series without the patients it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leanlung.runs.candidates import load_candidate
from leanlung.runs.series import folds as module
from leanlung.runs.series.folds import Chain, draw_folds, out_of_fold_of

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series import SeriesFolder
    from leanlung.runs.work import Work


def test_a_fold_is_pruned_as_often_as_the_chosen_candidate(
    finished_series: SeriesFolder,
) -> None:
    checked = 0
    for name in json.loads(finished_series.top.read_text())["chosen"]:
        run = json.loads(finished_series.runs.read_text())[f"three-classes/{name}"]
        choice = json.loads(
            (finished_series.path / run / "seed-0/4-choose/choice.json").read_text()
        )
        for fold in (0, 1):
            place = finished_series.folds("three-classes", name, fold) / "seed-0"
            rounds = sorted(place.glob("3-prune/separable_cnn/round-*"))
            assert len(rounds) == choice["round"]
            last = load_candidate(rounds[-1])
            assert last.size.stored == choice["candidates"][choice["round"]]["size"]["stored"]
            begun = json.loads((place / "2-fit/separable_cnn/candidate.json").read_text())
            assert "with a new head" in begun["weights"]
            assert (place.parent / "pretrain/seed-0/2-fit/separable_cnn/step.json").is_file()
            checked += 1
    assert checked == 4


def test_no_stage_of_a_fold_sees_a_patient_that_the_fold_answers(
    finished_series: SeriesFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, before = works(finished_series)
    learnt: list[tuple[Path, set[str]]] = []

    class Stopped(Exception):  # noqa: N818
        pass

    def fit_whole(work: Work) -> None:
        patients = {study.patient_id for study in work.split.train.studies}
        assert len(work.train) == len(work.split.train.studies)
        learnt.append((work.folder.path, patients))
        if work.folder.path.name != "pretrain":
            raise Stopped

    monkeypatch.setattr(module, "fit_whole", fit_whole)
    monkeypatch.setattr(module, "_beginning_from", lambda work, *_: work)
    folds = draw_folds(task, 2, ())
    places = {0: tmp_path / "fold-0", 1: tmp_path / "fold-1"}
    chain = Chain("one", before, task, 0, tmp_path, places, ())
    with pytest.raises(Stopped):
        out_of_fold_of(chain, folds, pruned=False)
    answered = {s.patient_id for s in task.split.train.studies if folds[s.study_id] == 0}
    assert [path.name for path, _ in learnt] == ["pretrain", "fold-0"]
    for _, patients in learnt:
        assert patients
        assert not patients & answered


def test_a_picture_alike_to_one_that_is_answered_is_left_out_of_the_pretraining(
    finished_series: SeriesFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, before = works(finished_series)
    held = task.split.train.studies[0]
    other = next(s for s in before.split.train.studies if s.patient_id != held.patient_id)
    seen: list[set[str]] = []
    monkeypatch.setattr(
        module,
        "fit_whole",
        lambda work: seen.append({study.study_id for study in work.split.train.studies}),
    )
    alike = ((other.study_id, held.study_id),)
    chain = Chain("one", before, task, 0, tmp_path, {}, alike)
    held_cohort = task.split.train.where(lambda study: study.study_id == held.study_id)
    module._pretrained_without(chain, before, held_cohort, tmp_path)
    [names] = seen
    assert names
    assert not names & {held.study_id, other.study_id}


def works(folder: SeriesFolder) -> tuple[Work, Work]:
    """Give the work of a task and of the pre-training of a finished series."""
    from leanlung.networks.devices import pick_device
    from leanlung.runs.folder import RunFolder
    from leanlung.runs.gathering import gather
    from leanlung.runs.progress import Silent
    from leanlung.runs.reading import read_recipe
    from leanlung.runs.work import works_of

    runs = json.loads(folder.runs.read_text())
    name = json.loads(folder.top.read_text())["chosen"][0]
    found = []
    for stage in ("three-classes", "pretrain"):
        place = folder.path / runs[f"{stage}/{name}"]
        recipe = read_recipe(place / "recipe.toml")
        gathered = gather(
            recipe, folder.path, folder.path.parent, allow=False, progress=Silent()
        )
        device = pick_device("cpu")
        found += works_of(recipe, RunFolder(place), gathered, device, Silent(), (folder.path,))
    return found[0], found[1]
