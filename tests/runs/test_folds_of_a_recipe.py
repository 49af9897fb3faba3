"""A recipe leaves patients out fold by fold, balances the others, and is pooled over folds."""

import json
from collections import Counter
from pathlib import Path

import pytest

from leanlung.foundations.errors import RecipeError, RunError, TrainingError, UsageError
from leanlung.runs import Options, Silent, check_run, pooled_folds, read_recipe, run
from leanlung.runs.folder import run_name
from leanlung.runs.gathering import Gathered, gather
from leanlung.runs.reading import paper_path, read_as
from leanlung.runs.series.recipe import Series
from leanlung.runs.split import SplitSection
from leanlung.statistics import read_predictions

FAST = (
    "prune.rounds=0", "train.epochs=1", "evaluate.resamples=100", "split.folds=2",
    "train.balance=smote_pixels", "train.class_weights=none", "train.smote.neighbours=1",
)  # fmt: skip


def lopsided(folder: Path, films: Path) -> Path:
    """Leave out films of class lower: of the odd patients from 013 on."""
    lines = (films / "manifest.csv").read_text().splitlines()
    kept = [one for one in lines if ",lower," not in one or one.split(",")[2] < "p013"]
    path = folder / "manifest.csv"
    path.write_text("\n".join(one.replace("films/", f"{films}/films/") for one in kept) + "\n")
    return path


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, small_films: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("folds")
    data = lopsided(folder, small_films / "data")
    return [
        run(
            small_films / "small.toml",
            Options(
                data=data, out=folder / "runs", device="cpu",
                changes=(*FAST, f"split.fold={fold}"),
            ),
        ).path
        for fold in range(2)
    ]  # fmt: skip


def parts(folder: Path) -> dict[str, str]:
    rows = (folder / "split.csv").read_text().splitlines()[1:]
    return dict(row.rsplit(",", 1) for row in rows)


def test_every_patient_is_tested_once_over_the_folds(folds: list[Path]) -> None:
    tested = [{name for name, part in parts(one).items() if part == "test"} for one in folds]
    assert not tested[0] & tested[1]
    assert tested[0] | tested[1] == set(parts(folds[0]))
    assert folds[0] != folds[1]
    page = folds[1].joinpath("report.html").read_text(encoding="utf-8")
    assert "By patient, fold 1 (from 0) of 2" in page


def test_folds_are_pooled_with_every_patient_once(folds: list[Path]) -> None:
    unpruned, chosen = pooled_folds([folds[1], folds[0]])  # whatever their order
    single = [
        read_predictions(one / "seed-0/6-evaluate/predictions-unpruned-test.csv")
        for one in folds
    ]
    assert unpruned.study_ids == single[0].study_ids + single[1].study_ids
    assert (unpruned.model, chosen.model) == ("unpruned", "chosen")
    assert (chosen.probabilities == unpruned.probabilities).all()  # nothing was pruned
    assert unpruned.patient_count == len({*single[0].patient_ids, *single[1].patient_ids})


def test_what_is_not_all_folds_of_one_recipe_is_refused(
    folds: list[Path], finished: Path
) -> None:
    with pytest.raises(UsageError, match=r"runs of the folds \[0\] of 2; one run of each"):
        pooled_folds(folds[:1])
    with pytest.raises(UsageError, match=r"runs of the folds \[0\] of 0"):
        pooled_folds([finished])
    with pytest.raises(RunError):
        pooled_folds(folds, seed=7)


def test_what_was_made_up_is_told(folds: list[Path]) -> None:
    """By class before and after; validation and test stay as they are."""
    data = json.loads((folds[0] / "data.json").read_text())
    seen = data["parts"]["train"]["studies"]
    told = json.loads((folds[0] / "seed-0/2-fit/separable_cnn/candidate.json").read_text())[
        "balance"
    ]
    assert told["kind"] == "smote_pixels"
    assert told["before"] == seen
    assert seen["lower"] < seen["upper"]
    assert told["after"] == dict.fromkeys(seen, seen["upper"])
    of_all = Counter(part for part in parts(folds[0]).values())
    assert sum(seen.values()) == of_all["train"]
    card = (folds[0] / "seed-0/8-export/bundle/README.md").read_text(encoding="utf-8")
    assert f"smote_pixels: lower {seen['lower']} to {seen['upper']}" in card


