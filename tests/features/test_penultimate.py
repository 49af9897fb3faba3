"""Features are what the last linear layer reads, of any network that ends with one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from leanlung.evaluation import probabilities
from leanlung.features import (
    FeaturePlan,
    FeatureReader,
    calibrate,
    fit_classifier,
    last_layer,
    penultimate,
    rank_features,
)
from leanlung.foundations.errors import NetworkError, TrainingError
from leanlung.networks import Classifier, NetworkSpec, build
from leanlung.networks.classifier import head_of
from leanlung.pixels import ImageSet, PixelStatistics

HEADS = {
    "separable_cnn linear": NetworkSpec("separable_cnn", 3, size=32),
    "separable_cnn radiograph": NetworkSpec("separable_cnn", 3, head="radiograph", size=32),
    "vgg16_quarter": NetworkSpec("vgg16_quarter", 3, size=32),
    "mobilenet_v2": NetworkSpec("mobilenet_v2", 3, size=32),
}
WIDTHS = (256, 1024, 128, 1280)


def images_of(channels: int, count: int = 5) -> torch.Tensor:
    return torch.randn(count, channels, 32, 32, generator=torch.Generator().manual_seed(0))


def answers_and_features(
    network: nn.Module, images: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, tuple[int, ...]]:
    """Give what the last layer makes of the features, the logits, and the features' shape."""
    found = penultimate(network.train(), images.split(2))
    assert network.training, "its mode is put back"
    assert found.dtype == np.float32
    last = network.get_submodule(last_layer(network))
    with torch.no_grad():
        return last(torch.from_numpy(found)), network.eval()(images), found.shape


def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("name", "width"), list(zip(HEADS, WIDTHS, strict=True)))
def test_features_of_our_networks(name: str, width: int) -> None:
    network = build(HEADS[name])
    made, logits, shape = answers_and_features(network, images_of(HEADS[name].channels))
    assert shape == (5, width)
    assert alike(made, logits)


def test_features_of_the_fully_connected_head() -> None:
    network = Classifier(
        nn.Conv2d(1, 1, 1), head_of("fully_connected", maps=1, classes=3, dropout=0.5)
    )
    made, logits, shape = answers_and_features(network, images_of(1))
    assert shape == (5, 4096)
    assert alike(made, logits)


@pytest.mark.parametrize(
    ("name", "width"), [("resnet18", 512), ("densenet121", 1024), ("mobilenet_v2", 1280)]
)
def test_features_of_other_libraries_networks(name: str, width: int) -> None:
    from torchvision import models

    network = models.get_model(name, weights=None, num_classes=3)
    made, logits, shape = answers_and_features(network, images_of(3, 3))
    assert shape == (3, width)
    assert alike(made, logits)


def test_a_network_that_goes_on_behind_its_linear_layer_is_told() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.Softmax(dim=1))
    with pytest.raises(NetworkError, match="do not come from the linear layer '1'"):
        penultimate(network, [torch.randn(2, 3, 2, 2)])


def test_a_linear_layer_that_is_asked_for_every_place_is_told() -> None:
    network = nn.Sequential(nn.Linear(2, 3))
    with pytest.raises(
        NetworkError, match=r"ends with one linear layer of \(images, features\)"
    ):
        penultimate(network, [torch.randn(2, 3, 2, 2)])


def test_a_network_without_a_linear_layer_is_told() -> None:
    with pytest.raises(NetworkError, match="does not end with a linear layer"):
        penultimate(build(NetworkSpec("hu2020", 3, channels=1, head="own", size=32)), [])


def test_no_images_are_told() -> None:
    with pytest.raises(NetworkError, match="no images"):
        penultimate(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), [])


def reader(kind: str) -> tuple[FeatureReader, nn.Module, torch.Tensor]:
    """Join features of a network to a classifier of its better half."""
    torch.manual_seed(0)
    whole = nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 3)).eval()
    images = torch.randn(60, 1, 8, 8)
    labels = (torch.arange(60) % 3).numpy()
    images[:, 0, 0] += 2 * torch.eye(8)[labels]
    features = penultimate(whole, [images])
    columns = rank_features(features, labels).order[:10]
    plan = FeaturePlan(classifier=kind, trees=4, scale=True)
    one = fit_classifier(features[:, columns], labels, 3, plan, 0)
    one = calibrate(one, features[:, columns], labels)
    return FeatureReader(whole[:-1], one, tuple(columns)), whole, images


@pytest.mark.parametrize("kind", ["svm_polynomial", "logistic", "forest"])
def test_a_reader_answers_as_its_classifier(kind: str) -> None:
    found, whole, images = reader(kind)
    features = penultimate(whole, [images])[:, list(found.columns)]
    logs = found(images)
    assert logs.dtype == torch.float64
    expected = found.classifier.probabilities(features)
    assert logs.softmax(dim=1).numpy() == pytest.approx(expected, abs=1e-14)


def test_what_predicts_with_networks_predicts_with_a_reader() -> None:
    found, whole, _ = reader("svm_polynomial")
    grey = torch.randint(0, 256, (7, 8, 8), dtype=torch.uint8)
    images = ImageSet(grey, torch.arange(7), torch.zeros(7, dtype=torch.int64))
    statistics = PixelStatistics(0.5, 0.25)
    answers = probabilities(found, images, statistics, 1, torch.device("cpu"))
    standard = (grey.unsqueeze(1) / 255 - 0.5) / 0.25
    features = penultimate(whole, [standard])[:, list(found.columns)]
    assert answers == pytest.approx(found.classifier.probabilities(features), abs=1e-5)


def test_gradients_do_not_flow_and_asking_says_so() -> None:
    found, _, images = reader("svm_polynomial")
    with pytest.raises(NetworkError, match="no gradient flows through a svm_polynomial"):
        found(images.requires_grad_())
    assert not found(images.detach()).requires_grad


def test_a_reader_of_other_columns_is_refused() -> None:
    found, whole, images = reader("logistic")
    for columns in (found.columns[:-1], (*found.columns[:-1], found.columns[0])):
        with pytest.raises(NetworkError, match="classifier that reads 10"):
            FeatureReader(found.network, found.classifier, columns)
    with pytest.raises(NetworkError, match="output = 'features'"):
        FeatureReader(whole, found.classifier, found.columns)(images)


def test_a_network_that_diverged_is_told() -> None:
    found, _, images = reader("logistic")
    with pytest.raises(TrainingError, match="not finite"):
        found(images * torch.inf)
