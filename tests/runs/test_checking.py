"""A check finds every mistake in recipe, weights and data, and leaves nothing behind."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from leanlung.runs import check_run


def test_nothing_wrong_tells_what_was_found(films: Path, recipe_file: Path) -> None:
    found = check_run(str(recipe_file), films)
    assert (found.mistakes, found.exit_code) == ((), 0)
    assert any(line.startswith("train: ") and "patients" in line for line in found.told)
    assert sorted(path.name for path in recipe_file.parent.iterdir()) == ["data", "small.toml"]


def test_recipe_and_data_are_told_together(films: Path, recipe_file: Path) -> None:
    recipe_file.write_text(recipe_file.read_text() + "\n[trane]\nepochs = 1\n")
    manifest = films / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("patient_id", "patient"))
    recipe, data = check_run(str(recipe_file), films).mistakes
    assert "trane: unknown key; did you mean 'train'?" in recipe
    assert "no column 'patient_id'" in data


def test_a_broken_recipe_alone_is_told_without_data(recipe_file: Path) -> None:
    recipe_file.write_text("name = 3")
    (mistake,) = check_run(str(recipe_file), None).mistakes
    assert "data: missing" in mistake


def test_weights_and_data_are_told_together(films: Path, recipe_file: Path) -> None:
    save_file({"trunk.9.weight": torch.zeros(1)}, films / "w.safetensors")
    (films / "films/000-0.png").write_bytes(b"")
    weights, data = check_run(
        str(recipe_file), films, ["network.weights=w.safetensors", "data.bad_images=0.0"]
    ).mistakes
    assert "trunk.9.weight" in weights
    assert "1 of 60 images cannot be used" in data


@pytest.mark.parametrize("weights", ["none", "imagenet"])
def test_nothing_is_downloaded_to_check(films: Path, recipe_file: Path, weights: str) -> None:
    changes = ["network.backbone=mobilenet_v2", f"network.weights={weights}"]
    assert check_run(str(recipe_file), films, changes).mistakes == ()


def test_leaks_are_refused_with_their_exit_code(films: Path, recipe_file: Path) -> None:
    manifest = films / "manifest.csv"
    text = manifest.read_text()
    copies = []
    for line in text.splitlines()[1:]:
        name, label, patient, *rest = line.split(",")
        copies.append(",".join([name.replace("films", "again"), label, patient + "x", *rest]))
    (films / "again").symlink_to(films / "films")
    manifest.write_text(text + "\n".join(copies) + "\n")
    found = check_run(str(recipe_file), films)
    assert found.exit_code == 3
    assert "are the same picture" in found.mistakes[0]


def test_what_is_allowed_is_told(films: Path, recipe_file: Path) -> None:
    manifest = films / "manifest.csv"
    text = manifest.read_text().replace("000-1.png,upper", "000-1.png,lower")
    head, *rows = text.splitlines()
    rows = [f"{row},{'image_only' if 'p003' in row else ''}" for row in rows]
    manifest.write_text("\n".join([f"{head},patient_id_confidence", *rows]) + "\n")
    (films / "films/004-0.png").write_bytes(b"")
    told = "\n".join(check_run(str(recipe_file), films).told)
    assert "1 patients have studies of several classes" in told
    assert "patients unknown: 2 of 59 studies" in told
    assert "004-0.png" in told


def test_a_size_the_network_cannot_take_is_told(films: Path, recipe_file: Path) -> None:
    changes = ["network.backbone=vgg16", "pixels.size=16"]
    (mistake,) = check_run(str(recipe_file), films, changes).mistakes
    assert "pixels.size: images of 16 x 16 do not fit through vgg16" in mistake


def test_a_layer_to_be_left_alone_that_does_not_exist_is_told(
    films: Path, recipe_file: Path
) -> None:
    changes = ['prune.leave_alone=["trunk.1", "trunk.2"]']
    (mistake,) = check_run(str(recipe_file), films, changes).mistakes
    assert "leave_alone: no layer fits 'trunk.2'" in mistake
    assert check_run(str(recipe_file), films, ['prune.leave_alone=["trunk.*"]']).mistakes
    assert not check_run(str(recipe_file), films, ['prune.leave_alone=["trunk.1"]']).mistakes
