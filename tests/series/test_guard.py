"""The guard: nobody a stage is judged on is in the training part of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.foundations.errors import DataRefused
from leanlung.runs.gathering import Gathered
from leanlung.runs.series.guard import overlaps, require_apart, require_same_parts
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from leanlung.studies.split import Part


def stage(parts: dict[str, Part]) -> Gathered:
    """Make a stage of studies ``<patient>-<n>``."""
    studies = tuple(Study(one, one.split("-")[0], Path(one), "a") for one in parts)
    cohort = Cohort("made", ("a",), studies)
    return Gathered(cohort, torch.empty(0), {}, {}, parts, (), {}, "none")


APART = {
    "pretrain": stage({"p-1": "train", "q-1": "validation", "r-1": "test"}),
    "task": stage({"p-1": "train", "r-1": "test", "s-1": "test"}),
}


def test_stages_of_one_split_pass() -> None:
    found = overlaps(APART, [])
    assert len(found) == 8
    assert {(one.shared, one.alike) for one in found} == {(0, 0)}
    require_apart(found)


def test_a_test_patient_in_the_training_part_of_the_pretraining_is_refused() -> None:
    leaking = {**APART, "pretrain": stage({"p-1": "train", "r-2": "train"})}
    found = overlaps(leaking, [])
    [bad] = [one for one in found if one.shared]
    assert (bad.learns, bad.judged, bad.part) == ("pretrain", "task", "test")
    assert (bad.patients, bad.shared) == (2, 1)
    with pytest.raises(DataRefused, match="pretrain learns from 1 of 2 patients in the test"):
        require_apart(found)


def test_the_same_picture_under_another_patient_is_refused_too() -> None:
    found = overlaps(APART, [("s-1", "p-1")])
    bad = {(one.learns, one.judged, one.part, one.alike) for one in found if one.alike}
    assert bad == {("pretrain", "task", "test", 1), ("task", "task", "test", 1)}
    with pytest.raises(DataRefused, match="pairs of like pictures"):
        require_apart(found)


def test_a_stage_that_parts_a_study_elsewhere_is_refused() -> None:
    whole = stage({"p-1": "train", "q-1": "validation", "r-1": "test", "s-1": "test"})
    require_same_parts(whole, APART)
    moved = replace(APART["task"], parts={**APART["task"].parts, "s-1": "train"})
    with pytest.raises(DataRefused, match="stage task: study 's-1' is in the train part"):
        require_same_parts(whole, {"task": moved})
