"""Weights come from a file that fits, or not at all."""

from collections import OrderedDict
from pathlib import Path
from urllib.error import URLError

import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision import models

from leanlung.foundations.errors import NetworkError
from leanlung.networks import Classifier, NetworkSpec, build, load_weights
from leanlung.networks.backbones import BACKBONES

QUIET = {"inception_v3": {"init_weights": False, "aux_logits": True}}


@pytest.fixture
def network() -> Classifier:
    return build(NetworkSpec("separable_cnn", classes=2, size=32))


def written(network: Classifier, path: Path, **changes: torch.Tensor | None) -> Path:
    """Write a trunk's weights; a change of None leaves a tensor out."""
    tensors = {f"trunk.{name}": t for name, t in network.trunk.state_dict().items()}
    tensors |= {name.replace("__", "."): tensor for name, tensor in changes.items()}
    save_file({name: t for name, t in tensors.items() if t is not None}, path)
    return path


def test_every_tensor_of_the_trunk_is_filled(network: Classifier, tmp_path: Path) -> None:
    other = build(NetworkSpec("separable_cnn", classes=5, size=32))
    loaded = load_weights(network, "separable_cnn", written(other, tmp_path / "w.safetensors"))
    assert (loaded.tensors, loaded.missing) == (loaded.of, ())
    for name, tensor in other.trunk.state_dict().items():
        assert torch.equal(network.trunk.state_dict()[name], tensor)


def test_the_files_own_classifier_is_ignored_and_told(
    network: Classifier, tmp_path: Path
) -> None:
    path = written(network, tmp_path / "w.safetensors", fc__weight=torch.zeros(1000, 256))
    assert load_weights(network, "separable_cnn", path).ignored == ("fc.weight",)


def test_a_missing_tensor_is_refused_unless_allowed(
    network: Classifier, tmp_path: Path
) -> None:
    path = written(network, tmp_path / "w.safetensors", trunk__0__weight=None)
    with pytest.raises(NetworkError, match=r"'trunk.0.weight' is the first that is not"):
        load_weights(network, "separable_cnn", path)
    loaded = load_weights(network, "separable_cnn", path, partial=True)
    assert loaded.missing == ("0.weight",)
    assert loaded.tensors == loaded.of - 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"trunk__0__weihgt": torch.zeros(1)}, r"'trunk.0.weihgt' has no place .*'0.weight'\?"),
        (
            {"trunk__0__weight": torch.zeros(3, 1, 3, 3)},
            r"shape \(3, 1, 3, 3\).*\(3, 1, 5, 5\)",
        ),
    ],
)
def test_another_networks_file_is_refused_and_nothing_is_changed(
    network: Classifier, tmp_path: Path, changes: dict, told: str
) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(NetworkError, match=told):
        load_weights(
            network, "separable_cnn", written(network, tmp_path / "w.safetensors", **changes)
        )
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


