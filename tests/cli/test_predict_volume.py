"""``leanlung predict`` answers a CT volume slice by slice, and tells what that comes to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.ensembles import Weighted
from leanlung.exports import Bundle, EnsembleBundle, answer, save_bundle, save_ensemble
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import read_table
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.runs.volume_answers import Batch
from leanlung.runs.volume_slices import lung_slices
from leanlung.runs.volume_strip import Strip
from leanlung.statistics import Predictions
from leanlung.statistics.readout import Readout
from leanlung.studies.phantoms import (
    ThoraxSpec,
    draw_thorax,
    make_ct,
    write_nifti,
    write_series,
)
from leanlung.studies.volumes import LUNG, WINDOWS, labels, read_mask, read_volume

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

CLASSES = ("normal", "infected")


def bundle_of(seed: int = 0, **changes: Any) -> Bundle:
    """A network that nobody trained; its answers differ from slice to slice by some 0.001."""
    torch.manual_seed(seed)
    spec = NetworkSpec("separable_cnn", 2, size=32)
    network = build(spec).eval()
    pixels, statistics = PixelSpec(size=32), PixelStatistics(0.4, 0.2)
    made = Bundle(f"net{seed}", network, spec, CLASSES, pixels, statistics)
    return replace(made, **changes)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans") / "covid"
    return make_ct(folder, ThoraxSpec(patients=3, slices=(9, 10), size=64))


@pytest.fixture(scope="module")
def scan(scans: Path) -> Path:
    return scans / "ct_scans" / "coronacases_org_001.nii.gz"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, scan: Path) -> Path:
    """``plain``, ``read`` with a threshold between the slices' probabilities, ``both``."""
    folder = tmp_path_factory.mktemp("bundles")
    plain = bundle_of()
    pictures = [read_volume(scan).name_of(index, LUNG) for index in range(3, 9)]
    shares = np.array(
        [[one.probabilities[n] for n in CLASSES] for one in answer(plain, pictures)]
    )
    names = tuple(map(str, range(len(shares))))
    above = (shares[:, 1] > np.median(shares[:, 1])).astype(np.int64)
    read = Readout.of(Predictions("net0", CLASSES, names, names, above, shares))
    save_bundle(folder / "plain", plain)
    save_bundle(folder / "read", replace(plain, readout=read))
    save_bundle(folder / "crop", replace(plain, pixels=PixelSpec(size=32, crop="lungs")))
    members = {"a": bundle_of(0), "b": bundle_of(1, classes=CLASSES[::-1])}
    save_ensemble(
        folder / "both", EnsembleBundle("both", members, CLASSES, Weighted((0.75, 0.25)))
    )
    return folder


def predict(*words: object) -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, words)])