def gathered(films: Path, recipe: Path, *changes: str, allow: bool = False) -> Gathered:
    out = recipe.parent / "out"
    return gather(read_recipe(recipe, changes), films, out, allow=allow, progress=Silent())


def test_too_few_for_the_neighbours_is_told_before_anything_is_fitted(
    tmp_path: Path, small_films: Path, recipe_file: Path
) -> None:
    data = lopsided(tmp_path, small_films / "data")
    changes = ("train.balance=smote_pixels", "train.class_weights=none")
    changes += ("train.smote.neighbours=30",)
    options = Options(data=data, out=tmp_path / "runs", device="cpu", changes=changes)
    with pytest.raises(TrainingError, match=r"lower smote\.neighbours"):
        run(recipe_file, options)
    assert not list((tmp_path / "runs").rglob("step.json"))
    checked = check_run(str(recipe_file), data, changes)
    assert any("lower smote.neighbours" in one for one in checked.mistakes)


@pytest.fixture
def leaky(recipe_file: Path) -> Path:
    """Top-level keys come first in TOML."""
    recipe_file.write_text(
        'as_published = ["Parts are drawn by slice."]\n' + recipe_file.read_text()
    )
    return recipe_file


def test_parts_by_image_go_on_with_every_leak_counted(films: Path, leaky: Path) -> None:
    found = gathered(films, leaky, "split.by=image")
    where: dict[str, set[str]] = {}
    for study in found.cohort.studies:
        where.setdefault(study.patient_id, set()).add(found.parts[study.study_id])
    doubled = sum(len(one) == 2 for one in where.values())  # every patient has two films
    assert doubled > 5
    assert len(found.as_dict()["leaks_allowed"]) == doubled
    told = check_run(str(leaky), films, ["split.by=image"]).told
    assert f"{doubled} leaks allowed, as parts are drawn by image" in told


def test_the_page_of_parts_by_image_is_stamped(films: Path, leaky: Path) -> None:
    changes = ("split.by=image", "prune.rounds=0", "train.epochs=1", "evaluate.resamples=100")
    out = leaky.parent / "runs"
    done = run(leaky, Options(data=films, out=out, device="cpu", changes=changes))
    leaks = len(json.loads(done.data.read_text())["leaks_allowed"])
    page = done.report.read_text(encoding="utf-8")
    assert f"{leaks} LEAKS ALLOWED" in page
    assert "Parts are drawn by slice." in page
    assert "By image, not by patient" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["split.by=image"], "split.by: parts drawn by image share patients; give the flaw"),
        (["split.by=image", "as_published=['']"], "split.by: parts drawn by image share"),
        (["split.folds=5", "split.fold=5"], "fold = 5 of folds = 5: two folds or more"),
        (["split.fold=1"], "fold = 1 of folds = 0"),
        (["split.folds=1"], "two folds or more"),
        (["split.folds=3", "split.by=manifest"], "they are drawn by patient; by is 'manifest'"),
    ],
)
def test_splits_that_cannot_be_are_told(
    recipe_file: Path, changes: list[str], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe(recipe_file, changes)


def test_runs_of_before_keep_their_names(recipe_file: Path) -> None:
    recipe = read_recipe(recipe_file)
    assert not {"folds", "fold"} & recipe.model_dump()["split"].keys()
    fold = read_recipe(recipe_file, ["split.folds=3", "split.fold=2"])
    assert fold.model_dump()["split"]["fold"] == 2
    assert SplitSection.model_validate(fold.split.model_dump(mode="json")) == fold.split
    others = [read_recipe(recipe_file, ["split.folds=3", f"split.fold={n}"]) for n in range(3)]
    assert len({run_name(one, "data") for one in (recipe, *others)}) == 4


def test_a_series_has_no_folds() -> None:
    path = paper_path("rajaraman2020-small")
    with pytest.raises(RecipeError, match=r"split\.folds: a series draws its parts once"):
        read_as(Series, path, ["split.folds=3"])