def test_a_corrupted_file_is_refused(network: Classifier, tmp_path: Path) -> None:
    path = written(network, tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        load_weights(network, "separable_cnn", path)


def test_a_missing_file_is_refused(network: Classifier, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no such weights file"):
        load_weights(network, "separable_cnn", tmp_path / "none.safetensors")


def test_a_colour_convolution_is_summed_for_grey_images(tmp_path: Path) -> None:
    colour, grey = (build(NetworkSpec("vgg16", 2, channels=c, size=32)) for c in (3, 1))
    path = tmp_path / "w.safetensors"
    save_file({f"features.{name}": t for name, t in colour.trunk.state_dict().items()}, path)
    load_weights(grey, "vgg16", path)
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = colour.trunk[0](image.expand(1, 3, 8, 8))
    torch.testing.assert_close(grey.trunk[0](image), expected)


def test_nobody_offers_weights_of_our_own_network(network: Classifier) -> None:
    with pytest.raises(NetworkError, match="nobody offers ImageNet weights of separable_cnn"):
        load_weights(network, "separable_cnn", "imagenet")


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_arguments: object, **_options: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(
        NetworkError, match=r"could not be downloaded .*connect to the internet"
    ):
        load_weights(build(NetworkSpec("vgg16", 2)), "vgg16", "imagenet")


def test_downloaded_weights_fill_the_trunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torchvision would download, served from a network of its own making."""
    served = models.mobilenet_v2().state_dict()
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url", lambda *_a, **_o: served
    )
    network = build(NetworkSpec("mobilenet_v2", 3, size=32))
    loaded = load_weights(network, "mobilenet_v2", "imagenet")
    assert loaded.tensors == loaded.of
    assert loaded.ignored == ("classifier.1.weight", "classifier.1.bias")
    assert torch.equal(network.trunk[0][0].weight, served["features.0.0.weight"])


@pytest.mark.real
def test_the_given_mobilenet_weights_fill_the_whole_trunk(real_data: Path) -> None:
    network = build(NetworkSpec("mobilenet_v2", 3, conventions="keras"))
    path = real_data / "weights" / "mobilenet_v2_imagenet.safetensors"
    assert load_weights(network, "mobilenet_v2", path).missing == ()


@pytest.mark.real
def test_the_given_vgg_weights_are_the_first_seven_convolutions(real_data: Path) -> None:
    path = real_data / "weights" / "vgg16_imagenet_conv1_1_to_conv3_3.safetensors"
    loaded = load_weights(build(NetworkSpec("vgg16", 2)), "vgg16", path, partial=True)
    assert (loaded.tensors, loaded.of) == (2 * 7, 2 * 13)


def test_every_layout_prefix_is_a_folder_of_names() -> None:
    assert all(entry.layout.endswith((".", "")) for entry in BACKBONES.values())


@pytest.mark.parametrize("name", ["nasnet_mobile", "hu2020", "shahabade2025"])
def test_where_no_library_offers_weights_none_are_promised(name: str) -> None:
    assert BACKBONES[name].imagenet is None


@pytest.mark.parametrize("name", ["densenet121", "inception_v3", "torchvision/resnet18"])
def test_torchvisions_download_fills_every_tensor_of_a_trunk(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = models.get_model(name.rpartition("/")[2], weights=None, **QUIET.get(name, {}))
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url",
        lambda *_a, **_o: served.state_dict(),
    )
    network = build(NetworkSpec(name, 2, size=96))
    loaded = load_weights(network, name, "imagenet")
    assert (loaded.tensors, loaded.missing) == (loaded.of, ())
    assert all(
        head.split(".")[0] in {"fc", "classifier", "AuxLogits"} for head in loaded.ignored
    )


@pytest.mark.parametrize("name", ["xception", "mobilenet", "timm/resnet18"])
def test_timms_download_fills_every_tensor_of_a_trunk(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = timm.create_model
    asked = []

    def served(model: str, *, pretrained: bool, **options: object) -> torch.nn.Module:
        asked.append((model, pretrained))
        return make(model, pretrained=False, **options)

    network = build(NetworkSpec(name, 2, size=96))
    monkeypatch.setattr(timm, "create_model", served)
    loaded = load_weights(network, name, "imagenet")
    assert (loaded.tensors, loaded.missing) == (loaded.of, ())
    assert asked[0][1]


def test_a_failed_download_of_timm_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm's hub raises a kind of FileNotFoundError when it finds no connection."""

    def offline(*_arguments: object, **_options: object) -> None:
        msg = "cannot find the requested files in the local cache"
        raise FileNotFoundError(msg)

    network = build(NetworkSpec("mobilenet", 2, size=32))
    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(NetworkError, match=r"could not be downloaded .*\(timm keeps them\)"):
        load_weights(network, "mobilenet", "imagenet")


def small_vgg(classes: int) -> torch.nn.Module:
    """VGG-16's layers by name, with fully connected layers too narrow to be real ones."""
    network = build(NetworkSpec("vgg16", classes, size=32))
    network.head = torch.nn.Sequential(
        OrderedDict(fc1=torch.nn.Linear(8, 4), fc2=torch.nn.Linear(4, 4))
    )
    return network


def test_vggs_fully_connected_layers_start_from_the_file_too(tmp_path: Path) -> None:
    source, network = small_vgg(2), small_vgg(2)
    tensors = {f"features.{name}": t for name, t in source.trunk.state_dict().items()}
    for theirs, ours in (("classifier.0", "fc1"), ("classifier.3", "fc2")):
        layer = source.head.get_submodule(ours)
        tensors |= {f"{theirs}.weight": layer.weight.data, f"{theirs}.bias": layer.bias.data}
    tensors["classifier.6.weight"] = torch.zeros(1000, 4)
    save_file(tensors, tmp_path / "vgg.safetensors")
    loaded = load_weights(network, "vgg16", tmp_path / "vgg.safetensors")
    assert loaded.tensors == loaded.of == 2 * 13 + 4
    assert loaded.ignored == ("classifier.6.weight",)
    assert torch.equal(network.head.fc2.weight, source.head.fc2.weight)


def test_a_file_without_vggs_fully_connected_layers_is_partial(tmp_path: Path) -> None:
    tensors = {f"features.{name}": t for name, t in small_vgg(2).trunk.state_dict().items()}
    save_file(tensors, tmp_path / "vgg.safetensors")
    with pytest.raises(NetworkError, match=r"'classifier.0.weight' is the first that is not"):
        load_weights(small_vgg(2), "vgg16", tmp_path / "vgg.safetensors")
    loaded = load_weights(small_vgg(2), "vgg16", tmp_path / "vgg.safetensors", partial=True)
    assert loaded.tensors == 2 * 13
