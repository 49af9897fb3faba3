"""CT slices as variants: cutting, folds of patients, patients, storage, what stands beside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from leanlung.foundations.errors import RecipeError, StudyError
from leanlung.foundations.tables import read_table
from leanlung.runs import Options
from leanlung.runs.variants import read_variants, vary
from leanlung.runs.variants.children import dataset_name
from leanlung.statistics import read_predictions
from leanlung.studies.manifest import read_manifest
from leanlung.studies.phantoms import ThoraxSpec, make_ct

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants import VariantsFolder

PAPER = """
name = "slices"
labels = ["clear", "infected"]
positive = "infected"
metrics = ["precision:infected", "f:infected"]
folds = 2

[[archive]]
name = "scans"
path = "scans"
layout = "covid19_ct"
slices = { crop = "quadrants", size = 32, least_lung = 20, infected_share = 0.02 }

[recipe.data]
classes = ["clear", "infected"]

[recipe.split]
train = 0.5
validation = 0.25
test = 0.25

[recipe.pixels]
size = 32

[recipe.network]
backbone = "separable_cnn"

[recipe.train]
epochs = 1
batch = 32

[recipe.prune]
rounds = 0

[recipe.choose]
rule = "last"
metric = "accuracy"

[recipe.evaluate]
metric = "accuracy"
resamples = 100
healthy = "clear"
training = true

[[variant]]
name = "base"
archives = ["scans"]

[[variant]]
name = "held"
archives = ["scans"]
without = ["prune"]
[variant.set.mask]
final = 0.5
every = 1
train = { epochs = 1, batch = 16 }
finetune = { epochs = 1, batch = 32 }

[[variant]]
name = "leaky"
archives = ["scans"]
flaws = ["by_file"]
as_published = ["Slices are parted, not patients."]
beside = "base"

[[compare]]
name = "held against base"
baseline = "base"
candidate = "held"

[patients]
of_class = "infected"
labels = "any"

[storage]
variants = ["base", "held"]
published = "sizes"
int8 = ["base"]
calibration = 20
rounds = 6

[published.sizes]
title = "Table 1"
columns = ["before", "after", "reduction"]
rows = [["total", "7,854,454", "3,931,402", "49.94%"],
        ["trainable", "3,928,458", "3,928,458", "none"],
        ["non-trainable", "3,925,996", "2,944", "99.92%"]]

