"""Eight bits: what comes of it is measured, and the folder answers in place of the bundle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.exports import Bundle, answer, load_bundle, load_model
from leanlung.exports.int8 import Change, export_int8, onnx_predictions
from leanlung.exports.onnx_folder import load_onnx
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics, standardise

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.exports.int8 import Quantised

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SIZE = 32


def images(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((count, 1, SIZE, SIZE), dtype=np.float32)


def bundle_of(backbone: str) -> Bundle:
    torch.manual_seed(0)
    spec = NetworkSpec(backbone, 2, head="own", channels=1, size=SIZE)
    network = build(spec)
    statistics = PixelStatistics(0.5, 0.3)
    with torch.no_grad():  # BatchNorm learns what flows
        for seed in range(8):
            network(standardise(torch.from_numpy(images(16, seed)), statistics, 1))
    return Bundle("net", network.eval(), spec, ("a", "b"), PixelSpec(size=SIZE), statistics)


Made = tuple[Bundle, "Path", "Quantised"]


@pytest.fixture(scope="module", params=["shahabade2025", "hu2020"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    bundle = bundle_of(request.param)
    path = tmp_path_factory.mktemp("int8") / "model.onnx"
    found = export_int8(bundle, path, [images(8), images(3, 5)], [images(6, 9)], rounds=6)
    return bundle, path, found


def of_torch(bundle: Bundle, given: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.no_grad():
        batch = standardise(torch.from_numpy(given), bundle.statistics, 1)
        return bundle.network(batch).double().softmax(dim=1).numpy()


def test_the_file_is_about_a_quarter(made: Made) -> None:
    bundle, path, found = made
    assert found.bytes == path.stat().st_size
    assert 0.24 < found.bytes / found.float_bytes < 0.30
    assert found.float_bytes > 4 * sum(p.numel() for p in bundle.network.parameters())


def test_changes_are_those_against_torch(made: Made) -> None:
    """The float32 file is within 1e-5 of torch, so the changes told are found here too."""
    bundle, path, found = made
    for given, told in (
        (np.concatenate([images(8), images(3, 5)]), found.calibration),
        (images(6, 9), found.others),
    ):
        here = Change.between(of_torch(bundle, given), onnx_predictions(path, given))
        assert told.images == here.images == len(given)
        assert told.largest == pytest.approx(here.largest, abs=1e-4)
        assert told.mean == pytest.approx(here.mean, abs=1e-4)
        assert 0.0 < told.largest < 0.1
        assert told.mean <= told.largest


def test_weights_are_in_eight_bits_but_for_the_last_layer(made: Made) -> None:
    _, path, _ = made
    model = onnx.load(path)
    onnx.checker.check_model(model)
    kinds = {one.name: one.data_type for one in model.graph.initializer}
    scales = {
        n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "DequantizeLinear"
    }
    layers = [n for n in model.graph.node if n.op_type in {"Conv", "Gemm"}]
    small = [kinds.get(scales.get(n.input[1], "")) == onnx.TensorProto.INT8 for n in layers]
    assert sum(small) >= len(layers) - 3  # hu2020 has a last layer at each of three scales
    assert not small[-1]
    softmax = [n for n in model.graph.node if n.op_type == "Softmax"]
    assert not set(softmax[0].input) & set(scales)
    about = json.loads({p.key: p.value for p in model.metadata_props}["leanlung"])
    assert about["classes"] == ["a", "b"]


def test_every_channel_has_its_own_scale(made: Made) -> None:
    _, path, _ = made
    model = onnx.load(path)
    shapes = {one.name: list(one.dims) for one in model.graph.initializer}
    first = next(n for n in model.graph.node if n.op_type == "Conv")
    weights = next(n for n in model.graph.node if first.input[1] in n.output)
    assert shapes[weights.input[1]] == [shapes[weights.input[0]][0]]


def test_changes_by_hand() -> None:
    before = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    after = np.array([[0.8, 0.2], [0.4, 0.6], [0.5, 0.5]])
    found = Change.between(before, after)
    assert (found.images, found.flips) == (3, 1)
    assert found.largest == pytest.approx(0.2)
    assert found.mean == pytest.approx(0.1)


def test_no_image_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no image to calibrate on"):
        export_int8(bundle_of("shahabade2025"), tmp_path / "m.onnx", [])
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def folder(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line makes of a run's bundle, with the run's own parts."""
    bundle = finished / "seed-0" / "8-export" / "bundle"
    out = tmp_path_factory.mktemp("folder") / "small"
    cohort = next(finished.rglob("cohort.csv"))
    told = ["--int8", "--data", str(cohort), "--calibration", "12"]
    result = CliRunner().invoke(app, ["export", str(bundle), *told, "--out", str(out)])
    assert result.exit_code == 0, result.output + result.stderr
    assert "on the calibration images: a probability changes by at most" in result.stdout
    assert "on validation images: " in result.stdout
    return out


def test_the_folder_answers_as_its_file_does(folder: Path, small_films: Path) -> None:
    films = sorted((small_films / "data" / "films").iterdir())[:5]
    bundle = load_onnx(folder)
    told = answer(bundle, films)
    from leanlung.pixels import prepare
    from leanlung.studies.pictures import decode

    ready = np.stack([prepare(decode(film), bundle.pixels) for film in films])[:, None]
    expected = onnx_predictions(folder, ready.astype(np.float32) / 255)
    found = [list(one.probabilities.values()) for one in told]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    config = json.loads((folder / "config.json").read_text())
    assert config["quantised"]["calibration"]["images"] == 12
    assert "For research only" in (folder / "README.md").read_text()


def test_predict_and_compare_take_the_folder(
    folder: Path, finished: Path, small_films: Path, elsewhere: Path
) -> None:
    film = next((small_films / "data" / "films").iterdir())
    result = CliRunner().invoke(app, ["predict", str(folder), str(film), "--json"])
    assert set(json.loads(result.stdout)[0]["probabilities"]) == {"upper", "lower"}
    bundle = finished / "seed-0" / "8-export" / "bundle"
    arguments = [
        str(bundle),
        str(folder),
        "--data",
        str(elsewhere),
        "--margin",
        "0.1",
        "--json",
    ]
    result = CliRunner().invoke(app, ["compare", *arguments, "--resamples", "100"])
    assert result.exit_code in {0, 4}, result.stderr
    found = json.loads(result.stdout)
    assert found["candidate"]["name"].endswith(" int8")
    assert abs(found["difference"]["value"]) < 0.1


def test_what_needs_a_network_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="predict and compare take it"):
        load_bundle(folder)
    copy = tmp_path / "copy"
    copy.mkdir()
    for one in folder.iterdir():
        (copy / one.name).write_bytes(one.read_bytes())
    (copy / "model.onnx").write_bytes(b"no model")
    with pytest.raises(BundleError, match="not the file this folder was saved with"):
        load_model(copy)
    config = json.loads((copy / "config.json").read_text())
    for change, told in (({"format": 9}, "upgrade leanlung"), ({"classes": None}, "damaged")):
        (copy / "config.json").write_text(json.dumps(config | change))
        (copy / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
        with pytest.raises(BundleError, match=told):
            load_model(copy)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--int8"], "calibrated on training images"), (["--data", "x"], "--data is of --int8")],
)
def test_data_and_eight_bits_go_together(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert told in result.stderr
