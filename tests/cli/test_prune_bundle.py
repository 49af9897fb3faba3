"""``leanlung prune``: a bundle made smaller with training, and told for what it is."""

from __future__ import annotations

import csv
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.exports import answer, load_bundle, save_bundle
from leanlung.networks import size_of
from leanlung.pruning import magnitude
from leanlung.pruning.masks import impose, keep_largest, kernels, require_held

QUICK = ("--rounds", 2, "--epochs", 1, "--device", "cpu")


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def whole(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a run, of its own folder."""
    folder = tmp_path_factory.mktemp("whole") / "bundle"
    shutil.copytree(finished / "seed-0" / "8-export" / "bundle", folder)
    return folder


@pytest.fixture(scope="module")
def pruned(
    whole: Path, finished: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict]:
    """A bundle pruned to half its parameters, and what was answered."""
    out = tmp_path_factory.mktemp("pruned") / "smaller"
    data = finished / "cohort.csv"
    result = leanlung(
        "prune", whole, "--data", data, "--out", out, "--keep", 0.5, *QUICK, "--json"
    )
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def rewritten(finished: Path, folder: Path, change: dict[str, str] | None = None) -> Path:
    """A run's cohort with absolute paths, its ``split`` changed, in a folder of its own."""
    with (finished / "cohort.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["image_path"] = str((finished / row["image_path"]).resolve())
        row["split"] = (change or {}).get(row["split"], row["split"])
    folder.mkdir(exist_ok=True)
    with (folder / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "cohort.csv"


def test_half_of_the_parameters_are_left_and_no_more(
    whole: Path, pruned: tuple[Path, dict]
) -> None:
    folder, told = pruned
    before, after = (size_of(load_bundle(one).network, 32) for one in (whole, folder))
    assert after.stored <= math.floor(0.5 * before.stored)
    assert after.stored > 0.4 * before.stored
    assert told["before"]["size"] == before.as_dict()
    assert told["after"]["size"] == after.as_dict()
    assert [one["round"] for one in told["rounds"]] == [1, 2]
    first, last = (one["stored"] for one in told["rounds"])
    assert before.stored > first > last == after.stored
    # Two rounds, each the same share of the way: the first ends near the geometric mean.
    assert first == pytest.approx(math.sqrt(0.5) * before.stored, rel=0.05)


def test_what_was_measured_of_the_old_network_does_not_go_along(
    whole: Path, pruned: tuple[Path, dict]
) -> None:
    folder, told = pruned
    old, new = load_bundle(whole), load_bundle(folder)
    assert "estimates" in old.metrics
    assert set(new.metrics) == {"size", "whole_size", "data", "pruning"}
    assert new.metrics["size"] == told["after"]["size"]
    assert new.metrics["whole_size"] == old.metrics["whole_size"]
    assert new.history[:-1] == old.history
    assert new.history[-1]["step"] == "prune"
    assert "lowest apoz within each layer" in new.history[-1]["about"]
    assert new.name == f"{old.name}-pruned"
    assert (new.readout is None) == (old.readout is None)
    assert new.readout is None or new.readout != old.readout  # made on the new one's answers
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "sealed test part" not in card
    assert "are no verdict" in card
    assert "parted by the split column" in card


def test_only_training_and_validation_parts_are_read(
    whole: Path, pruned: tuple[Path, dict], finished: Path, tmp_path: Path
) -> None:
    """The very same network comes out where the files of the test part are not there."""
    folder, told = pruned
    data = rewritten(finished, tmp_path / "sealed")
    with data.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["split"] == "test":
            row["image_path"] = str(tmp_path / "away" / Path(row["image_path"]).name)
    with data.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    result = leanlung(
        "prune",
        whole,
        "--data",
        data,
        "--out",
        tmp_path / "new",
        "--keep",
        0.5,
        *QUICK,
        "--json",
    )
    assert result.exit_code == 0, result.output
    weights = [(one / "model.safetensors").read_bytes() for one in (folder, tmp_path / "new")]
    assert weights[0] == weights[1]
    for part in ("train", "validation"):
        of_part = [row for row in rows if row["split"] == part]
        assert told["data"][part]["studies"] == len(of_part)
        assert told["data"][part]["patients"] == len({row["patient_id"] for row in of_part})


def test_another_seed_is_another_network(
    whole: Path, pruned: tuple[Path, dict], finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    arguments = ("--data", finished / "cohort.csv", "--out", out, "--keep", 0.5, "--seed", 1)
    assert leanlung("prune", whole, *arguments, *QUICK).exit_code == 0
    first = (pruned[0] / "model.safetensors").read_bytes()
    assert (out / "model.safetensors").read_bytes() != first


def test_every_verb_takes_the_smaller_bundle(
    pruned: tuple[Path, dict], finished: Path, small_films: Path, tmp_path: Path
) -> None:
    folder, _ = pruned
    film = small_films / "data/films/000-0.png"
    found = leanlung("predict", folder, film, "--json")
    assert json.loads(found.stdout)[0]["label"] == answer(load_bundle(folder), [film])[0].label
    exported = leanlung("export", folder, "--out", tmp_path / "m.onnx")
    assert exported.exit_code == 0, exported.output
    data, again = finished / "cohort.csv", tmp_path / "again"
    target = ("--target-macs", 150_000, "--criterion", "l2", "--scope", "network")
    quick = ("--rounds", 1, "--epochs", 1, "--device", "cpu")
    result = leanlung("prune", folder, "--data", data, "--out", again, *target, *quick)
    assert result.exit_code == 0, result.output
    assert "target: 150,000 MACs at most" in result.stdout
    assert "leanlung compare" in result.stdout
    assert "parted by the split column" in result.stdout
    smallest = load_bundle(again)
    assert size_of(smallest.network, 32).macs <= 150_000
    assert [one["step"] for one in smallest.history[-2:]] == ["prune", "prune"]
    lossless = leanlung(
        "prune", again, "--data", data, "--out", tmp_path / "exact", "--lossless"
    )
    assert lossless.exit_code == 0, lossless.output


def test_without_parts_patients_are_parted(
    whole: Path, small_films: Path, tmp_path: Path
) -> None:
    arguments = ("--data", small_films / "data", "--out", tmp_path / "new", "--keep", 0.7)
    result = leanlung("prune", whole, *arguments, "--rounds", 1, "--epochs", 1, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["data"]
    assert told["parted"] == "by patient, 85 % to 15 %"
    assert told["train"]["patients"] + told["validation"]["patients"] == 30
    assert told["validation"] == {
        "studies": 12,
        "patients": 6,
    }  # at least 4.5 of 30 films a class


def test_a_latency_is_measured_here(whole: Path, finished: Path, tmp_path: Path) -> None:
    """A second for an image is more than it takes; the two clocks of the answer are told."""
    data, out = finished / "cohort.csv", tmp_path / "new"
    result = leanlung("prune", whole, "--data", data, "--out", out, "--target-latency-ms", 1000)
    assert result.exit_code == 1
    assert "ms it is at the target of 1000 already" in result.stderr
    result = leanlung("prune", whole, "--data", data, "--out", out, "--target-latency-ms", 1e-9)
    assert result.exit_code == 1
    assert "out of reach: the smallest reachable is" in result.stderr


def test_a_mask_holds_while_a_masked_bundle_is_pruned(
    whole: Path, finished: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(whole)
    mask = keep_largest(magnitude(bundle.network, kernels(bundle.network)), 0.5)
    impose(bundle.network, mask)
    save_bundle(tmp_path / "masked", replace(bundle, mask=mask))
    for verb, flags in (("pruned", ("--keep", 0.6, *QUICK)), ("exact", ("--lossless",))):
        arguments = ("--data", finished / "cohort.csv", "--out", tmp_path / verb, *flags)
        result = leanlung("prune", tmp_path / "masked", *arguments)
        assert result.exit_code == 0, result.output
        after = load_bundle(tmp_path / verb)
        assert after.mask is not None
        require_held(after.network, after.mask)
        assert (
            after.metrics["size"]["masked_bytes"]
            == (tmp_path / verb / "model.safetensors").stat().st_size
        )


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (("--lossless", "--keep", 0.5, "--rounds", 2), 2, "does not go with --keep, --rounds"),
        (("--tolerance", 0.1), 2, "--tolerance is of --lossless"),
        (("--keep", 0.5, "--target-macs", 9), 2, "--keep and --target-macs are targets each"),
        (("--keep", 25), 2, "--keep: is a share in [0, 1]; got 25 (for 25 % write 0.25)"),
        (("--keep", "nan"), 2, "--keep"),
        (("--keep", 0), 2, "--keep: input should be greater than 0"),
        (("--target-parameters", 0), 2, "--target-parameters: input should be greater"),
        (("--criterion", "apos"), 2, "'apos' is none of ['apoz', "),
        (("--criterion", "apos"), 2, "did you mean 'apoz'?"),
        (("--scope", "net"), 2, "--scope: 'net' is none of ['layer', 'network']"),
        (("--align", 3), 2, "--align: 3 is none of 1, 4, 8 or 16"),
        (("--rounds", 0), 2, "--rounds"),
        (("--epochs", 0, "--distil", 2), 2, "--epochs: input should be greater"),
        (("--epochs", 0, "--distil", 2), 2, "--distil: is a share in [0, 1]"),
        (("--device", "cuda:99"), 2, "no device 'cuda:99'"),
        (("--leave-alone", "trunk.77"), 1, "leave_alone: no layer fits 'trunk.77'"),
        (("--target-parameters", 50), 1, "50 parameters is out of reach: the smallest reach"),
        (("--target-parameters", 10**9), 1, "already, and nothing would be removed"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    whole: Path, finished: Path, tmp_path: Path, flags: tuple, code: int, told: str
) -> None:
    data, out = finished / "cohort.csv", tmp_path / "new"
    result = leanlung("prune", whole, "--data", data, "--out", out, *flags)
    assert result.exit_code == code, result.output
    assert told in result.stderr
    assert not out.exists()


def test_a_part_without_a_class_is_refused(whole: Path, finished: Path, tmp_path: Path) -> None:
    data = rewritten(finished, tmp_path / "data", {"validation": "train"})
    result = leanlung("prune", whole, "--data", data, "--out", tmp_path / "new", *QUICK)
    assert result.exit_code == 1
    assert "went to the validation part" in result.stderr


def test_a_part_that_is_none_is_refused(whole: Path, finished: Path, tmp_path: Path) -> None:
    data = rewritten(finished, tmp_path / "data", {"validation": "valdation"})
    result = leanlung("prune", whole, "--data", data, "--out", tmp_path / "new", *QUICK)
    assert result.exit_code == 1
    assert "did you mean 'validation'?" in result.stderr


def test_leaks_are_refused_or_told_on_the_card(
    whole: Path, finished: Path, tmp_path: Path
) -> None:
    data = rewritten(finished, tmp_path / "data")
    lines = data.read_text().splitlines()
    one = next(line for line in lines if ",train," in line)
    lines.append(one.replace(",train,", ",validation,").replace("films/", "films/../films/"))
    fields = lines[-1].split(",")
    lines[-1] = ",".join(["copy", *fields[1:]])
    data.write_text("\n".join(lines) + "\n")
    arguments = ("--data", data, "--out", tmp_path / "new", "--keep", 0.7, *QUICK)
    refused = leanlung("prune", whole, *arguments)
    assert refused.exit_code == 3, refused.output
    assert "share a patient" in refused.stderr
    assert "go on with --allow" in refused.stderr
    allowed = leanlung("prune", whole, *arguments, "--allow")
    assert allowed.exit_code == 0, allowed.output
    assert "Leaks were allowed: 2 pairs" in (tmp_path / "new" / "README.md").read_text()


def test_images_that_cannot_be_used_are_named(
    whole: Path, small_films: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_films / "data", data)
    film = data / "films/003-1.png"
    arguments = ("prune", whole, "--data", data, "--out", tmp_path / "new", *QUICK)
    Image.new("L", (48, 48), 3).save(film)
    black = leanlung(*arguments)
    assert black.exit_code == 1
    assert f"{film}: nearly black" in black.stderr
    film.write_bytes(b"no image")
    broken = leanlung(*arguments)
    assert broken.exit_code == 1
    assert "003-1.png" in broken.stderr
    film.unlink()
    assert "003-1.png" in leanlung(*arguments).stderr
    manifest = data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",upper,", ",uper,"))
    assert "label 'uper' is no class of" in leanlung(*arguments).stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("lossless", [True, False])
def test_what_is_no_bundle_is_not_replaced(
    whole: Path, finished: Path, tmp_path: Path, lossless: bool
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    flags = ["--lossless"] if lossless else [*QUICK]
    data = finished / "cohort.csv"
    result = leanlung("prune", whole, "--data", data, "--out", tmp_path, *flags)
    assert result.exit_code == 2
    assert "is no bundle, and would be replaced; choose another --out" in result.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert leanlung("prune", whole, "--data", data, "--out", whole, *flags).exit_code == 2


def test_a_damaged_bundle_is_refused(whole: Path, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"")
    result = leanlung(
        "prune", tmp_path / "damaged", "--data", finished, "--out", tmp_path / "new", *QUICK
    )
    assert result.exit_code == 1
    assert "not the file this bundle was saved with" in result.stderr


def test_the_bundle_itself_is_never_changed(whole: Path, finished: Path) -> None:
    source = finished / "seed-0" / "8-export" / "bundle"
    for name in ("config.json", "metrics.json", "model.safetensors", "README.md"):
        assert (whole / name).read_bytes() == (source / name).read_bytes()
    assert torch.equal(
        next(load_bundle(whole).network.parameters()),
        next(load_bundle(source).network.parameters()),
    )