def told(*words: object, code: int = 0) -> dict[str, Any]:
    result = predict(*words, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def infected(found: dict[str, Any]) -> dict[int, float]:
    return {one["slice"]: one["probabilities"]["infected"] for one in found["slices"]}


def test_slices_are_answered_as_single_pictures_of_them_are(bundles: Path, scan: Path) -> None:
    found = told(bundles / "plain", scan, "--window", "mediastinum")
    volume = read_volume(scan)
    indices = [one["slice"] for one in found["slices"]]
    pictures = [volume.name_of(index, WINDOWS["mediastinum"]) for index in indices]
    expected = [one.probabilities["infected"] for one in answer(bundle_of(), pictures)]
    assert list(infected(found).values()) == pytest.approx(expected, abs=1e-6)
    assert found["window"] == {"name": "mediastinum", "low": -160.0, "high": 240.0}
    assert found["slices"][0]["study_id"] == f"{scan.name}#z={indices[0]:03d}"


def test_slices_without_lung_are_left_out_and_counted(
    bundles: Path, scan: Path, scans: Path
) -> None:
    found = told(bundles / "plain", scan)
    mask = read_mask(scans / "lung_mask" / "coronacases_001.nii.gz", read_volume(scan))
    with_lung = [index for index, plane in labels(mask) if plane.any()]
    assert set(with_lung) < set(range(found["shape"][0]))
    assert list(infected(found)) == with_lung
    assert found["left_out"] == {"no lung found on them": found["shape"][0] - len(with_lung)}


def test_the_volume_is_told_by_mean_max_and_the_share_above_the_threshold(
    bundles: Path, scan: Path
) -> None:
    found = told(bundles / "read", scan)
    shares, figures = infected(found), found["figures"]
    values = np.array(list(shares.values()))
    config = json.loads((bundles / "read" / "config.json").read_text())
    [threshold] = [
        one["value"]
        for one in config["thresholds"]["frozen"]
        if (one["of_class"], one["rule"]) == ("infected", "youden")
    ]
    assert figures["of_class"] == "infected"
    assert figures["mean"]["infected"] == pytest.approx(values.mean())
    assert figures["max"]["value"] == pytest.approx(values.max())
    assert shares[figures["max"]["slice"]] == values.max()
    assert figures["share"] == {
        "value": pytest.approx((values >= threshold).mean()),
        "threshold": threshold,
        "why": "",
    }
    assert 0 < figures["share"]["value"] < 1
    assert "no share of slices" in predict(bundles / "plain", scan).stdout


def test_a_dicom_series_is_answered_as_the_same_scan_in_nifti(
    bundles: Path, tmp_path: Path
) -> None:
    thorax = draw_thorax(Seeds(3), 0, ThoraxSpec(patients=1, slices=(8, 8), size=48))
    write_series(tmp_path / "series", thorax, patient="p")
    write_nifti(tmp_path / "scan.nii", thorax.hounsfield, thorax.spacing)
    one, two = (told(bundles / "plain", tmp_path / name) for name in ("series", "scan.nii"))
    assert infected(one) == pytest.approx(infected(two), abs=1e-6)
    assert len(infected(one)) > 2


def test_every_so_many_slices_are_looked_at(bundles: Path, scan: Path) -> None:
    found = told(bundles / "plain", scan, "--every", 3)
    assert found["looked_at"] == len(range(0, found["shape"][0], 3))
    assert {index % 3 for index in infected(found)} == {0}


def test_a_slice_that_cannot_be_read_is_named_and_the_others_are_answered(
    bundles: Path, tmp_path: Path
) -> None:
    thorax = draw_thorax(Seeds(3), 0, ThoraxSpec(patients=1, slices=(8, 8), size=48))
    voxels = thorax.hounsfield.astype(np.float32)
    voxels[5, 3, 3] = np.nan
    write_nifti(tmp_path / "scan.nii", voxels, thorax.spacing)
    found = told(bundles / "plain", tmp_path / "scan.nii", code=1)
    assert 5 not in infected(found)
    assert {4, 6} <= set(infected(found))
    assert found["left_out"]["cannot be read"] == 1
    assert "no number" in found["problems"]["5"]
    result = predict(bundles / "plain", tmp_path / "scan.nii")
    assert result.exit_code == 1
    assert "slice 5 left out" in result.stderr


def test_table_figures_and_strip_are_written(bundles: Path, scan: Path, tmp_path: Path) -> None:
    result = predict(bundles / "both", scan, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "32 x 32 pixels, whole slices, no CLAHE" in result.stdout
    assert "whether its network ever learnt from CT slices" in result.stdout
    rows = read_table(tmp_path / "out" / "slices.csv")
    figures = json.loads((tmp_path / "out" / "volume.json").read_text())
    assert [float(row["p_infected"]) for row in rows] == list(infected(figures).values())
    assert {row["patient_id"] for row in rows} == {scan.name}
    strip = cv2.imread(str(tmp_path / "out" / "strip.png"))
    assert strip is not None
    columns = min(10, int(np.ceil(np.sqrt(1.6 * len(rows)))))
    assert strip.shape[1] == columns * 100  # 96 pixels at least, and a gap of 4


def test_a_bundle_that_crops_takes_the_lungs_that_air_shows(bundles: Path, scan: Path) -> None:
    crop, whole = told(bundles / "crop", scan), told(bundles / "plain", scan)
    assert any("as their air shows" in line for line in crop["told"])
    assert infected(crop) != pytest.approx(infected(whole), abs=1e-6)


def test_a_volume_that_is_grey_already_says_that_no_window_is_applied(
    bundles: Path, scans: Path
) -> None:
    [grey] = (scans / "ct_scans").glob("radiopaedia*")
    found = told(bundles / "plain", grey)
    assert found["window"] is None
    assert any("grey from 0 to 255 already" in line for line in found["told"])


def test_where_there_is_no_gradient_slices_are_drawn_without_heat(scan: Path) -> None:
    found = lung_slices(scan, LUNG)
    [slices] = found.batches(100)
    blind = bundle_of(network=torch.nn.Flatten())
    drawing = Strip(blind, "infected", torch.device("cpu"))
    batch = Batch(slices, [], [], np.full((len(slices), 2), 0.5))
    drawing.look(batch)
    assert "no gradients" in drawing.why_not
    assert drawing.png().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{scan}", "{scan}"], "a CT volume among 2 paths"),
        (["film.png", "--window", "lung"], "--window is of a CT volume"),
        (["{scan}", "--of-class", "infectd"], "did you mean 'infected'"),
        (["{scan}", "--window", "lungs"], "no window 'lungs'"),
    ],
)
def test_what_cannot_be_asked_is_told(
    bundles: Path, scan: Path, words: list[str], message: str
) -> None:
    result = predict(bundles / "plain", *(word.format(scan=scan) for word in words))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_class_has_to_be_named_where_none_is_called_normal(
    scan: Path, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "b", bundle_of(classes=("clear", "infected")))
    result = predict(tmp_path / "b", scan)
    assert result.exit_code == 2
    assert "--of-class" in result.stderr
    assert predict(tmp_path / "b", scan, "--of-class", "infected").exit_code == 0


def test_what_is_no_chest_and_what_is_no_volume_are_refused(
    bundles: Path, tmp_path: Path
) -> None:
    water = np.full((4, 32, 32), 40, np.int16)
    water[:, :, 0] = -1000
    write_nifti(tmp_path / "water.nii", water, (5.0, 1.0, 1.0))
    (tmp_path / "short.nii.gz").write_bytes(b"\x1f\x8b broken")
    for name, message in (
        ("water.nii", "no lung on any of 4"),
        ("short.nii.gz", "short.nii.gz"),
    ):
        result = predict(bundles / "plain", tmp_path / name)
        assert result.exit_code == 1
        assert message in result.stderr
