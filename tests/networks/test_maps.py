"""A classifier is cut behind its last feature maps, and only there."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks.maps import count_maps, cut_behind_maps


def classifier(**parts: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(parts))


def test_pooling_and_head_are_left_out() -> None:
    whole = classifier(
        stem=nn.Conv2d(3, 4, 3),
        act=nn.ReLU(),
        pool=nn.AdaptiveAvgPool2d(7),
        flat=nn.Flatten(),
        fc=nn.Linear(4 * 49, 2),
    )
    trunk = cut_behind_maps(whole, "it")
    assert list(trunk.state_dict()) == ["stem.weight", "stem.bias"]
    images = torch.randn(1, 3, 9, 9)
    assert torch.equal(trunk(images), torch.relu(whole.stem(images)))


def test_what_would_be_lost_between_maps_and_head_is_named() -> None:
    whole = classifier(
        stem=nn.Conv2d(3, 4, 3, stride=8),
        pool=nn.AdaptiveAvgPool2d(1),
        flat=nn.Flatten(),
        middle=nn.Linear(4, 4),
        fc=nn.Linear(4, 2),
    )
    with pytest.raises(NetworkError, match=r"it cannot be cut .*'middle.bias' is neither"):
        cut_behind_maps(whole, "it")


@pytest.mark.parametrize(
    "whole",
    [
        classifier(flat=nn.Flatten(), fc=nn.Linear(3 * 224 * 224, 2)),  # no maps at all
        classifier(stem=nn.Conv2d(1, 4, 3)),  # does not read three channels
    ],
)
def test_a_network_without_maps_has_no_trunk(whole: nn.Module) -> None:
    with pytest.raises(NetworkError, match="it has no trunk that can be cut out of it"):
        cut_behind_maps(whole, "it")
    assert whole.training


def test_a_trunk_that_gives_several_tensors_is_refused() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 3)

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.stem(images), images

    with pytest.raises(NetworkError, match="it gives tuple for one image, no feature maps"):
        count_maps(Pair(), "it", 3, 8)
