"""A run does everything once, tells what it did, and goes on where it was stopped."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from leanlung.exports import load_bundle
from leanlung.foundations.errors import UsageError
from leanlung.foundations.tables import read_table
from leanlung.runs import Options, open_run, run, summary_of
from leanlung.runs.reporting import write_report
from leanlung.runs.stages import evaluating
from leanlung.statistics import compare, read_predictions


def here(finished: Path, *parts: str) -> Path:
    return finished.joinpath("seed-0", *parts)


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_folder_holds_what_the_design_says(finished: Path) -> None:
    assert sorted(path.name for path in finished.iterdir()) == [
        "cohort.csv", "data.json", "environment.json", "metrics.json", "openings.jsonl",
        "recipe.resolved.json", "recipe.toml", "report.html", "seed-0", "split.csv", "tables",
    ]  # fmt: skip
    steps = sorted(
        path.parent.relative_to(here(finished)) for path in finished.rglob("step.json")
    )
    assert [step.as_posix() for step in steps] == [
        "2-fit/separable_cnn",
        "3-prune/separable_cnn/round-01",
        "3-prune/separable_cnn/round-02",
        "4-choose",
        "6-evaluate",
        "8-export",
    ]


def test_its_name_says_recipe_and_hash(finished: Path) -> None:
    name, _, digest = finished.name.rpartition("-")
    assert name == "small"
    assert len(bytes.fromhex(digest)) == 4


def test_widths_follow_the_schedule(finished: Path) -> None:
    kept = [
        read(here(finished, "3-prune/separable_cnn", f"round-0{n}", "lineage.json"))["kept"]
        for n in (1, 2)
    ]
    assert [[len(places) for places in one.values()] for one in kept] == [
        [48, 96, 192],
        [32, 64, 128],
    ]
    first, second = kept
    assert all(set(second[name]) < set(first[name]) for name in first)


def test_the_test_part_was_opened_once_after_the_choice(finished: Path) -> None:
    (opening,) = map(json.loads, (finished / "openings.jsonl").read_text().splitlines())
    choice = read(here(finished, "4-choose/choice.json"))
    assert opening["chosen"] == choice["chosen"]
    assert opening["again"] is False
    split = read_table(finished / "split.csv")
    assert opening["studies"] == sum(row["part"] == "test" for row in split)


def test_no_test_study_is_in_anything_made_before_the_choice(finished: Path) -> None:
    test = {
        row["study_id"] for row in read_table(finished / "split.csv") if row["part"] == "test"
    }
    for path in finished.rglob("predictions-validation.csv"):
        assert test.isdisjoint(row["study_id"] for row in read_table(path))


def test_the_verdict_is_what_compare_gives_for_the_stored_predictions(finished: Path) -> None:
    measured = read(finished / "metrics.json")["seeds"]["0"]
    folder = here(finished, "6-evaluate")
    pair = [
        read_predictions(folder / f"predictions-{name}-test.csv", model=name)
        for name in ("unpruned", measured["chosen"])
    ]
    again = compare(*pair, metric="macro_auc", margin=0.1, resamples=200, seed=0)
    found = measured["comparison"]
    assert found["difference"]["value"] == again.difference.value
    assert found["margin"] == 0.1
    assert found["verdict"] in {"non_inferior", "inferior", "inconclusive"}
    assert found["difference"]["studies"] == len(pair[0])


def test_every_rate_is_a_whole_number_of_studies(finished: Path) -> None:
    for model in read(finished / "metrics.json")["seeds"]["0"]["models"].values():
        accuracy = next(one for one in model["estimates"] if one["name"] == "accuracy")
        right = accuracy["value"] * accuracy["studies"]
        assert right == pytest.approx(round(right), abs=1e-9)


def test_the_bundle_is_the_chosen_network(finished: Path) -> None:
    choice = read(here(finished, "4-choose/choice.json"))
    bundle = load_bundle(here(finished, "8-export/bundle"))
    assert bundle.name == f"small-{choice['chosen']}"
    assert bundle.classes == ("upper", "lower")
    stored = read(here(finished, "8-export/bundle/metrics.json"))["size"]["stored"]
    assert sum(p.numel() for p in bundle.network.parameters()) == stored


def test_standardisation_comes_from_the_training_part_alone(
    finished: Path, tmp_path: Path
) -> None:
    import cv2
    import numpy as np
    from PIL import Image

    bundle = load_bundle(here(finished, "8-export/bundle"))
    rows = [row for row in read_table(finished / "cohort.csv") if row["split"] == "train"]
    films = [np.asarray(Image.open(finished / row["image_path"])) for row in rows]
    small = [
        cv2.resize(film / np.float32(255), (32, 32), interpolation=cv2.INTER_AREA)
        for film in films
    ]
    pixels = np.rint(np.stack(small) * 255) / 255
    assert bundle.statistics.mean == pytest.approx(np.mean(pixels), rel=1e-6)
    assert bundle.statistics.deviation == pytest.approx(np.std(pixels), rel=1e-6)


def test_tables_and_report_are_redrawn_from_what_is_stored(
    finished: Path, tmp_path: Path
) -> None:
    copy = tmp_path / finished.name
    shutil.copytree(finished, copy)
    before = {path.name: path.read_bytes() for path in (copy / "tables").iterdir()}
    shutil.rmtree(copy / "tables")
    (copy / "report.html").unlink()
    for weights in copy.rglob("*.safetensors"):
        weights.unlink()
    write_report(open_run(copy))
    assert {path.name: path.read_bytes() for path in (copy / "tables").iterdir()} == before
    assert set(before) == {
        "accuracy-by-source.csv", "calibration.csv", "estimates.csv", "exemplars.csv",
        "flip-counts.csv", "flips.csv", "groups.csv", "sizes.csv", "thresholds.csv",
        "validation-curve.csv",
    }  # fmt: skip
    assert (copy / "report.html").read_text() == (finished / "report.html").read_text()


def test_a_second_run_does_nothing_and_opens_nothing(films: Path, recipe_file: Path) -> None:
    options = Options(data=films, out=recipe_file.parent / "runs", device="cpu")
    first = run(recipe_file, options)
    times = {path: path.stat().st_mtime_ns for path in first.path.rglob("step.json")}
    metrics = first.metrics.read_bytes()
    second = run(recipe_file, options)
    assert second == first
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert second.metrics.read_bytes() == metrics
    assert len((first.openings).read_text().splitlines()) == 1


def test_a_changed_recipe_gets_a_folder_of_its_own(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs"
    first = run(recipe_file, Options(data=films, out=out, until="data"))
    second = run(
        recipe_file, Options(data=films, out=out, until="data", changes=["train.epochs=5"])
    )
    assert first.path != second.path
    assert read(second.resolved)["train"]["epochs"] == 5


def test_until_stops_after_a_stage_with_the_test_part_sealed(
    films: Path, recipe_file: Path
) -> None:
    folder = run(
        recipe_file,
        Options(data=films, out=recipe_file.parent / "runs", until="choose", device="cpu"),
    )
    assert folder.seed(0).choose.is_dir()
    assert not folder.seed(0).evaluate.exists()
    assert not folder.openings.exists()
    told = summary_of(folder)
    assert told["openings"] == []
    assert len(told["seeds"]["0"]["candidates"]) == 3
    assert told["seeds"]["0"]["sentence"] is None


def test_a_run_stopped_while_the_test_part_was_open_says_so(
    films: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(data=films, out=recipe_file.parent / "runs", device="cpu")

    def stopped(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(evaluating, "_measured", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(recipe_file, options)
    folder = run(recipe_file, options)
    openings = [json.loads(line) for line in folder.openings.read_text().splitlines()]
    assert [opening["again"] for opening in openings] == [False, True]
    assert openings[0]["choice_sha256"] == openings[1]["choice_sha256"]


def test_several_seeds_share_the_split_and_have_networks_of_their_own(
    films: Path, recipe_file: Path
) -> None:
    changes = ["seeds=[0, 1]", "prune.rounds=1", "train.epochs=1", "prune.retrain.epochs=1"]
    options = Options(
        data=films, out=recipe_file.parent / "runs", device="cpu", changes=changes
    )
    folder = run(recipe_file, options)
    results = read(folder.metrics)["seeds"]
    assert set(results) == {"0", "1"}
    first, second = (
        load_bundle(folder.seed(seed).bundle).network.state_dict() for seed in (0, 1)
    )
    assert not all(
        first[name].shape == t.shape and torch.equal(first[name], t)
        for name, t in second.items()
    )
    assert folder.report.is_file()


def test_where_nothing_qualifies_the_whole_network_is_kept_and_said(
    films: Path, recipe_file: Path
) -> None:
    changes = [
        "choose.rule=smallest_within", "choose.tolerance=0.0", "choose.metric=log_likelihood",
        "prune.schedule.share=0.9", "prune.schedule.ceiling=0.98", "prune.rounds=1",
        "prune.retrain.epochs=1", "prune.retrain.optimiser.rate=1e-9", "prune.recalibrate=0",
    ]  # fmt: skip
    options = Options(
        data=films, out=recipe_file.parent / "runs", device="cpu", changes=changes
    )
    folder = run(recipe_file, options)
    measured = read(folder.metrics)["seeds"]["0"]
    assert measured["chosen"] == "unpruned"
    assert "the whole network" in measured["sentence"]
    assert load_bundle(folder.seed(0).bundle).spec.widths == {}


def test_a_round_that_would_remove_nothing_is_told(films: Path, recipe_file: Path) -> None:
    notes = []

    class Listening:
        def task(self, name: str, total: int) -> object:
            from leanlung.runs import Silent

            return Silent().task(name, total)

        def note(self, text: str) -> None:
            notes.append(text)

    changes = ["prune.rounds=3", "prune.retrain.epochs=1", "train.epochs=1"]
    options = Options(
        data=films, out=recipe_file.parent / "runs", device="cpu", changes=changes,
        until="prune",
    )  # fmt: skip
    folder = run(recipe_file, options, Listening())
    assert any("round 3: the schedule had nothing to remove" in note for note in notes)
    third = folder.seed(0).round("separable_cnn", 3)
    assert read(third / "candidate.json")["removed"] == 0


def test_training_may_carry_its_optimiser_or_start_afresh(
    films: Path, recipe_file: Path
) -> None:
    """With one and the same seed, the momentum carried over is the only difference."""
    found = []
    for way in ("carry", "fresh"):
        options = Options(
            data=films, out=recipe_file.parent / "runs", device="cpu", until="prune",
            changes=[f"prune.optimiser={way}", "prune.rounds=1", "train.epochs=1"],
        )  # fmt: skip
        folder = run(recipe_file, options)
        place = folder.seed(0).round("separable_cnn", 1)
        found.append((place / "network.safetensors").read_bytes())
    assert found[0] != found[1]


@pytest.mark.parametrize("until", ["chose", "everything"])
def test_an_unknown_stage_is_refused(films: Path, recipe_file: Path, until: str) -> None:
    with pytest.raises(UsageError, match=f"no stage '{until}'"):
        run(recipe_file, Options(data=films, out=recipe_file.parent, until=until))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        open_run(tmp_path)
