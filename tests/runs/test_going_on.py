"""A run that is started again finds what still holds, and does anew what no longer does."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung import __version__
from leanlung.foundations.errors import NetworkError, UsageError
from leanlung.foundations.tables import read_table, write_table
from leanlung.runs import Options, RunFolder, Silent, open_run, read_recipe, run, summary_of
from leanlung.runs.gathering import gather

SHORT = ["prune.rounds=1", "train.epochs=1", "prune.retrain.epochs=1"]


def started(recipe_file: Path, films: Path, *changes: str, until: str = "report") -> RunFolder:
    options = Options(
        data=films, out=recipe_file.parent / "runs", device="cpu", until=until,
        changes=[*SHORT, *changes],
    )  # fmt: skip
    return run(recipe_file, options)


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def times(folder: RunFolder) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.path.rglob("step.json")}


def with_columns(films: Path, **columns: list[str]) -> None:
    rows = read_table(films / "manifest.csv")
    changed = [
        row | {name: values[n % len(values)] for name, values in columns.items()}
        for n, row in enumerate(rows)
    ]
    write_table(films / "manifest.csv", list(changed[0]), changed)


def with_mask(films: Path, top: int) -> None:
    mask = np.zeros((48, 48), dtype=np.uint8)
    mask[top : top + 20, 10:40] = 255
    Image.fromarray(mask).save(films / "mask.png")
    with_columns(films, mask_path=["mask.png"])


@pytest.mark.parametrize(("crop", "same"), [("lungs", False), ("none", True)])
def test_other_lung_masks_are_other_data_where_they_are_used(
    films: Path, recipe_file: Path, crop: str, same: bool
) -> None:
    recipe = read_recipe(recipe_file, [f"pixels.crop={crop}"])
    found = []
    for top in (2, 20):
        with_mask(films, top)
        data = gather(recipe, films, recipe_file.parent, allow=False, progress=Silent())
        found.append(data.fingerprint)
    assert (found[0] == found[1]) is same


def test_other_sources_are_measured_anew_and_the_opening_is_written_down(
    films: Path, recipe_file: Path
) -> None:
    first = started(recipe_file, films)
    with_columns(films, source=["here", "there"])
    second = started(recipe_file, films)
    assert second == first
    results = read(second.metrics)["seeds"]["0"]
    assert results["confounding"]["sources"] == ["here", "there"]
    assert set(results["models"]["unpruned"]["accuracy_by_source"]) == {"here", "there"}
    handed_on = read(second.seed(0).bundle / "metrics.json")
    assert handed_on["data"]["confounding"]["sources"] == ["here", "there"]
    openings = [json.loads(line) for line in second.openings.read_text().splitlines()]
    assert [one["again"] for one in openings] == [False, True]


def test_files_of_a_file_manager_do_nothing(films: Path, recipe_file: Path) -> None:
    folder = started(recipe_file, films)
    before = times(folder)
    for step in before:
        (step.parent / ".DS_Store").write_bytes(b"\0")
    started(recipe_file, films)
    assert times(folder) == before


def test_every_seed_has_chosen_before_the_test_part_is_opened(
    films: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def stopped(*_arguments: object, **_options: object) -> None:
        (folder,) = (recipe_file.parent / "runs").glob("small-*")
        seen.extend((folder / f"seed-{seed}/4-choose/step.json").is_file() for seed in (0, 1))
        raise KeyboardInterrupt

    monkeypatch.setattr("leanlung.studies.seal.SealedCohort.open", stopped)
    with pytest.raises(KeyboardInterrupt):
        started(recipe_file, films, "seeds=[0, 1]")
    assert seen == [True, True]


def test_a_round_that_removes_nothing_keeps_the_optimiser(
    films: Path, recipe_file: Path
) -> None:
    few = "prune.schedule.share=0.001"  # of 256 units at most: not one
    folder = started(recipe_file, films, few, until="prune").seed(0)
    place = folder.round("separable_cnn", 1)
    assert read(place / "candidate.json")["removed"] == 0
    state = [
        (path / "optimiser.safetensors").read_bytes()
        for path in (folder.fit("separable_cnn"), place)
    ]
    assert state[0] == state[1]


def test_a_choice_is_shown_before_the_test_part_is_opened(
    films: Path, recipe_file: Path
) -> None:
    folder = started(recipe_file, films, until="choose")
    seed = summary_of(folder)["seeds"]["0"]
    assert seed["chosen"] == "round-01"
    assert seed["comparison"] is None


def test_a_run_stopped_at_its_very_beginning_is_told_from_a_whole_one(
    films: Path, recipe_file: Path
) -> None:
    folder = started(recipe_file, films, until="data")
    folder.data.unlink()
    with pytest.raises(UsageError, match="start it again"):
        open_run(folder.path)


def test_a_bundle_names_no_patient_and_no_file_of_the_data(
    films: Path, recipe_file: Path
) -> None:
    rows = read_table(films / "manifest.csv")
    rows[0] |= {"patient_id": "smith-anna"}
    rows[2] |= {"patient_id": "smith-anna"}
    write_table(films / "manifest.csv", list(rows[0]), rows)
    (films / rows[-1]["image_path"]).write_bytes(b"no image")
    folder = started(recipe_file, films)
    assert read(folder.data)["patients_of_several_classes"] == ["smith-anna"]
    handed_on = folder.seed(0).bundle
    told = read(handed_on / "metrics.json")["data"]
    assert (told["patients_of_several_classes"], told["unreadable"]) == (1, 1)
    for path in handed_on.glob("*.[jm][sd]*"):
        text = path.read_text(encoding="utf-8")
        assert "smith-anna" not in text
        assert str(films) not in text


def test_weights_that_are_not_there_are_told_before_anything_is_decoded(
    films: Path, recipe_file: Path
) -> None:
    with pytest.raises(NetworkError, match=r"no such weights file \(.*nowhere\.safetensors"):
        started(recipe_file, films, "network.weights=nowhere.safetensors")
    assert not (recipe_file.parent / "runs").exists()


def test_images_too_small_for_the_network_are_told_before_anything_is_decoded(
    films: Path, recipe_file: Path
) -> None:
    with pytest.raises(NetworkError, match=r"pixels.size: images of 16 x 16 do not fit"):
        started(recipe_file, films, "network.backbone=vgg16", "pixels.size=16")
    assert not (recipe_file.parent / "runs").exists()


def test_every_environment_a_run_was_made_in_is_kept(
    films: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = started(recipe_file, films)
    first = folder.environment.read_bytes()
    written = folder.environment.stat().st_mtime_ns
    started(recipe_file, films)
    assert folder.environment.stat().st_mtime_ns == written
    monkeypatch.setattr("leanlung.runs.environment.__version__", "99.0")
    for _ in range(2):
        started(recipe_file, films)
    names = sorted(path.name for path in folder.path.glob("environment*"))
    assert names == ["environment-2.json", "environment.json"]
    assert folder.environment.read_bytes() == first
    assert read(folder.path / "environment-2.json")["leanlung"] == "99.0"
    assert f"{__version__}, then 99.0" in folder.report.read_text(encoding="utf-8")
