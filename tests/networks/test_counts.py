"""Parameter counts equal the integers that Rajaraman et al. 2020 print in Tables III and IV."""

import pytest

from leanlung.networks import NetworkSpec, build, size_of
from leanlung.networks.classifier import RADIOGRAPH_MAPS


def trainable(spec: NetworkSpec) -> int:
    return sum(p.numel() for p in build(spec).parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ("backbone", "classes", "printed"),
    [
        ("vgg16", 2, 19_436_354),
        ("vgg16", 3, 19_437_379),
        ("vgg19", 2, 24_746_050),
        ("vgg19", 3, 24_747_075),
    ],
)
def test_a_vgg_with_the_radiograph_head_has_the_printed_count(
    backbone: str, classes: int, printed: int
) -> None:
    assert trainable(NetworkSpec(backbone, classes, head="radiograph")) == printed


@pytest.mark.parametrize(
    ("backbone", "keras_trunk", "maps"),
    [("vgg16", 14_714_688, 512), ("vgg19", 20_024_384, 512)],
)
def test_the_count_is_trunk_plus_convolution_plus_linear(
    backbone: str, keras_trunk: int, maps: int
) -> None:
    head = 9 * maps * RADIOGRAPH_MAPS + RADIOGRAPH_MAPS + RADIOGRAPH_MAPS * 3 + 3
    assert trainable(NetworkSpec(backbone, 3, head="radiograph")) == keras_trunk + head


def test_the_separable_cnn_has_the_printed_count() -> None:
    assert trainable(NetworkSpec("separable_cnn", classes=2)) == 47_885


def test_the_separable_cnn_counts_layer_by_layer_as_its_formula() -> None:
    steps = [(3, 64), (64, 128), (128, 256)]
    separable = [25 * c + c * w + w for c, w in steps]
    assert separable == [331, 9_920, 36_224]
    normalisation = sum(2 * w for _, w in steps)
    linear = 256 * 2 + 2
    assert sum(separable) + normalisation + linear == 47_885


def test_batchnorm_statistics_are_counted_apart() -> None:
    size = size_of(build(NetworkSpec("separable_cnn", classes=2)), size=64)
    assert size.stored + size.buffers == 48_781


def test_mobilenet_v2_has_torchvisions_count() -> None:
    """3,504,872 of torchvision's own model, less its 1,000 classes, plus ours."""
    assert trainable(NetworkSpec("mobilenet_v2", 3)) == 3_504_872 - 1_281_000 + 1280 * 3 + 3
