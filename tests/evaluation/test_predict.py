"""Probabilities are the softmax of what the network gives for standardised images."""

import numpy as np
import pytest
import torch
from torch import nn

from leanlung.evaluation import probabilities
from leanlung.evaluation.predict import BATCH
from leanlung.foundations.errors import NetworkError
from leanlung.pixels import ImageSet, PixelStatistics

CPU = torch.device("cpu")


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4), nn.Dropout(0.5)
    )


def test_they_are_worked_out_by_hand(network: nn.Module) -> None:
    bytes_ = torch.full((2, 4, 4), 51, dtype=torch.uint8)  # 51 / 255 = 0.2
    bytes_[1] = 204  # 0.8
    images = ImageSet(bytes_, torch.tensor([1, 0]), torch.zeros(2, dtype=torch.int64))
    found = probabilities(network, images, PixelStatistics(0.5, 0.1), 3, CPU)
    weight, bias = (p.detach().numpy().astype(float) for p in network[2].parameters())
    for row, value in zip(found, [3.0, -3.0], strict=True):
        logits = weight.sum(axis=1) * value + bias
        expected = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_rows_sum_to_one_and_follow_the_order_of_the_set(network: nn.Module) -> None:
    count = BATCH + 3
    bytes_ = torch.randint(0, 256, (count, 4, 4), dtype=torch.uint8)
    labels = torch.zeros(count, dtype=torch.int64)
    forward = ImageSet(bytes_, torch.arange(count), labels)
    found = probabilities(network, forward, PixelStatistics(0.5, 0.2), 3, CPU)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    turned = ImageSet(bytes_, torch.arange(count).flip(0), labels)
    again = probabilities(network, turned, PixelStatistics(0.5, 0.2), 3, CPU)
    np.testing.assert_allclose(again[::-1], found, rtol=1e-6)


def test_the_networks_mode_is_put_back(network: nn.Module) -> None:
    images = ImageSet(
        torch.zeros(1, 4, 4, dtype=torch.uint8), torch.arange(1), torch.zeros(1).long()
    )
    probabilities(network.train(), images, PixelStatistics(0.5, 0.2), 3, CPU)
    assert network.training


def test_float32_is_not_rounded_while_a_network_answers() -> None:
    class Listening(nn.Sequential):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            heard.append(torch.get_float32_matmul_precision())
            return super().forward(images)

    heard: list[str] = []
    network = Listening(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = ImageSet(
        torch.zeros(1, 4, 4, dtype=torch.uint8), torch.arange(1), torch.zeros(1).long()
    )
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        probabilities(network, images, PixelStatistics(0.5, 0.2), 3, CPU)
        assert (heard, torch.get_float32_matmul_precision()) == (["highest"], "medium")
    finally:
        torch.set_float32_matmul_precision(before)


def test_where_memory_is_short_the_answers_are_the_same(network: nn.Module) -> None:
    count = BATCH + 3
    bytes_ = torch.randint(0, 256, (count, 4, 4), dtype=torch.uint8)
    images = ImageSet(bytes_, torch.arange(count), torch.zeros(count, dtype=torch.int64))
    whole = probabilities(network, images, PixelStatistics(0.5, 0.2), 3, CPU)
    seen: list[int] = []

    def crowded(_module: nn.Module, given: tuple[torch.Tensor]) -> None:
        if len(given[0]) > 20:
            raise torch.OutOfMemoryError
        seen.append(len(given[0]))

    network.register_forward_pre_hook(crowded)
    parted = probabilities(network, images, PixelStatistics(0.5, 0.2), 3, CPU)
    assert seen == [16, 16, 16, 16, 3]
    np.testing.assert_allclose(parted, whole, rtol=1e-6)


def test_where_one_image_does_not_fit_it_says_what_to_do(network: nn.Module) -> None:
    def crowded(*_given: object) -> None:
        raise torch.OutOfMemoryError

    network.register_forward_pre_hook(crowded)
    images = ImageSet(
        torch.zeros(5, 4, 4, dtype=torch.uint8), torch.arange(5), torch.zeros(5).long()
    )
    with pytest.raises(NetworkError, match=r"1 images at once.*smaller pictures"):
        probabilities(network, images, PixelStatistics(0.5, 0.2), 3, CPU)
