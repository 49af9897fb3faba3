"""A series that crops to the lungs and looks at attention: found once, nothing leaked, told."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.exports import load_bundle
from leanlung.foundations.tables import read_table, write_table
from leanlung.pixels.crop import lung_box
from leanlung.runs import Options, Silent
from leanlung.runs.explaining import ExplainPlan, explain, explainers_of
from leanlung.runs.series import SeriesFolder, read_series, reproduce
from leanlung.runs.series.folder import series_name
from leanlung.studies.phantoms import make
from leanlung.studies.pictures import decode

CROPPED = """
[lungs]
source = "segmenter"
pairs = "{pairs}"
[lungs.fit]
width = 8
fold = 8
levels = 2
dropout = 0.0
epochs = 3
batch = 4
rate = 0.02
augment = {{ zoom = 0.05 }}

[attention]
boxes = "{boxes}"
masks = "{masks}"
limit = 20
overlays = 2

"""


@dataclass(frozen=True)
class Looked:
    """A finished series that crops and looks.

    Attributes:
        file: The series.
        folder: Of it.
        segmented: When its lungs were found, in ns.
    """

    file: Path
    folder: SeriesFolder
    segmented: dict[str, int]

    @property
    def out(self) -> Path:
        """What ``--out`` gave."""
        return self.folder.path.parent

    @property
    def films(self) -> list[dict[str, str]]:
        """Of the series, as its manifest has them."""
        return read_table(self.folder.cohort)

    def run(self, name: str) -> Path:
        """Folder of one run."""
        return self.folder.path / str(read(self.folder.runs)[name])


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def masks_found(out: Path) -> dict[str, int]:
    """Give every mask that a segmenter found, with its time."""
    return {str(one): one.stat().st_mtime_ns for one in out.glob("cache/lungs-*/*")}


def shorter(text: str) -> str:
    """Keep two networks and the task that is pruned and combined."""
    end, begin = text.index('[[network]]\nname = "three"'), text.index("[pretrain.data]")
    text = text[:end] + text[begin:]
    for name in ("two-classes", "over-the-network"):
        start = text.index(f'[[task]]\nname = "{name}"')
        stops = [text.find(one, start + 5) for one in ("[[task]]", "[published")]
        text = text[:start] + text[min(stop for stop in stops if stop > 0) :]
    text = text.replace("patients = 90", "patients = 60").replace("rounds = 2", "rounds = 1")
    text = text.replace('"vote", "mean", "weighted", ', "")
    return text.replace('"stacking"]\nfolds = 2', '"weighted"]')


def write_pairs(folder: Path, file: Path) -> Path:
    """Draw the same phantoms elsewhere: same films, other paths, other names of patients."""
    spec = read_series(file).phantoms
    assert spec is not None
    rows = [
        {"image": one.image, "mask": one.lung_mask, "patient_id": f"other {one.patient_id}"}
        for one in make(folder / "phantoms", spec).studies
    ]
    write_table(folder / "pairs.csv", list(rows[0]), rows)
    return folder / "pairs.csv"


def write_tables(folder: Path, films: list[dict[str, str]], phantoms: Path) -> None:
    """Write the box around every lesion, and the lungs as they were drawn."""
    boxes, masks = [], []
    for row in films:
        masks.append({"image": row["image_path"], "mask": phantoms / row["drawn_lungs"]})
        if row.get("lesion_path"):
            rows, columns = np.nonzero(decode(phantoms / row["lesion_path"]) > 0)
            if len(rows):
                left, top = int(columns.min()), int(rows.min())
                sides = {"w": int(columns.max()) + 1 - left, "h": int(rows.max()) + 1 - top}
                boxes.append({"path": row["image_path"], "x": left, "y": top, **sides})
    write_table(folder / "boxes.csv", list(boxes[0]), boxes)
    write_table(folder / "masks.csv", list(masks[0]), masks)


@pytest.fixture(scope="module")
def looked(series_text: str, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("looked")
    file, out = folder / "tiny.toml", folder / "out"
    file.write_text(shorter(series_text))
    pairs = write_pairs(folder, file)
    places = {name: folder / f"{name}.csv" for name in ("boxes", "masks")}
    text = file.read_text().replace("size = 32", 'size = 32\ncrop = "lungs"')
    lungs = CROPPED.format(pairs=pairs, **places)
    file.write_text(text.replace("[published", lungs + "[published"))
    begun = reproduce(file, Options(data=None, out=out, until="data", device="cpu"))
    films = [
        {**row, "drawn_lungs": f"lungs/{Path(row['image_path']).name}"}
        for row in read_table(begun.cohort)
    ]
    found = masks_found(out)
    write_tables(folder, films, Path(films[0]["image_path"]).parent.parent)
    return Looked(file, reproduce(file, Options(data=None, out=out, device="cpu")), found)


def test_lungs_are_found_once_for_all_stages(looked: Looked) -> None:
    assert masks_found(looked.out) == looked.segmented
    assert len(list(looked.out.glob("cache/segmenter-*"))) == 1
    whole = {row["study_id"]: row["mask_path"] for row in looked.films}
    cropped = {mask for mask in whole.values() if mask}
    assert len(cropped) > 60
    assert cropped <= set(looked.segmented)
    told = read(looked.folder.data)["lungs"]
    runs = read(looked.folder.runs)
    assert len(runs) == 4
    for name in runs:
        its = read(looked.run(name) / "data.json")["lungs"]
        assert its["segmenter"]["fingerprint"] == told["segmenter"]["fingerprint"]
        assert its["source"] == "segmenter"
        for row in read_table(looked.run(name) / "cohort.csv"):
            assert row["mask_path"] == whole[row["study_id"]]
        bundle = looked.run(name) / "seed-0/8-export/bundle"
        segmenter = load_bundle(bundle).segmenter
        assert segmenter is not None
        assert segmenter.fingerprint == told["segmenter"]["fingerprint"]


def test_masks_of_patients_in_validation_and_test_are_left_out_and_counted(
    looked: Looked,
) -> None:
    parts = Counter(row["split"] for row in looked.films)
    lungs = read(looked.folder.data)["lungs"]
    told = lungs["segmenter"]["pairs"]
    held = parts["validation"] + parts["test"]
    assert (told["pairs"], told["left_out"]) == (len(looked.films), held)
    assert told["left_out_by_part"] == {n: parts[n] for n in ("validation", "test")}
    [folder] = looked.out.glob("cache/segmenter-*")
    counts = read(folder / "segmenter.json")["fitted"]["pairs"]
    assert sum(sum(one.values()) for one in counts.values()) == parts["train"]
    sentence = (
        f"{held} of {len(looked.films)} mask pairs left out, as their patients are validation "
        "or test here"
    )
    assert told["told"] == sentence
    assert sentence in looked.folder.report.read_text(encoding="utf-8")


def test_how_many_films_are_cropped_and_how_well_lungs_are_found_is_told(
    looked: Looked,
) -> None:
    lungs = read(looked.folder.results)["lungs"]
    cropped = sum(bool(row["mask_path"]) for row in looked.films)
    assert lungs["cropped"] == cropped
    assert (
        lungs["whole"] == len(looked.films) - cropped == sum(lungs["whole_by_reason"].values())
    )
    page = looked.folder.report.read_text(encoding="utf-8")
    assert f"{cropped} of {len(looked.films)} films are cropped to the lungs" in page
    [agreement] = lungs["segmenter"]["agreement"]
    assert f"{agreement['dice']['value']:.2f}" in page
    assert "on patients it has not seen" in page


def values(rows: list[dict[str, str]], model: str) -> dict[tuple[str, str, str], str]:
    return {
        (row["study_id"], row["region"], row["measure"]): row["value"]
        for row in rows
        if row["model"] == model
    }


def test_attention_is_what_explain_gives_of_the_bundles(looked: Looked, tmp_path: Path) -> None:
    ensemble = looked.folder.ensemble_bundle("three-classes")
    run = looked.run("three-classes/one")
    cohort = run / "cohort.csv"
    seed = read(looked.folder.attention / "attention.json")["settings"]["seed"]
    home = looked.file.parent
    plan = ExplainPlan(
        boxes=home / "boxes.csv",
        masks=home / "masks.csv",
        part="test",
        limit=20,
        overlays=0,
        resamples=100,
        seed=seed,
    )
    found = {
        name: explain(
            explainers_of([path]), cohort, tmp_path / name, plan, torch.device("cpu"), Silent()
        )
        for name, path in (("ensemble", ensemble), ("run", run))
    }
    theirs = {name: read_table(tmp_path / name / "attention.csv") for name in found}
    ours = read_table(looked.folder.attention / "attention.csv")
    whole = json.loads(ensemble.joinpath("config.json").read_text())["name"]
    compared = 0
    for name, (where, model) in {
        "one, pruned": ("ensemble", f"{whole}/one"),
        "two, pruned": ("ensemble", f"{whole}/two"),
        "the ensemble, pruned": ("ensemble", whole),
        "one, unpruned": ("run", "unpruned"),
    }.items():
        wanted = values(theirs[where], model)
        got = values(ours, name)
        assert set(got) == set(wanted)
        for key, one in wanted.items():
            assert got[key] == one or float(got[key]) == pytest.approx(float(one), abs=1e-5)
            compared += 1
    assert compared > 4 * 20
    [difference] = [
        one
        for one in found["run"]["differences"]
        if (one["region"], one["measure"]) == ("lungs", "share")
    ]
    [ours_apart] = [
        one
        for one in read(looked.folder.results)["attention"]["differences"]
        if (one["model"], one["region"], one["measure"]) == ("one, pruned", "lungs", "share")
    ]
    for figure in ("value", "low", "high", "studies", "patients"):
        wanted_one = difference["difference"][figure]
        assert ours_apart["difference"][figure] == pytest.approx(wanted_one, abs=1e-4)


def test_maps_lie_where_the_segmenter_cropped_and_are_measured_by_the_lungs_given(
    looked: Looked,
) -> None:
    drawn = {
        str(row["image"]): row["mask"] for row in read_table(looked.file.parent / "masks.csv")
    }
    films = {row["study_id"]: row for row in looked.films}
    rows = [
        row
        for row in read_table(looked.folder.attention / "attention.csv")
        if row["region"] == "lungs" and row["model"] == "one, unpruned"
    ]
    assert len(rows) == 20
    cropped = 0
    for row in rows:
        film = films[row["study_id"]]
        assert film["split"] == "test"
        lungs = decode(Path(drawn[film["image_path"]])) > 0
        if film["mask_path"]:
            box = lung_box(decode(Path(film["mask_path"])), lungs.shape, 0.05)
            lungs = lungs[box.top : box.bottom, box.left : box.right]
            cropped += 1
        assert float(row["chance"]) == pytest.approx(lungs.mean())
    assert cropped > 10


def test_the_page_and_the_table_tell_where_the_networks_look(looked: Looked) -> None:
    found = read(looked.folder.results)["attention"]
    assert [one["network"] for one in found["networks"]][-1] == "the ensemble"
    assert found["films"] == 20
    assert found["with"]["lungs"] == 20
    rows = read_table(looked.folder.tables / "attention.csv")
    told = {(row["network"], row["kind"]) for row in rows}
    assert {("one", "unpruned"), ("the ensemble", "unpruned")} <= told
    page = looked.folder.report.read_text(encoding="utf-8")
    for words in (
        "share inside the lungs",
        "peak at a lesion box",
        "overlap with lesion boxes",
    ):
        assert words in page
    assert "Nobody asked" not in page
    assert page.count("data:image/png;base64") == 2
    estimate = next(
        row for row in rows if (row["kind"], row["region"]) == ("unpruned", "lungs")
    )
    assert estimate["value"][:4] in page
    assert int(estimate["studies"]) <= 20


def leanlung(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_attention_is_found_again(looked: Looked) -> None:
    done = looked.folder.attention / "step.json"
    before = done.stat().st_mtime_ns
    common = ("--out", looked.out, "--device", "cpu")
    code, told = leanlung("reproduce", looked.file, *common)
    assert code == 0
    assert done.stat().st_mtime_ns == before
    told = " ".join(told.split())
    cropped = read(looked.folder.results)["lungs"]["cropped"]
    assert f"cropped to the lungs: {cropped} of {len(looked.films)} films" in told
    assert "the ensemble, unpruned: share inside the lungs 0." in told


def test_tables_that_are_missing_or_of_other_films_are_told(
    looked: Looked, tmp_path: Path
) -> None:
    shutil.copytree(looked.out, tmp_path / "out")  # its films lie elsewhere: no mask is theirs
    nowhere = ("--set", "attention.boxes=nowhere.csv", "--set", "attention.limit=2")
    common = ("--out", tmp_path / "out", "--device", "cpu")
    code, told = leanlung("reproduce", looked.file, *common, *nowhere)
    assert code == 0
    sentence = "no lesion boxes: nowhere.csv is neither below --data nor here"
    assert f"attention: {sentence}" in " ".join(told.split())
    folder = SeriesFolder(tmp_path / "out" / looked.folder.path.name)
    found = read(folder.results)["attention"]
    assert found["missing"][0] == sentence
    assert "masks.csv: none of its masks fits one of" in found["missing"][1]
    assert (found["films"], found["with"]["boxes"]) == (2, 0)
    page = folder.report.read_text(encoding="utf-8")
    assert sentence in page
    assert "peak at a lesion box" not in page
    assert "share inside the lungs" in page  # by the masks that films are cropped by


def test_a_series_is_called_the_same_whether_anybody_asks_or_not(
    tiny: Path, finished_series: SeriesFolder
) -> None:
    plain, asked = read_series(tiny), read_series(tiny, ["attention.limit=1"])
    assert plain.attention is None
    assert asked.attended().name == "three-classes"
    data = read(finished_series.data)["fingerprint"]
    assert series_name(asked, data) == series_name(plain, data) == finished_series.path.name
    assert not {"attention", "lungs"} & set(read(finished_series.results))
