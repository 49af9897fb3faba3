"""Classifiers on features as tensor operations: scikit-learn's scores, and one ONNX file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from leanlung.exports import Bundle, answer, load_bundle, save_bundle
from leanlung.exports.feature_ops import ReadFeatures, scores_of
from leanlung.exports.onnx import export_onnx
from leanlung.features import FeatureClassifier, FeaturePlan, calibrate, fit_classifier
from leanlung.foundations.errors import BundleError
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics


def fitted(
    classes: int, seed: int = 0, **plan: Any
) -> tuple[FeatureClassifier, NDArray[np.float64]]:
    """A classifier of 5 overlapping features, calibrated, and images it has not seen."""
    generator = np.random.default_rng(seed)
    labels = np.arange(90) % classes
    features = generator.normal(size=(90, 5)) + labels[:, None] * np.linspace(-1, 1, 5)
    found = fit_classifier(features[:60], labels[:60], classes, FeaturePlan(**plan), seed)
    return calibrate(found, features[60:], labels[60:]), features[60:]


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize(
    "plan",
    [
        {"classifier": "svm_polynomial"},
        {"classifier": "svm_polynomial", "degree": 2, "scale": True, "gamma": "scale"},
        {"classifier": "svm_rbf", "gamma": "scale"},
        {"classifier": "svm_linear"},
        {"classifier": "logistic", "scale": True},
    ],
    ids=["poly", "poly-2-scaled", "rbf", "linear", "logistic"],
)
def test_the_operations_give_scikit_learns_scores(classes: int, plan: dict[str, Any]) -> None:
    classifier, features = fitted(classes, **plan)
    given = torch.from_numpy(features)
    if classifier.scaling is not None:
        given = torch.from_numpy(classifier.scaling(features))
    found = scores_of(classifier)(given).numpy()
    np.testing.assert_allclose(found, classifier.scores(features), rtol=1e-9, atol=1e-9)


def test_a_forest_says_what_else_can_be_done() -> None:
    classifier, _ = fitted(2, classifier="forest", trees=3)
    with pytest.raises(BundleError, match="leanlung predict"):
        scores_of(classifier)


@pytest.fixture
def bundle() -> Bundle:
    """A network of 256 features, 5 of which a machine reads in an order of its own."""
    torch.manual_seed(0)
    spec = NetworkSpec("separable_cnn", 3, size=32, output="features")
    classifier, _ = fitted(3, scale=True)
    return Bundle(
        name="reads-features",
        network=build(spec).eval(),
        spec=spec,
        classes=("a", "b", "c"),
        pixels=PixelSpec(size=32),
        statistics=PixelStatistics(0.5, 0.25),
        classifier=classifier,
        columns=(7, 3, 200, 0, 31),
    )


def test_network_columns_and_classifier_come_together(bundle: Bundle) -> None:
    assert bundle.classifier is not None
    images = torch.rand(4, 3, 32, 32)
    features = bundle.network(images).detach().numpy()[:, [7, 3, 200, 0, 31]]
    expected = bundle.classifier.probabilities(features)
    whole = ReadFeatures(bundle.network, bundle.classifier, bundle.columns)
    for answering in (whole, bundle.answering):
        with torch.no_grad():
            found = answering(images).softmax(dim=1).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_bundle_comes_back_whole(bundle: Bundle, tmp_path: Path) -> None:
    image = tmp_path / "film.png"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    Image.fromarray(pixels).save(image)
    save_bundle(tmp_path / "b", bundle)
    again = load_bundle(tmp_path / "b")
    assert again.columns == bundle.columns
    assert answer(again, [image]) == answer(bundle, [image])
    files = {path.name for path in (tmp_path / "b").iterdir()}
    assert "classifier.skops" in files


def test_only_such_bundles_have_the_new_format(bundle: Bundle, tmp_path: Path) -> None:
    spec = NetworkSpec("separable_cnn", 3, size=32)
    plain = replace(bundle, network=build(spec), spec=spec, classifier=None, columns=())
    means = replace(plain, statistics=PixelStatistics((0.4, 0.5, 0.6), 1 / 255))
    formats = []
    for name, one in (("with", bundle), ("plain", plain), ("means", means)):
        save_bundle(tmp_path / name, one)
        config = json.loads((tmp_path / name / "config.json").read_text())
        formats.append(config["format"])
        assert load_bundle(tmp_path / name).statistics == one.statistics
    assert formats == [4, 1, 4]


@pytest.mark.parametrize("harm", ["changed", "gone", "untold"])
def test_a_damaged_classifier_is_refused(bundle: Bundle, tmp_path: Path, harm: str) -> None:
    save_bundle(tmp_path / "b", bundle)
    path, config = tmp_path / "b" / "classifier.skops", tmp_path / "b" / "config.json"
    if harm == "changed":
        path.write_bytes(path.read_bytes() + b"0")
    elif harm == "gone":
        path.unlink()
    else:
        told = json.loads(config.read_text())
        del told["classifier"]
        config.write_text(json.dumps(told))
    with pytest.raises(BundleError):
        load_bundle(tmp_path / "b")


def test_it_goes_to_onnx_and_answers_alike(bundle: Bundle, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    path = tmp_path / "m.onnx"
    assert export_onnx(bundle, path).largest_difference <= 1e-5
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    grey = torch.rand(3, 1, 32, 32)
    _, found = session.run(["logits", "probabilities"], {"images": grey.numpy()})
    standard = ((grey - 0.5) / 0.25).expand(-1, 3, -1, -1)
    with torch.no_grad():
        expected = bundle.answering(standard).softmax(dim=1).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4)
