"""Parameter counts equal the integers that the papers print, row by row."""

import pytest
import torch
from torch import nn

from leanlung.networks import (
    BACKBONES,
    PUBLISHED,
    NetworkSpec,
    build,
    count_trainable,
    size_of,
)

KERAS_TRUNKS = {  # trainable parameters with include_top=False, and channels
    "vgg16": (14_714_688, 512),
    "vgg19": (20_024_384, 512),
    "inception_v3": (21_768_352, 2048),
    "xception": (20_806_952, 2048),
    "inception_resnet_v2": (54_276_192, 1536),
    "mobilenet": (3_206_976, 1024),
    "mobilenet_v2": (2_223_872, 1280),
    "densenet121": (6_953_856, 1024),
    "densenet201": (18_092_928, 1920),
    "nasnet_mobile": (4_232_978, 1056),
}


def on_meta(spec: NetworkSpec) -> nn.Module:
    with torch.device("meta"):
        return build(spec)


@pytest.mark.parametrize(
    ("backbone", "classes", "printed"),
    [
        ("vgg16", 2, 19_436_354),
        ("vgg16", 3, 19_437_379),
        ("vgg19", 2, 24_746_050),
        ("vgg19", 3, 24_747_075),
        ("inception_v3", 2, 40_645_794),
        ("inception_v3", 3, 40_646_819),
        ("xception", 2, 39_684_394),
        ("densenet121", 2, 16_394_114),  # printed as DenseNet-201
        ("mobilenet", 2, 12_647_234),  # printed as MobileNet-V2
        ("nasnet_mobile", 2, 13_968_148),
        ("inception_resnet_v2", 2, 68_435_042),
    ],
)
def test_with_the_radiograph_head_a_trunk_has_the_printed_count(
    backbone: str, classes: int, printed: int
) -> None:
    """Rajaraman et al. 2020, Tables III (two classes) and IV (three)."""
    spec = NetworkSpec(backbone, classes, head="radiograph", conventions="keras")
    assert count_trainable(spec) == printed
    assert PUBLISHED[backbone].trainable[classes] == printed


@pytest.mark.parametrize("backbone", KERAS_TRUNKS)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_count_is_trunk_plus_convolution_plus_linear(backbone: str, classes: int) -> None:
    trunk, maps = KERAS_TRUNKS[backbone]
    expected = trunk + (9 * maps * 1024 + 1024) + (1024 * classes + classes)
    assert PUBLISHED[backbone].counted(backbone, classes) == {classes: expected}


@pytest.mark.parametrize(
    ("backbone", "gammas"), [("inception_v3", 17_216), ("inception_resnet_v2", 30_272)]
)
def test_by_torchs_conventions_gammas_train_where_keras_has_none(
    backbone: str, gammas: int
) -> None:
    keras = NetworkSpec(backbone, 2, conventions="keras")
    assert count_trainable(NetworkSpec(backbone, 2)) - count_trainable(keras) == gammas


@pytest.mark.parametrize("backbone", ["mobilenet", "densenet121", "xception", "nasnet_mobile"])
def test_elsewhere_the_conventions_count_alike(backbone: str) -> None:
    keras = NetworkSpec(backbone, 2, conventions="keras")
    assert count_trainable(keras) == count_trainable(NetworkSpec(backbone, 2))


@pytest.mark.parametrize(
    ("spec", "statistics"),
    [
        (NetworkSpec("separable_cnn", 2), 896),  # 48,781 - 47,885
        (NetworkSpec("inception_v3", 2), 40_680_226 - 40_645_794),
        (NetworkSpec("inception_resnet_v2", 2), 2 * 30_272),
        (NetworkSpec("shahabade2025", 2, head="own", channels=1), 2_944),
        (NetworkSpec("hu2020", 2, head="own", channels=1), 4_236),
        (NetworkSpec("hu2020", 3, head="own", channels=1), 4_242),
        (NetworkSpec("vgg16", 2), 0),
    ],
)
def test_batchnorm_has_two_statistics_a_channel(spec: NetworkSpec, statistics: int) -> None:
    assert sum(b.numel() for b in on_meta(spec).buffers() if b.ndim) == statistics


@pytest.mark.parametrize(
    ("backbone", "channels", "removed_in_a_round"),
    [("vgg16", 5_248, 104), ("vgg19", 6_528, 130), ("inception_v3", 18_240, 364)],
)
def test_the_channels_that_compete_for_their_places(
    backbone: str, channels: int, removed_in_a_round: int
) -> None:
    """All convolutions, the head's included, as the authors' code ranks them."""
    network = on_meta(NetworkSpec(backbone, 3, head="radiograph"))
    pool = sum(m.out_channels for m in network.modules() if isinstance(m, nn.Conv2d))
    assert (pool, pool * 2 // 100) == (channels, removed_in_a_round)


def test_inceptions_convolutions_have_no_bias() -> None:
    trunk = on_meta(NetworkSpec("inception_v3", 2)).trunk
    convolutions = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 94
    assert all(m.bias is None for m in convolutions)


@pytest.mark.parametrize(
    ("classes", "printed"), [(2, 134_268_738), (3, 134_272_835), (4, 134_276_932)]
)
def test_vgg16_with_its_fully_connected_layers(classes: int, printed: int) -> None:
    """Garcia et al. 2023: trunk, 25,088 to 4,096, 4,096 to 4,096, 4,096 to the classes."""
    dense = (25_088 * 4_096 + 4_096) + (4_096**2 + 4_096) + (4_096 * classes + classes)
    assert 14_714_688 + dense == printed
    assert count_trainable(NetworkSpec("vgg16", classes, head="fully_connected")) == printed


def test_the_separable_cnn_counts_layer_by_layer_as_its_formula() -> None:
    steps = [(3, 64), (64, 128), (128, 256)]
    separable = [25 * c + c * w + w for c, w in steps]
    assert separable == [331, 9_920, 36_224]
    normalisation = sum(2 * w for _, w in steps)
    linear = 256 * 2 + 2
    assert sum(separable) + normalisation + linear == 47_885
    assert count_trainable(NetworkSpec("separable_cnn", classes=2)) == 47_885


def test_counting_agrees_with_measuring() -> None:
    spec = NetworkSpec("separable_cnn", classes=2)
    size = size_of(build(spec), size=64)
    assert size.trainable == size.stored == count_trainable(spec)
    assert size.stored + size.buffers == 48_781


def test_every_named_backbone_has_a_row_of_published_counts() -> None:
    assert list(PUBLISHED) == list(BACKBONES)


@pytest.mark.parametrize(
    ("backbone", "note"),
    [
        ("densenet121", "printed as DenseNet-201; the number is DenseNet-121's"),
        ("densenet201", "the number printed for DenseNet-201 is DenseNet-121's: densenet121"),
        ("mobilenet", "printed as MobileNet-V2; the number is MobileNet-V1's"),
        ("mobilenet_v2", "the number printed for MobileNet-V2 is MobileNet-V1's: mobilenet"),
    ],
)
def test_rows_printed_under_another_name_say_so(backbone: str, note: str) -> None:
    assert PUBLISHED[backbone].note == note
