"""Weights: from a safetensors file or from the library that offers them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.backbones import Backbone, backbone
from leanlung.networks.maps import HEADS

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.networks.classifier import Classifier

_DENSE = {"classifier.0.": "head.fc1.", "classifier.3.": "head.fc2."}
"""Where torchvision's VGGs, and they alone, have two layers of the fully connected head."""


@dataclass(frozen=True)
class Loaded:
    """What a weights file gave.

    Attributes:
        tensors: How many tensors of the trunk (and of VGG's two dense layers) were filled.
        of: How many there are.
        missing: Those that kept their fresh values.
        ignored: Tensors of the file's own classifier, which has other classes.
    """

    tensors: int
    of: int
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


def load_weights(
    network: Classifier, backbone_name: str, source: str | Path, *, partial: bool = False
) -> Loaded:
    """Start the trunk of a network from weights; with VGG's dense layers, these too.

    Args:
        network: Freshly built and not pruned; it is changed in place, or nothing is.
        backbone_name: Whose naming the file follows: the library's own, as in torchvision.
        source: ``"imagenet"`` for the library's download, or a safetensors file.
        partial: Whether a file may leave some tensors of the trunk at their fresh values.

    Returns:
        What was filled.

    Raises:
        NetworkError: If the file is missing, damaged or made for another network, if it leaves
            tensors out and ``partial`` is not set, or if a download fails.
    """
    chosen = backbone(backbone_name)
    where = f"ImageNet weights of {chosen.name}" if source == "imagenet" else str(source)
    given = _download(chosen) if source == "imagenet" else _read(Path(source))
    own = _own(network, chosen)
    found: dict[str, Tensor] = {}
    ignored = []
    for name, tensor in given.items():
        if name.endswith("num_batches_tracked"):
            continue
        target = name.removeprefix(chosen.layout)
        if target not in own and name.startswith(HEADS):
            ignored.append(name)
            continue
        if target not in own:
            hint = did_you_mean(target, own)
            msg = f"{where}: tensor {name!r} has no place in a {chosen.name}{hint}"
            raise NetworkError(msg)
        fitted = _fit_channels(tensor, own[target])
        if fitted.shape != own[target].shape:
            msg = (
                f"{where}: tensor {name!r} has shape {tuple(tensor.shape)}; "
                f"a {chosen.name} needs {tuple(own[target].shape)}"
            )
            raise NetworkError(msg)
        found[target] = fitted
    missing = tuple(name for name in own if name not in found)
    if not found or (missing and not partial):
        msg = (
            f"{where}: {len(found)} of the {len(own)} tensors of a {chosen.name} are there; "
            f"{_in_layout(missing[0], chosen)!r} is the first that is not. Set partial = true "
            "in the recipe's [network] to start those from fresh values"
        )
        raise NetworkError(msg)
    with torch.no_grad():
        for name, tensor in found.items():
            own[name].copy_(tensor)
    return Loaded(len(found), len(own), missing, tuple(ignored))


def _own(network: Classifier, chosen: Backbone) -> dict[str, Tensor]:
    """Give the tensors that a file can fill, by their name behind the layout's prefix."""
    own = {
        name: tensor
        for name, tensor in network.trunk.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    if chosen.name.removeprefix("torchvision/").startswith("vgg"):
        whole = network.state_dict()
        for theirs, ours in _DENSE.items():
            kinds = (kind for kind in ("weight", "bias") if ours + kind in whole)
            own |= {theirs + kind: whole[ours + kind] for kind in kinds}
    return own


def _in_layout(name: str, chosen: Backbone) -> str:
    return name if name.startswith(tuple(_DENSE)) else chosen.layout + name


def _fit_channels(tensor: Tensor, own: Tensor) -> Tensor:
    """Sum a colour convolution over its inputs for a network that reads grey images."""
    if tensor.ndim == own.ndim == 4 and own.shape[1] == 1 and tensor.shape[1] == 3:
        return tensor.sum(dim=1, keepdim=True)
    return tensor


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        msg = f"{path}: no such weights file; give a safetensors file, 'imagenet' or 'none'"
        raise NetworkError(msg) from None
    except (SafetensorError, OSError) as error:
        msg = (
            f"{path}: not a whole safetensors file ({error}); fetch it again, or convert "
            "a pickled checkpoint with safetensors.torch.save_file"
        )
        raise NetworkError(msg) from error


def _download(chosen: Backbone) -> dict[str, Tensor]:
    if chosen.imagenet is None:
        msg = (
            f"nobody offers ImageNet weights of {chosen.name} (neither torchvision nor timm "
            "does); use weights = 'none' or a file"
        )
        raise NetworkError(msg)
    try:
        return chosen.imagenet()
    except OSError as error:  # urllib's errors are OSErrors
        msg = (
            f"ImageNet weights of {chosen.name} could not be downloaded ({error}); connect to "
            f"the internet once ({chosen.library} keeps them), or give a safetensors file"
        )
        raise NetworkError(msg) from error