[published.figures]
title = "Figure 3"
variant = "held"
columns = ["metric", "part", "before", "after"]
rows = [["accuracy", "testing", 0.97, 0.92], ["f:infected", "training", 0.98, 0.91]]
"""


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def written(folder: Path, text: str) -> Path:
    path = folder / "slices.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ct-variants")
    spec = ThoraxSpec(patients=12, slices=(5, 7), size=64, sick=0.6)
    make_ct(folder / "data" / "scans", spec)
    written(folder, PAPER)
    return folder


@pytest.fixture(scope="module")
def done(bench: Path) -> VariantsFolder:
    options = Options(data=bench / "data", out=bench / "out", device="cpu")
    return vary(bench / "slices.toml", options)


def test_slices_are_cut_once_and_what_is_left_out_is_counted(
    bench: Path, done: VariantsFolder
) -> None:
    told = read(done.data)["slices"]["scans"]
    left = read_table(bench / "out" / told["left_out_list"])
    assert told["images"] + len(left) == 4 * told["slices"]  # four quadrants a slice
    assert sum(one["images"] for one in told["left_out"]) == len(left) > 0
    assert set(told["classes"]) == {"clear", "infected"}
    assert read(done.data)["variants"]["base/fold-0"]["studies"] == told["images"]
    page = done.report.read_text(encoding="utf-8")
    assert f"{told['images']} pictures of {told['slices']} slices" in page
    [cut] = (bench / "out" / "cache" / "slices").glob("scans-*/manifest.csv")
    before = cut.stat().st_mtime_ns
    until = Options(data=bench / "data", out=bench / "out", until="data", device="cpu")
    assert vary(bench / "slices.toml", until).path == done.path
    assert cut.stat().st_mtime_ns == before


def test_every_patient_is_tested_in_one_fold_by_networks_that_have_not_seen_them(
    done: VariantsFolder,
) -> None:
    runs = read(done.runs)
    tested: list[str] = []
    for fold in (0, 1):
        studies = read_manifest(done.path / runs[f"base/fold-{fold}"] / "cohort.csv").studies
        by_part = {
            part: {one.patient_id for one in studies if one.attributes["split"] == part}
            for part in ("train", "validation", "test")
        }
        assert not by_part["test"] & (by_part["train"] | by_part["validation"])
        tested += by_part["test"]
    assert len(tested) == len(set(tested)) == 12


def test_figures_of_folds_are_those_of_all_their_answers_together(
    done: VariantsFolder,
) -> None:
    results, runs = read(done.results), read(done.runs)
    right: list[bool] = []
    names: list[str] = []
    for fold in (0, 1):
        here = done.path / runs[f"held/fold-{fold}"] / "seed-0" / "6-evaluate"
        found = read_predictions(here / "predictions-unpruned-test.csv")
        right += (found.probabilities.argmax(axis=1) == found.labels).tolist()
        names += found.study_ids
    row = results["variants"]["held"]
    whole = row["seeds"]["0"]["models"]["unpruned"]
    assert whole["figures"]["accuracy"] == pytest.approx(np.mean(right))
    [told] = [one for one in whole["estimates"] if one["name"] == "accuracy"]
    assert (told["studies"], told["patients"]) == (len(set(names)), 12)
    assert row["folds"] == 2
    [pair] = results["compare"]
    assert pair["sides"]["test part"]["studies"] == len(names)
    assert {one["metric"] for one in row["change"]["over_patients"]} >= {
        "precision:infected", "f:infected",
    }  # fmt: skip


def counted(files: list[Path]) -> list[list[int]]:
    """Count answers by true and answered class from the tables of answers, by hand."""
    found = [[0, 0], [0, 0]]
    for file in files:
        told = read_predictions(file)
        for label, row in zip(told.labels, told.probabilities, strict=True):
            found[label][int(row[1] > row[0])] += 1
    return found


def test_answers_by_class_are_those_of_all_folds_on_both_parts(done: VariantsFolder) -> None:
    runs, row = read(done.runs), read(done.results)["variants"]["held"]
    models = row["seeds"]["0"]["models"]
    heres = [done.path / runs[f"held/fold-{n}"] / "seed-0" / "6-evaluate" for n in (0, 1)]
    chosen = [read(here / "evaluation.json")["chosen"] for here in heres]
    for kind, names in (("unpruned", ["unpruned"] * 2), ("chosen", chosen)):
        both = list(zip(heres, names, strict=True))
        told = models[kind]["confusion"]
        assert told["test"] == counted([h / f"predictions-{n}-test.csv" for h, n in both])
        learnt = [h / f"predictions-{n}-train.csv" for h, n in both]
        assert told["training"] == counted(learnt)
        right = [np.trace(one) / np.sum(one) for one in (counted([file]) for file in learnt)]
        assert models[kind]["training_figures"]["accuracy"] == pytest.approx(np.mean(right))
    page = done.report.read_text(encoding="utf-8")
    assert page.count("Answers by true class, before and after") == 1  # of held alone
    for part in ("fitted, test part", "reduced, training part"):
        assert part in page
    figures = page[page.index("Figure 3: beside held") :]
    trained = models["unpruned"]["training_figures"]["f:infected"]
    assert f"{trained:.3f}" in figures[: figures.index("</table>")]


def test_a_network_fitted_alike_is_fitted_once(done: VariantsFolder) -> None:
    runs = read(done.runs)
    for fold in (0, 1):
        fits = [
            done.path / runs[f"{name}/fold-{fold}"] / "seed-0" / "2-fit" / "separable_cnn"
            for name in ("base", "held")
        ]
        one, other = (read(fit / "step.json") for fit in fits)
        assert one == other  # its seconds too: copied, not done again
    assert [name for name in runs if name.startswith("leaky")] == ["leaky"]


def test_what_stands_beside_is_stamped_and_has_no_verdict(done: VariantsFolder) -> None:
    results = read(done.results)
    row = results["variants"]["leaky"]
    assert (row["beside"], row["change"], results["as_published"]) == ("base", None, [])
    assert row["leaks"] > 0
    assert [one["sentence"] for one in row["seeds"].values()] == [""]
    studies = read_manifest(done.path / row["run"] / "cohort.csv").studies
    parts: dict[str, set[str]] = {}
    for one in studies:
        parts.setdefault(one.patient_id, set()).add(one.attributes["split"])
    assert max(map(len, parts.values())) > 1
    page = done.report.read_text(encoding="utf-8")
    assert "leaky (AS PUBLISHED, FLAWS INCLUDED): accuracy on the test part" in page
    assert "leaky, AS PUBLISHED, FLAWS INCLUDED: accuracy" in page
    assert "Parts that leak beside parts that do not" in page
    stamps = {one["variant"]: one["stamp"] for one in read_table(done.tables / "sizes.csv")}
    assert stamps == {"base": "", "held": "", "leaky": "AS PUBLISHED, FLAWS INCLUDED"}
    own = (done.path / row["run"] / "report.html").read_text(encoding="utf-8")
    assert "Slices are parted, not patients." in own


def test_patients_are_told_of_by_every_rule(done: VariantsFolder) -> None:
    found = read(done.results)["variants"]["held"]["patients"]
    assert list(found) == ["mean", "max", "share"]
    assert {one["patients"] for one in found.values() if not one["told"]} == {12}
    first = found["mean"]
    assert sum(first["classes"].values()) == 12
    assert first["over_patients"][0]["difference"]["patients"] == 12
    assert "patients" not in read(done.results)["variants"]["leaky"]


def test_a_mask_of_half_leaves_half_and_the_dense_file_as_long(done: VariantsFolder) -> None:
    forms = read(done.results)["storage"]["forms"]
    held, base = forms["held"], forms["base"]
    assert (held["kind"], base["kind"]) == ("held", "whole")
    assert held["nonzero_kernel_weights"] == pytest.approx(base["kernel_weights"] / 2, abs=20)
    assert held["macs"] == base["macs"]
    lengths = {
        name: {form["name"]: form["bytes"] for form in one["forms"]}
        for name, one in forms.items()
    }
    assert lengths["held"]["dense"] == lengths["base"]["dense"]
    assert lengths["held"]["bits and values"] < 0.65 * lengths["held"]["dense"]
    page = done.report.read_text(encoding="utf-8")
    for part in ("3,931,402", "49.94%", "Table 1: what it counts", "Figure 3: beside held"):
        assert part in page


def test_eight_bits_answer_the_test_part_of_every_fold_again(done: VariantsFolder) -> None:
    found = read(done.results)["storage"]["int8"]["base"]
    float32: list[np.ndarray] = []
    eight: list[np.ndarray] = []
    for fold in (0, 1):
        name = f"base/fold-{fold}"
        here = done.path / read(done.runs)[name] / "seed-0" / "6-evaluate"
        before = read_predictions(here / "predictions-unpruned-test.csv")
        after = read_predictions(done.eight_bits(name) / "predictions-int8-test.csv")
        assert (after.study_ids, after.patient_ids) == (before.study_ids, before.patient_ids)
        float32.append(before.probabilities)
        eight.append(after.probabilities)
        model = onnx.load(done.eight_bits(name) / "model.onnx")
        kinds = {one.op_type for one in model.graph.node}
        assert "QuantizeLinear" in kinds or "ConvInteger" in kinds or "QLinearConv" in kinds
    one, other = np.concatenate(float32), np.concatenate(eight)
    assert found["networks"] == 2
    assert found["studies"] == len(one)
    assert found["flips"] == (one.argmax(axis=1) != other.argmax(axis=1)).sum()
    assert 0 < found["largest"] == pytest.approx(abs(one - other).max())
    assert found["bytes"] < found["float_bytes"]
    page = done.report.read_text(encoding="utf-8")
    assert "Eight bits against float32, on the test part" in page
    assert f"{found['flips']} of {found['studies']}<" in page


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('beside = "base"', 'beside = "bas"', "did you mean 'base'"),
        ('as_published = ["Slices are parted, not patients."]\n', "", "stamped"),
        ('flaws = ["by_file"]', 'flaws = ["by_file"]\nfolds = 2', "drawn by patient"),
        ('candidate = "held"', 'candidate = "leaky"', "nothing is paired"),
        ('crop = "quadrants"', 'crop = "quadrant"', "quadrants"),
        ("infected_share = 0.02", "infected_share = 0.0", "infected"),
        ('metrics = ["pre', 'metrics = ["prae', "did you mean 'precision"),
        ('published = "sizes"', 'published = "size"', "did you mean 'sizes'"),
        ("train = 0.5", 'train = 0.5\nby = "image"', "by_file"),
        ("train = 0.5", "train = 0.5\nfold = 1", "parts its patients in folds"),
        ('of_class = "infected"', 'of_class = "infectd"', "did you mean 'infected'"),
        ('layout = "covid19_ct"', 'keep = { label = ["a"] }', "slices.classes"),
    ],
)
def test_what_does_not_go_together_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in PAPER
    with pytest.raises(RecipeError, match=told):
        read_variants(written(tmp_path, PAPER.replace(old, new, 1)))


def test_parts_may_come_from_a_column_of_the_manifest(bench: Path, tmp_path: Path) -> None:
    listed = PAPER.replace('flaws = ["by_file"]', 'parts = "listed"')
    file = written(tmp_path, listed.replace("[patients]", "[patients]  # as they are"))
    options = Options(data=bench / "data", out=bench / "out", until="data", device="cpu")
    with pytest.raises(StudyError, match="name no part in the column 'listed'"):
        vary(file, options)
    paper = read_variants(file)
    names = {dataset_name(paper, leg) for one in paper.variant for leg in paper.legs(one)}
    assert len(names) == 3  # two folds for base and held, and the listed parts
