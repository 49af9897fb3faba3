"""ONNX Runtime answers as the bundle does, for any number of images, pruned or not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.exports import Bundle, answer, load_bundle
from leanlung.exports import onnx as exporting
from leanlung.exports.onnx import export_onnx
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.networks import NetworkSpec, build, widths_of
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.pruning import L1, LowestShare, OneShot, channel_graph, remove, score_filters

if TYPE_CHECKING:
    from pathlib import Path

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def halved(backbone: str, size: int) -> Bundle:
    """A network of random weights that has lost half of every layer."""
    torch.manual_seed(0)
    whole = NetworkSpec(backbone, classes=3, size=size)
    network = build(whole).eval()
    graph = channel_graph(network, torch.zeros(1, 3, size, size))
    scores = score_filters(network, graph, [L1()])["l1"]
    removal = LowestShare("layer", OneShot(0.5))(scores, 1, graph.originals)
    smaller = remove(network, graph, removal).network
    return Bundle(
        name=f"{backbone}-half",
        network=smaller,
        spec=replace(whole, widths=widths_of(smaller, like=network)),
        classes=("a", "b", "c"),
        pixels=PixelSpec(size=size),
        statistics=PixelStatistics(0.4, 0.2),
    )


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "densenet121", "separable_cnn"])
def test_a_pruned_network_answers_alike(tmp_path: Path, backbone: str) -> None:
    bundle = halved(backbone, 64)
    parity = export_onnx(bundle, tmp_path / "m.onnx")
    assert parity.largest_difference <= 1e-5
    assert parity.bytes == (tmp_path / "m.onnx").stat().st_size
    stored = sum(p.numel() * 4 for p in bundle.network.parameters())
    assert parity.bytes < 1.2 * stored + 2e5  # weights are in the file, once


def test_an_image_that_is_nearly_undecided_does_not_stop_the_export(tmp_path: Path) -> None:
    bundle = halved("separable_cnn", 64)
    images = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(exporting._SEED))
    deployed = exporting.Deployed(bundle.network, bundle.statistics, 3).eval()
    [*_, last] = [one for one in bundle.network.modules() if isinstance(one, nn.Linear)]
    with torch.no_grad():
        last.weight *= 100
        last.bias -= deployed(images)[0][0]
    with torch.no_grad():
        assert (
            deployed(images)[0][0].abs().max() < 1e-3
        )  # of the first, rounding is all there is
    parity = export_onnx(bundle, tmp_path / "m.onnx")
    assert parity.largest_difference <= 1e-5


def test_the_file_answers_as_predict_does(
    finished: Path, small_films: Path, tmp_path: Path
) -> None:
    folder = finished / "seed-0" / "8-export" / "bundle"
    out = tmp_path / "model.onnx"
    result = CliRunner().invoke(app, ["export", str(folder), "--out", str(out), "--json"])
    assert json.loads(result.stdout)["parity"]["largest_difference"] <= 1e-5
    bundle = load_bundle(folder)
    films = sorted((small_films / "data" / "films").iterdir())[:5]
    from leanlung.pixels import prepare
    from leanlung.studies.pictures import decode

    images = np.stack([prepare(decode(film), bundle.pixels) for film in films])[:, None]
    session = onnxruntime.InferenceSession(str(out))
    _, shares = session.run(None, {"images": images.astype(np.float32) / 255})
    expected = [list(one.probabilities.values()) for one in answer(bundle, films)]
    np.testing.assert_allclose(shares, expected, rtol=1e-5, atol=1e-7)


def test_the_file_says_what_it_is_for(finished: Path, tmp_path: Path) -> None:
    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    export_onnx(bundle, tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model)
    about = json.loads({p.key: p.value for p in model.metadata_props}["leanlung"])
    assert about["classes"] == ["upper", "lower"]
    assert about["pixels"] == bundle.pixels.model_dump()
    assert "Research use only" in about["use"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param  # any number


def test_a_file_that_answers_otherwise_is_not_left_behind(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(BundleError, match="answers otherwise than PyTorch, by"):
        export_onnx(bundle, tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_told(finished: Path, tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images if float(images.sum()) > 0 else -images

    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    with pytest.raises(BundleError, match=r"torch\.onnx cannot export this network"):
        export_onnx(replace(bundle, network=Odd()), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(finished / "seed-0" / "8-export" / "bundle")
    monkeypatch.setattr(exporting, "find_spec", lambda name: None if name == "onnx" else name)
    with pytest.raises(UsageError, match=r"needs onnx; .*pip install \"leanlung\[onnx\]\""):
        export_onnx(bundle, tmp_path / "m.onnx")


def test_another_target_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path), "--to", "onx"])
    assert result.exit_code == 2
    assert "did you mean 'onnx'" in result.stderr
