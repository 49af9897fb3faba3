"""Any classifier of timm or torchvision with feature maps is a backbone: timm/resnet18."""

import pytest
import timm
import torch
from torch import nn
from torchvision import models

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, build, outline
from leanlung.networks.backbones import backbone

MAPS = [  # of the last feature maps, from the papers
    ("torchvision/resnet18", 512),  # He et al. 2016
    ("torchvision/efficientnet_b0", 1280),  # Tan & Le 2019
    ("torchvision/squeezenet1_1", 512),  # Iandola et al. 2016: behind fire9, before conv10
    ("torchvision/vgg11", 512),
    ("timm/resnet18", 512),
    ("timm/resnet18.a1_in1k", 512),
    ("timm/efficientnet_b0", 1280),
    ("timm/convnext_atto", 320),
]


@pytest.mark.parametrize(("name", "maps"), MAPS)
def test_the_number_of_last_maps_is_found_without_a_download(name: str, maps: int) -> None:
    with torch.device("meta"):
        network = build(NetworkSpec(name, 3, channels=1, size=64))
        assert network(torch.zeros(2, 1, 64, 64)).shape == (2, 3)
    assert network.head[-1].in_features == maps
    assert network.training
    assert network.trunk.training


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "shufflenet_v2_x0_5"])
def test_a_trunk_computes_the_maps_that_its_library_pools(name: str) -> None:
    torch.manual_seed(0)
    whole = models.get_model(name, weights=None).eval()
    trunk = backbone(f"torchvision/{name}").trunk(3).eval()
    state = whole.state_dict()
    trunk.load_state_dict({tensor: state[tensor] for tensor in trunk.state_dict()})
    images = torch.randn(1, 3, 64, 64)
    last = [m for m in whole.modules() if isinstance(m, nn.Linear)][-1]
    features = trunk(images).mean(dim=(2, 3))
    torch.testing.assert_close(last(features), whole(images))


def test_named_trunks_compute_the_maps_of_their_library_too() -> None:
    torch.manual_seed(0)
    images = torch.randn(1, 3, 96, 96)
    for name in ("densenet121", "inception_v3"):
        options = {"init_weights": False} if name == "inception_v3" else {}
        with torch.no_grad():
            ours = backbone(name).trunk(3).eval()
            options |= {"aux_logits": False} if name == "inception_v3" else {}
            whole = models.get_model(name, weights=None, **options).eval()
            layout = backbone(name).layout
            whole.load_state_dict(
                {layout + key: tensor for key, tensor in ours.state_dict().items()},
                strict=False,
            )
            last = whole.fc if name == "inception_v3" else whole.classifier
            features = ours(images).mean(dim=(2, 3))
            torch.testing.assert_close(last(features), whole(images), msg=name)


def test_a_timm_trunk_is_timms_network_without_its_head() -> None:
    trunk = backbone("timm/resnet18").trunk(3)
    with torch.device("meta"):
        whole = timm.create_model("resnet18")
    assert set(trunk.state_dict()) == {
        name for name in whole.state_dict() if not name.startswith("fc.")
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timm/resnet_18", r"timm has no classifier 'resnet_18'; did you mean 'resnet18'\?"),
        ("torchvision/resnet19", r"torchvision has no classifier .*did you mean 'resnet1.*'\?"),
        ("torchvision/zzz", "see torchvision.list_models"),
        ("keras/vgg16", "timm/NAME and torchvision/NAME"),
        ("timm/", "no backbone 'timm/'"),
    ],
)
def test_unknown_names_are_told_with_their_neighbours(name: str, told: str) -> None:
    with pytest.raises(NetworkError, match=told):
        backbone(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timm/vit_tiny_patch16_224", r"gives \(1, 197, 192\) for one image, no feature maps"),
        ("torchvision/vit_b_16", "cannot be cut in a trunk and a head"),
    ],
)
def test_networks_without_feature_maps_are_refused(name: str, told: str) -> None:
    with pytest.raises(NetworkError, match=told), torch.device("meta"):
        build(NetworkSpec(name, 3))


def test_a_size_that_a_network_does_not_take_is_told() -> None:
    with pytest.raises(NetworkError, match=r"does not run on one image of 3 x 16 x 16"):
        build(NetworkSpec("torchvision/alexnet", 3, size=16))


def test_finding_the_maps_draws_no_random_number() -> None:
    """A network built twice from one seed has the same head, however its maps are found."""
    torch.manual_seed(0)
    backbone("timm/resnet18").trunk(3)
    expected = torch.rand(1)
    torch.manual_seed(0)
    trunk = backbone("timm/resnet18").trunk(3)
    from leanlung.networks.maps import count_maps

    before = {name: tensor.clone() for name, tensor in trunk.state_dict().items()}
    assert count_maps(trunk, "timm/resnet18", 3, 64) == 512
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(before[name], t) for name, t in trunk.state_dict().items())


@pytest.mark.parametrize(
    ("name", "device"),
    [("torchvision/resnet18", "meta"), ("torchvision/regnet_x_400mf", "cpu")],
)
def test_an_outline_has_the_shapes_and_draws_no_number(name: str, device: str) -> None:
    spec = NetworkSpec(name, classes=3, size=64)
    before = torch.random.get_rng_state()
    network = outline(spec)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert {p.device.type for p in network.parameters()} == {device}
    shapes = {key: tensor.shape for key, tensor in build(spec).state_dict().items()}
    assert {key: tensor.shape for key, tensor in network.state_dict().items()} == shapes
