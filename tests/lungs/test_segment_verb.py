"""``leanlung segment``: masks as files, what stays whole is listed, a segmenter is fitted."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.segment import segment
from leanlung.cli.speaking import guarded
from leanlung.foundations.tables import read_table
from leanlung.lungs import Segmenter, load_segmenter, save_segmenter
from leanlung.studies.manifest import read_manifest


@pytest.fixture
def folder(finder: Segmenter, bright_lungs: Path) -> Path:
    """A folder with ``finder`` and ``data``."""
    save_segmenter(bright_lungs.parent / "finder", finder)
    return bright_lungs.parent


def called(*arguments: object) -> Result:
    app = typer.Typer()
    app.command("segment")(guarded(segment))
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_manifest_gets_its_masks_and_what_stays_whole_is_listed(folder: Path) -> None:
    out = folder / "out"
    done = called(folder / "finder", folder / "data/manifest.csv", "--out", out, "--overlay")
    assert done.exit_code == 0, done.output
    assert "lungs found on 21 of 24 films; 3 stay whole" in done.stdout
    assert "08.png: no lung was found" in done.stdout
    again = read_manifest(out / "manifest.csv")
    masks = {study.study_id: study.lung_mask for study in again.studies}
    assert masks["08.png"] is None
    mask = cv2.imread(str(masks["05.png"]), cv2.IMREAD_UNCHANGED)
    film = cv2.imread(str(folder / "data/05.png"), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    assert film is not None
    assert mask.shape == film.shape
    assert np.mean((mask > 0) == (film > 100)) > 0.97
    assert [study.label for study in again.studies[:4]] == ["a", "a", "b", "b"]
    rows = read_table(out / "lungs.csv")
    assert rows[8]["plausible"] == "False"
    assert int(rows[5]["top"]) < int(rows[5]["bottom"])
    assert len(list((out / "overlays").iterdir())) == 24
    assert len(list((out / "implausible").iterdir())) == 3


def test_files_and_folders_answer_in_json_and_what_cannot_be_read_ends_in_1(
    folder: Path,
) -> None:
    (folder / "data/bad.png").write_bytes(b"no picture")
    done = called(folder / "finder", folder / "data", "--out", folder / "out", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["films"], told["cropped"], told["whole"]) == (25, 21, 3)
    assert told["whole_films"][0]["reason"] == "no lung was found"
    assert "bad.png" in told["unreadable"][0]
    box = told["boxes"][str(folder / "data/05.png")]
    assert box["plausible"]
    assert "bad.png: not a picture" in done.stderr


def test_films_of_one_name_in_two_folders_get_masks_of_their_own(folder: Path) -> None:
    (folder / "data/more").mkdir()
    for name in ("more/05.png", "05.bmp"):
        film = cv2.imread(str(folder / "data/05.png"))
        assert film is not None
        cv2.imwrite(str(folder / "data" / name), film)
    assert called(folder / "finder", folder / "data", "--out", folder / "out").exit_code == 0
    inside = folder / "out/masks"
    masks = {path.relative_to(inside).as_posix() for path in inside.rglob("*.png")}
    assert {"05.png.png", "05.bmp.png", "more/05.png", "04.png"} <= masks


def test_a_segmenter_is_fitted_measured_and_used(pairs_table: Path, tmp_path: Path) -> None:
    out = tmp_path / "new"
    small = ["--epochs", 1, "--width", 2, "--fold", 8]
    done = called("--fit", pairs_table, "--out", out, *small)
    assert done.exit_code == 0, done.output
    assert (
        "fitted on 6 patients; the best epoch was 1 of 1; measured on 2 patients" in done.stdout
    )
    assert load_segmenter(out).fitted["plan"]["width"] == 2
    assert not (out / "checkpoint.safetensors").exists()
    measured = called(out, "--against", pairs_table, "--json")
    found = json.loads(measured.stdout)
    assert [one["source"] for one in found["agreement"]] == ["A", "B", "all sources"]
    assert found["agreement"][2]["films"] == 20
    assert "masks are implausible" in called(out, "--against", pairs_table).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give the folder of a segmenter"),
        (["finder"], "give films, a folder or a manifest, and --out"),
        (["finder", "data", "--out", "out", "--epochs", "3"], "--epochs is of --fit"),
        (["finder", "--fit", "pairs.csv", "--out", "out"], "--fit takes a table"),
        (["finder", "data", "--against", "pairs.csv"], "leave films and --out out"),
        (["--fit", "pairs.csv", "--out", "out", "--epochs", "0"], "--epochs: "),
        (["finder", "empty", "--out", "out"], "no film there"),
    ],
)
def test_flags_that_do_not_fit_together_end_in_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    done = called(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_folder_that_is_no_segmenter_ends_in_1(folder: Path) -> None:
    done = called(folder / "data", folder / "data", "--out", folder / "out")
    assert done.exit_code == 1
    assert "no segmenter" in done.stderr
