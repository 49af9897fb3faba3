"""Flaws on purpose: what they are, and that every output says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leanlung.exports import load_bundle
from leanlung.runs import Options
from leanlung.runs.series import reproduce
from leanlung.runs.series.flaws import COPY
from leanlung.runs.series.tables import wald
from leanlung.statistics import read_predictions
from leanlung.studies.manifest import read_manifest
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from leanlung.runs.series import SeriesFolder

QUICK = (
    "as_published=true",
    "top.count=1",
    "task.three-classes.prune.rounds=1",
    "task.three-classes.train.epochs=1",
)


@pytest.fixture(scope="module")
def flawed(series_text: str, tmp_path_factory: pytest.TempPathFactory) -> SeriesFolder:
    folder = tmp_path_factory.mktemp("flawed")
    end = series_text.index("[task.ensemble]")
    after = series_text.index("[published")
    text = series_text[:end] + series_text[after:]
    (folder / "tiny.toml").write_text(text)
    options = Options(data=None, out=folder / "out", changes=QUICK, device="cpu")
    return reproduce(folder / "tiny.toml", options)


def test_the_validation_part_is_the_test_part(flawed: SeriesFolder) -> None:
    parts: dict[str, set[str]] = {"train": set(), "validation": set(), "test": set()}
    for study in read_manifest(flawed.cohort).studies:
        parts[study.attributes["split"]].add(study.study_id)
    assert parts["validation"] == {f"{name}{COPY}" for name in parts["test"]}
    assert len(parts["test"]) > 10


def test_the_choice_therefore_knows_the_answer(flawed: SeriesFolder) -> None:
    runs = json.loads(flawed.runs.read_text())
    [run] = [place for name, place in runs.items() if name.startswith("two-classes")]
    here = flawed.path / run / "seed-0"
    said = read_predictions(here / "2-fit/separable_cnn/predictions-validation.csv")
    answered = read_predictions(here / "6-evaluate/predictions-unpruned-test.csv")
    assert [name.removesuffix(COPY) for name in said.study_ids] == list(answered.study_ids)
    assert abs(said.probabilities - answered.probabilities).max() < 1e-5


def test_every_output_is_stamped(flawed: SeriesFolder) -> None:
    stamp = "AS PUBLISHED, FLAWS INCLUDED"
    assert flawed.path.name.startswith("tiny-as-published-")
    page = flawed.report.read_text(encoding="utf-8")
    assert stamp in page
    assert "as they print it" in page
    assert "before any test image was seen" not in page
    runs = json.loads(flawed.runs.read_text())
    assert len(runs) == 5
    for place in runs.values():
        page = (flawed.path / place / "report.html").read_text(encoding="utf-8")
        assert stamp in page
        assert "ALLOWED" in page  # the leaks that the engine finds by itself
        bundle = flawed.path / place / "seed-0/8-export/bundle"
        assert "As published, flaws included" in (bundle / "README.md").read_text()
        assert any(one["step"] == "as published" for one in load_bundle(bundle).history)
    [opening] = read_openings(flawed.openings)
    assert opening["chosen"].startswith("AS PUBLISHED, chosen on the test part itself")


def test_units_are_ranked_where_the_code_ranks_them(flawed: SeriesFolder) -> None:
    runs = json.loads(flawed.runs.read_text())
    [run] = [place for name, place in runs.items() if name.startswith("three-classes")]
    recipe = json.loads((flawed.path / run / "recipe.resolved.json").read_text())
    assert recipe["prune"]["rank_on"] == "validation"


def test_the_printed_interval_is_walds() -> None:
    """Rajaraman et al. 2020, Tables III and IV."""
    assert [round(end, 4) for end in wald(0.9842, 261)] == [0.9691, 0.9993]
    assert [round(end, 4) for end in wald(0.9977, 500)] == [0.9935, 1.0]
    assert wald(1.0, 261) == (1.0, 1.0)


def test_nothing_is_flawed_unless_the_file_says_so(finished_series: SeriesFolder) -> None:
    assert json.loads(finished_series.results.read_text())["as_published"] == []
    assert not [s for s in read_manifest(finished_series.cohort).studies if COPY in s.study_id]
