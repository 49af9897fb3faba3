"""A recipe with variants from end to end, on small films."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leanlung.foundations.errors import UsageError
from leanlung.runs import Options
from leanlung.runs.variants import vary
from leanlung.statistics import read_predictions
from leanlung.studies.manifest import read_manifest
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants import VariantsFolder


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def run_of(folder: VariantsFolder, name: str) -> Path:
    return folder.path / str(read(folder.runs)[name])


def right(path: Path) -> float:
    """The accuracy of stored answers, by their largest probability."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    told = [max(("upper", "lower"), key=lambda name, row=row: float(row[f"p_{name}"]))  # type: ignore[misc]
            for row in rows]  # fmt: skip
    return float(np.mean([one == row["label"] for one, row in zip(told, rows, strict=True)]))


def test_no_test_part_is_opened_before_every_variant_has_chosen(
    chosen: tuple[VariantsFolder, dict[str, bool]], finished_paper: VariantsFolder
) -> None:
    assert chosen[1] == {"openings": False, "test predictions": False}
    assert chosen[0].path == finished_paper.path
    [dataset] = read(finished_paper.data)["datasets"]
    [opening] = read_openings(finished_paper.openings(dataset))
    fixed = read(finished_paper.choice)["fixed"]
    assert set(fixed) == {f"{name}/seed-{n}" for name in ("raw", "masked") for n in (0, 1)}
    assert "4 choices of raw, masked" in opening["chosen"]


def test_variants_that_share_films_share_their_parts(finished_paper: VariantsFolder) -> None:
    parts = {}
    for name in ("raw", "masked"):
        studies = read_manifest(run_of(finished_paper, name) / "cohort.csv").studies
        parts[name] = {one.study_id: one.attributes["split"] for one in studies}
    assert parts["raw"] == parts["masked"]
    assert len(parts["raw"]) == 60


def test_lung_masks_beside_the_films_are_used_and_told_of(
    finished_paper: VariantsFolder,
) -> None:
    studies = read_manifest(run_of(finished_paper, "masked") / "cohort.csv").studies
    told = {one.attributes["has_lung_mask"] for one in studies if one.lung_mask is not None}
    assert told == {"yes"}
    lungs = read(finished_paper.data)["variants"]["masked"]["lungs"]
    assert (lungs["cropped"], lungs["whole"]) == (54, 6)
    assert read(finished_paper.data)["variants"]["raw"]["lungs"] is None


def test_a_variant_whose_archive_is_missing_is_skipped_and_told(
    finished_paper: VariantsFolder,
) -> None:
    skipped = read(finished_paper.data)["skipped"]
    assert list(skipped) == ["lost"]
    assert "ask its authors" in skipped["lost"]
    assert "lost" not in read(finished_paper.runs)
    assert "ask its authors" in finished_paper.report.read_text(encoding="utf-8")


def test_figures_are_those_of_the_stored_answers(finished_paper: VariantsFolder) -> None:
    rows = read(finished_paper.results)["variants"]
    compared = 0
    for name in ("raw", "masked"):
        figures = []
        for seed, row in rows[name]["seeds"].items():
            here = run_of(finished_paper, name) / f"seed-{seed}" / "6-evaluate"
            for kind, model in (("unpruned", "unpruned"), ("chosen", row["chosen"])):
                value = right(here / f"predictions-{model}-test.csv")
                assert row["models"][kind]["figures"]["accuracy"] == pytest.approx(value)
                compared += 1
            figures.append(row["models"]["chosen"]["figures"]["accuracy"])
        mean = rows[name]["mean"]["chosen"]["figures"]["accuracy"]
        assert mean["mean"] == pytest.approx(np.mean(figures))
        assert mean["sd"] == pytest.approx(np.std(figures, ddof=1))
    assert compared == 8


def test_sizes_are_of_the_same_kind_on_both_sides(finished_paper: VariantsFolder) -> None:
    models = read(finished_paper.results)["variants"]["raw"]["seeds"]["0"]["models"]
    whole, reduced = models["unpruned"], models["chosen"]
    assert whole["parameters"] == 47_885
    assert reduced["share"] == pytest.approx(reduced["parameters"] / 47_885)
    assert whole["bytes_with_optimiser"] == 3 * 4 * 47_885
    # No classifier reads features here, so nothing comes to the weights.
    assert reduced["bytes_with_classifier"] == reduced["bytes"]
    assert reduced["features"] is None


