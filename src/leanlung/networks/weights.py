"""Weights: from a safetensors file or from the library that offers them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from leanlung.foundations.errors import NetworkError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.networks.backbones import Backbone, backbone

if TYPE_CHECKING:
    from torch import Tensor

    from leanlung.networks.classifier import Classifier

_HEADS = ("classifier.", "fc.", "head.", "last_linear.", "logits.")


@dataclass(frozen=True)
class Loaded:
    """What a weights file gave.

    Attributes:
        tensors: How many tensors of the trunk were filled.
        of: How many the trunk has.
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
    """Start the trunk of a network from weights.

    Args:
        network: Freshly built and not pruned; its trunk is changed in place, or nothing is.
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
    own = {
        name: tensor
        for name, tensor in network.trunk.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    found: dict[str, Tensor] = {}
    ignored = []
    for name, tensor in given.items():
        if name.endswith("num_batches_tracked"):
            continue
        if not name.startswith(chosen.layout) and name.startswith(_HEADS):
            ignored.append(name)
            continue
        target = name.removeprefix(chosen.layout)
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
            f"{chosen.layout + missing[0]!r} is the first that is not. Set partial = true in "
            "the recipe's [network] to start those from fresh values"
        )
        raise NetworkError(msg)
    network.trunk.load_state_dict(found, strict=False)
    return Loaded(len(found), len(own), missing, tuple(ignored))


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
        msg = f"nobody offers ImageNet weights of {chosen.name}; use weights = 'none' or a file"
        raise NetworkError(msg)
    try:
        return chosen.imagenet()
    except OSError as error:  # urllib's errors are OSErrors
        msg = (
            f"ImageNet weights of {chosen.name} could not be downloaded ({error}); connect to "
            f"the internet once ({chosen.library} keeps them), or give a safetensors file"
        )
        raise NetworkError(msg) from error
