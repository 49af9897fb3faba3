"""``leanlung data``: index, check, join and split, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.errors import UsageError
from leanlung.foundations.tables import read_table
from leanlung.studies.archives import indexing
from leanlung.studies.archives.asked import Asked
from leanlung.studies.manifest import read_manifest

NAMES = [f"train/NORMAL/IM-{n:04d}-0001.jpeg" for n in range(8)]
NAMES += [f"train/PNEUMONIA/person{n}_{kind}_{n}.jpeg" for kind in ("bacteria", "virus")
          for n in range(8)]  # fmt: skip


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def answered(*arguments: object) -> dict[str, Any]:
    result = leanlung(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archives") / "chest_xray"
    generator = np.random.default_rng(0)
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(generator.integers(0, 256, (9, 9), np.uint8))
        coarse.resize((48, 48), Image.Resampling.BICUBIC).save(root / name, quality=95)
    (root / "again/train/NORMAL").mkdir(parents=True)
    (root / "again" / NAMES[0]).write_bytes((root / NAMES[0]).read_bytes())
    return root


@pytest.fixture
def manifest(archive: Path, tmp_path: Path) -> Path:
    assert leanlung("index", archive, "-o", tmp_path / "m.csv").exit_code == 0
    return tmp_path / "m.csv"


@pytest.mark.parametrize("named", [True, False])
def test_index_writes_a_manifest_that_is_read_again(
    archive: Path, tmp_path: Path, named: bool
) -> None:
    words = ["kermany", archive] if named else [archive]
    told = answered("index", *words, "-o", tmp_path / "m.csv")
    cohort = read_manifest(tmp_path / "m.csv")
    assert told["images"] == len(cohort.studies) == 24
    assert told["classes"] == {"normal": 8, "bacterial_pneumonia": 8, "viral_pneumonia": 8}
    assert all(study.image.is_file() for study in cohort.studies)
    assert {study.patient_id_confidence for study in cohort.studies} == {"derived"}
    assert cohort.studies[0].attributes["license"] == "CC BY 4.0"


def test_index_lists_everything_left_out(archive: Path, tmp_path: Path) -> None:
    told = answered("index", archive, "-o", tmp_path / "m.csv")
    assert told["left_out"] == [
        {"reason": "listed or lying there again", "images": 1, "first": [f"again/{NAMES[0]}"]}
    ]
    assert read_table(Path(told["left_out_list"])) == [
        {"image": f"again/{NAMES[0]}", "reason": "listed or lying there again"}
    ]


def test_index_says_in_words_what_matters(archive: Path, tmp_path: Path) -> None:
    result = leanlung("index", archive, "-o", tmp_path / "m.csv")
    for told in (
        "kermany: 24 images of 24 patients",
        "classes: 8 normal, 8 bacterial_pneumonia, 8 viral_pneumonia",
        "patients known: 24 derived; lung masks: 0",
        "left out: 1 listed or lying there again",
        "note: all are children",
        "CC BY 4.0; from https://data.mendeley.com",
        f"manifest: {tmp_path / 'm.csv'}",
    ):
        assert told in result.stdout


def test_index_adds_hashes_and_finds_look_alikes_and_damaged_files(
    archive: Path, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    for name in NAMES[:4]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((archive / name).read_bytes())
    (root / NAMES[1]).write_bytes((root / NAMES[0]).read_bytes())
    (root / NAMES[2]).write_bytes(b"\xff\xd8\xff")
    told = answered("index", root, "-o", tmp_path / "m.csv", "--hash")
    assert (told["identical"], told["near_identical"], len(told["unreadable"])) == (1, 0, 1)
    hashes = [row["pixel_sha256"] for row in read_table(tmp_path / "m.csv")]
    assert hashes[0] == hashes[1] != hashes[3]
    assert hashes[2] == ""
    result = leanlung("index", root, "-o", tmp_path / "m.csv", "--hash")
    assert "pairs of look-alikes: 1 identical, 0 nearly; unreadable: 1" in result.stdout


def test_pictures_that_have_to_be_written_go_beside_the_manifest(tmp_path: Path) -> None:
    sizes = {"train": 4, "val": 2, "test": 2}
    held: dict[str, Any] = {
        f"{part}_images": np.zeros((n, 28, 28), np.uint8) for part, n in sizes.items()
    }
    held |= {f"{part}_labels": np.arange(n)[:, None] % 2 for part, n in sizes.items()}
    np.savez(tmp_path / "pneumoniamnist.npz", **held)
    answered("index", tmp_path / "pneumoniamnist.npz", "-o", tmp_path / "out" / "m.csv")
    rows = read_table(tmp_path / "out" / "m.csv")
    assert rows[0]["image_path"] == "m-images/pneumoniamnist/train/00000.png"
    assert (tmp_path / "out" / rows[0]["image_path"]).is_file()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["kermany", "gone"], 1, "kermany is to be had at https://data.mendeley.com"),
        (["kermany", "."], 1, "nothing of it is here; chest_xray/train/NORMAL"),
        (["a", "b", "c"], 2, "3 words"),
        (["kermani", "."], 2, "did you mean 'kermany'"),
        (["kermany", ".", "--revision", "9b9c2d5"], 2, "it goes for covid_chestxray"),
        (["plain", "."], 2, "--label"),
        (["kermany", ".", "--uncertain", "twos"], 2, "twos"),
    ],
)
def test_what_cannot_be_indexed_ends_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = leanlung("index", *words, "-o", "m.csv")
    assert result.exit_code == code
    assert told in result.stderr
    assert not (tmp_path / "m.csv").exists()


def test_check_tells_what_a_run_would_find(manifest: Path, archive: Path) -> None:
    result = leanlung("check", manifest)
    assert result.exit_code == 0, result.output
    assert "m: 24 images of 24 patients" in result.stdout
    assert "confidence: 24 derived" in result.stdout
    assert "leaks: 0; look-alikes: 0 pairs; unreadable: 0" in result.stdout
    assert answered("check", manifest)["sources"] == {"kermany": 24}


def test_check_ends_with_1_on_unreadable_images_and_with_3_on_leaks(
    manifest: Path, archive: Path
) -> None:
    text = manifest.read_text()
    manifest.write_text(text.replace("IM-0003-0001.jpeg,", "gone.jpeg,"))
    result = leanlung("check", manifest)
    assert result.exit_code == 1
    assert "unreadable: " in result.stdout
    rows = "image_path,label,patient_id,split\n" + "".join(
        f"{archive / NAMES[n]},{n % 2},p,{part}\n" for n, part in enumerate(["train", "test"])
    )
    manifest.write_text(rows)
    result = leanlung("check", manifest)
    assert result.exit_code == 3
    assert "LEAK: " in result.stdout
    assert [leak["kind"] for leak in json.loads(leanlung("check", manifest, "--json").stdout)
            ["leaks"]] == ["patient"]  # fmt: skip


def test_join_puts_manifests_together(manifest: Path, archive: Path, tmp_path: Path) -> None:
    twitter = tmp_path / "twitter"
    twitter.mkdir()
    for name in NAMES[:2]:
        (twitter / Path(name).name).write_bytes((archive / name).read_bytes())
    words = ["plain", twitter, "--label", "covid", "--source", "Twitter"]
    assert leanlung("index", *words, "-o", tmp_path / "t.csv").exit_code == 0
    told = answered("join", manifest, tmp_path / "t.csv", "-o", tmp_path / "all.csv")
    assert (told["images"], told["patients_in_several"]) == (26, [])
    assert list(told["classes"]) == [
        "normal", "bacterial_pneumonia", "viral_pneumonia", "covid",
    ]  # fmt: skip
    assert len(read_manifest(tmp_path / "all.csv").studies) == 26
    found = json.loads(leanlung("check", tmp_path / "all.csv", "--json").stdout)
    assert [pair["same_label"] for pair in found["alike"]] == [False, False]
    result = leanlung("join", manifest, tmp_path / "t.csv", "-o", tmp_path / "all.csv")
    assert "patients in several manifests, each one patient: 0" in result.stdout


def test_join_needs_two(manifest: Path, tmp_path: Path) -> None:
    assert leanlung("join", manifest, "-o", tmp_path / "all.csv").exit_code == 2
    result = leanlung("join", manifest, manifest, "-o", tmp_path / "all.csv")
    assert result.exit_code == 1


def test_split_gives_every_patient_one_part(manifest: Path, tmp_path: Path) -> None:
    shares = ["--train", 0.5, "--validation", 0.25, "--test", 0.25]
    told = answered("split", manifest, "-o", tmp_path / "s.csv", *shares)
    parts = {row["study_id"]: row["split"] for row in read_table(tmp_path / "s.csv")}
    assert sorted(parts.values()) == ["test"] * 6 + ["train"] * 12 + ["validation"] * 6
    assert told["parts"]["test"]["images"] == {
        "normal": 2, "bacterial_pneumonia": 2, "viral_pneumonia": 2,
    }  # fmt: skip
    again = leanlung("split", manifest, "-o", tmp_path / "t.csv", *shares)
    assert "not looked for (give --look-alikes" in again.stdout
    assert (tmp_path / "t.csv").read_text() == (tmp_path / "s.csv").read_text()
    other = leanlung("split", manifest, "-o", tmp_path / "u.csv", *shares, "--seed", 1)
    assert other.exit_code == 0
    assert (tmp_path / "u.csv").read_text() != (tmp_path / "s.csv").read_text()


@pytest.mark.parametrize("how", ["pixels", "hashes"])
def test_split_keeps_look_alikes_together(archive: Path, tmp_path: Path, how: str) -> None:
    root = tmp_path / "copy"
    for name in NAMES[:8]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((archive / NAMES[0 if name < NAMES[4] else 5]).read_bytes())
    hashing = ["--hash"] if how == "hashes" else []
    assert leanlung("index", root, "-o", tmp_path / "m.csv", *hashing).exit_code == 0
    looking = ["--look-alikes"] if how == "pixels" else []
    shares = ["--train", 0.5, "--validation", 0, "--test", 0.5]
    told = answered("split", tmp_path / "m.csv", "-o", tmp_path / "s.csv", *looking, *shares)
    assert how in told["look_alikes"]["found_by"]
    assert told["look_alikes"]["pairs_kept_together"] == 12  # 6 pairs of each four
    parts = [row["split"] for row in read_table(tmp_path / "s.csv")]
    assert len(set(parts[:4])) == len(set(parts[4:])) == 1


def test_shares_have_to_make_a_whole(manifest: Path, tmp_path: Path) -> None:
    result = leanlung("split", manifest, "-o", tmp_path / "s.csv", "--train", 0.9)
    assert result.exit_code == 2
    assert "add up to 1.2" in result.stderr


def test_layouts_are_listed_with_where_to_get_them() -> None:
    result = CliRunner().invoke(app, ["list", "layouts", "--json"])
    told = {one["name"]: one for one in json.loads(result.stdout)["layouts"]}
    assert told["kermany"]["takes"] == ["merge_series"]
    assert told["rsna2018"]["where"].startswith("https://www.kaggle.com")
    assert set(told["folders"]) == {"name", "about"}


def test_split_may_keep_some_classes_alone(manifest: Path, tmp_path: Path) -> None:
    shares = ["--train", 0.5, "--validation", 0.25, "--test", 0.25]
    words = ["--class", "normal", "--class", "viral_pneumonia"]
    told = answered("split", manifest, "-o", tmp_path / "s.csv", *shares, *words)
    assert told["left_out"] == 8
    assert {row["label"] for row in read_table(tmp_path / "s.csv")} == {
        "normal", "viral_pneumonia",
    }  # fmt: skip
    result = leanlung("split", manifest, "-o", tmp_path / "s.csv", *shares, *words)
    assert "left out, of other classes: 8 images" in result.stdout
    assert (
        leanlung("split", manifest, "-o", tmp_path / "s.csv", "--class", "flu").exit_code == 1
    )


def test_every_option_reaches_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def read(root: Path, name: str, asked: Asked) -> None:
        seen.append((root, name, asked))
        raise UsageError("enough")

    monkeypatch.setattr(indexing, "index", read)
    words = ["--all-views", "--adults", "--license-allow", "CC BY", "--license-allow", "CC0"]
    words += ["--revision", "2020-01-01", "--mapping", "m.json", "--uncertain", "ones"]
    words += ["--finding", "edema", "--list", "a.txt", "--list", "b.txt", "--label", "covid"]
    words += ["--source", "Twitter", "--merge-series", "--images", "made"]
    assert leanlung("index", "plain", "here", "-o", "m.csv", *words).exit_code == 2
    assert leanlung("index", "here", "-o", tmp_path / "m.csv").exit_code == 2
    assert seen == [
        (
            Path("here"),
            "plain",
            Asked(
                frontal=False, adults=True, licences=("CC BY", "CC0"), revision="2020-01-01",
                mapping=Path("m.json"), uncertain="ones", finding="edema",
                lists=("a.txt", "b.txt"), label="covid", source="Twitter", merge_series=True,
                images=Path("made"),
            ),
        ),
        (Path("here"), "", Asked(images=tmp_path / "m-images")),
    ]  # fmt: skip