def test_runs_are_paired_by_seed(finished_paper: VariantsFolder) -> None:
    row = read(finished_paper.results)["variants"]["raw"]
    runs = row["change"]["over_runs"]
    differences = [
        one["models"]["chosen"]["figures"]["accuracy"]
        - one["models"]["unpruned"]["figures"]["accuracy"]
        for one in row["seeds"].values()
    ]
    assert runs["difference"]["value"] == pytest.approx(np.mean(differences))
    assert {"wilcoxon", "kruskal_wallis", "equivalence_t"} <= set(runs["p"])
    patients = row["change"]["over_patients"][0]
    assert patients["difference"]["value"] == pytest.approx(np.mean(differences))
    assert patients["difference"]["patients"] == 8


def test_two_variants_are_held_against_each_other_on_both_sides(
    finished_paper: VariantsFolder,
) -> None:
    results = read(finished_paper.results)
    [pair] = results["compare"]
    means = {
        name: results["variants"][name]["mean"]["chosen"]["figures"]["accuracy"]["mean"]
        for name in ("raw", "masked")
    }
    here = pair["sides"]["test part"]["over_patients"][0]
    assert here["difference"]["value"] == pytest.approx(means["masked"] - means["raw"])
    there = pair["sides"]["other hospitals"]
    assert there["studies"] == 28
    assert there["seeds"] == ["0", "1"]


def test_films_of_other_hospitals_are_answered_by_every_seed(
    finished_paper: VariantsFolder,
) -> None:
    external = read(finished_paper.results)["external"]
    assert list(external["variants"]) == ["raw", "masked"]
    for seed in (0, 1):
        told = external["variants"]["raw"]["seeds"][str(seed)]["chosen"]["estimates"]
        accuracy = next(one["value"] for one in told if one["name"] == "accuracy")
        here = finished_paper.external("raw", seed)
        [path] = [one for one in here.glob("predictions-*.csv") if "unpruned" not in one.name]
        assert accuracy == pytest.approx(right(path))
        assert len(read_predictions(path, model="x")) == 28
    constant = external["variants"]["raw"]["baselines"]["constant"]
    assert (constant["class"], constant["value"]) == ("upper", 0.5)


def test_where_networks_look_and_how_many_images_it_takes_is_on_the_page(
    finished_paper: VariantsFolder,
) -> None:
    told = read(finished_paper.attention / "masked" / "attention.json")
    assert told["films"] == 4
    page = finished_paper.report.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    # 9,999 images are more than there are: all training images stand instead.
    found = read(finished_paper.images / "images-needed.json")
    assert [one["images"] for one in found["counts"]] == [8, 28]
    assert "28 images" in page


def test_the_page_sets_ours_above_the_published_and_links_to_the_runs(
    finished_paper: VariantsFolder,
) -> None:
    page = finished_paper.report.read_text(encoding="utf-8")
    ours, theirs = (
        page.index("raw: accuracy on the test part"),
        page.index("Published: Table 1"),
    )
    assert ours < theirs
    for part in ("Kruskal-Wallis", "0.9094", "always upper", "97,216,140", "flawed"):
        assert part in page
    for name in ("raw", "masked"):
        assert f"{read(finished_paper.runs)[name]}/report.html" in page
    assert "AS PUBLISHED" not in page


def test_flaws_of_the_source_are_repeated_alone_and_stamped(desk: Path) -> None:
    options = Options(
        data=desk / "data", out=desk / "out", changes=["as_published=true"], device="cpu"
    )
    folder = vary(desk / "tiny.toml", options)
    assert "-as-published-" in folder.path.name
    assert list(read(folder.runs)) == ["flawed"]
    studies = read_manifest(run_of(folder, "flawed") / "cohort.csv").studies
    by_part = {
        part: {one.image.name for one in studies if one.attributes["split"] == part}
        for part in ("train", "validation", "test")
    }
    assert by_part["validation"] == by_part["test"]
    assert len(by_part["test"]) == 16  # a quarter of 30 films of each class
    assert not by_part["train"] & by_part["test"]
    patients = {
        part: {name.partition("-")[0] for name in names} for part, names in by_part.items()
    }
    assert patients["train"] & patients["test"]
    page = folder.report.read_text(encoding="utf-8")
    assert "They choose on the test part." in page
    assert "AS PUBLISHED" in page.upper()


def test_what_is_needed_and_missing_is_told_before_anything_is_read(
    desk: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="lacks what is needed"):
        vary(desk / "tiny.toml", Options(data=tmp_path, out=tmp_path))
    with pytest.raises(UsageError, match="give the folder of the images"):
        vary(desk / "tiny.toml", Options(data=None, out=tmp_path))
    with pytest.raises(UsageError, match="did you mean 'report'"):
        vary(desk / "tiny.toml", Options(data=tmp_path, out=tmp_path, until="reprot"))
