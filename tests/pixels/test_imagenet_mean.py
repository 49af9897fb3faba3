"""ImageNet's mean is subtracted from values of 0 to 255, in the order the weights read."""

from typing import Literal

import pytest
import torch

from leanlung.foundations.errors import PixelError
from leanlung.pixels import ImageSet, PixelSpec, pixel_statistics, standardise, unit_range

NONE = ImageSet(torch.zeros(0, 2, 2, dtype=torch.uint8), torch.zeros(0), torch.zeros(0))


def read_by_network(
    standardised: Literal["imagenet_mean", "imagenet_mean_bgr"],
) -> torch.Tensor:
    spec = PixelSpec(size=16, standardise=standardised)
    bytes_of_film = torch.tensor([[[[0, 100], [200, 255]]]], dtype=torch.uint8)
    return standardise(unit_range(bytes_of_film), pixel_statistics(NONE, spec), 3)


@pytest.mark.parametrize(
    ("standardised", "means"),
    [
        ("imagenet_mean", (123.68, 116.779, 103.939)),
        ("imagenet_mean_bgr", (103.939, 116.779, 123.68)),
    ],
)
def test_each_channel_is_the_grey_value_less_its_own_mean(
    standardised: Literal["imagenet_mean", "imagenet_mean_bgr"],
    means: tuple[float, float, float],
) -> None:
    grey = torch.tensor([[0.0, 100.0], [200.0, 255.0]])
    expected = torch.stack([grey - mean for mean in means])[None]
    torch.testing.assert_close(read_by_network(standardised), expected, rtol=0, atol=1e-4)


def test_the_order_changes_the_means_alone_as_films_are_grey() -> None:
    """Weights that read blue first, turned round, read the other order: the same answer."""
    torch.manual_seed(0)
    caffe = torch.nn.Conv2d(3, 4, 1)
    turned = torch.nn.Conv2d(3, 4, 1)
    with torch.no_grad():
        turned.weight.copy_(caffe.weight.flip(1))
        turned.load_state_dict({"weight": turned.weight, "bias": caffe.state_dict()["bias"]})
        one, other = (
            caffe(read_by_network("imagenet_mean_bgr")),
            turned(read_by_network("imagenet_mean")),
        )
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-4)


def test_a_network_of_one_channel_is_refused() -> None:
    found = pixel_statistics(NONE, PixelSpec(size=16, standardise="imagenet_mean"))
    with pytest.raises(PixelError, match=r"set network\.channels = 3"):
        standardise(torch.zeros(1, 1, 2, 2), found, 1)
