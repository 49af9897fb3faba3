"""ONNX: a bundle as one file for ONNX Runtime, on a plain CPU or in a browser."""

from __future__ import annotations

import json
import logging
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from leanlung.exports.feature_ops import ReadFeatures
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.foundations.files import replacing
from leanlung.pixels import standardise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leanlung.exports.bundle import Bundle
    from leanlung.pixels import PixelStatistics

OPSET = 18
TOLERANCE = 1e-5
"""Largest relative difference of a logit between the two runtimes."""

_TRIED = 4
_SEED = 0


@dataclass(frozen=True)
class Parity:
    """Whether the exported file answers as the bundle does.

    Attributes:
        images: Random images both answered.
        largest_difference: Of a logit, as a share of the largest of all images, or of 1 if that
            is larger.
        bytes: Of the file.
    """

    images: int
    largest_difference: float
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self)


class Deployed(nn.Module):
    """A network from prepared images to answers, standardisation included."""

    def __init__(self, network: nn.Module, statistics: PixelStatistics, channels: int) -> None:
        super().__init__()
        self.network = network
        self._statistics = statistics
        self._channels = channels

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Give logits and probabilities, both (N, K), for (N, 1, S, S) in [0, 1]."""
        logits = self.network(standardise(images, self._statistics, self._channels))
        return logits, logits.softmax(dim=1)


def export_onnx(bundle: Bundle, path: Path) -> Parity:
    """Write a bundle as ONNX and try it in ONNX Runtime.

    The file takes ``images``, (N, 1, S, S) float32 in [0, 1], prepared as the bundle's pixels
    say (read, resize, median, crop), and gives ``logits`` and ``probabilities``, (N, K). N is
    free. Classes and preparation stand in the file's metadata, as JSON under ``leanlung``.

    A classifier on features is written as tensor operations of its own (`feature_ops`), and its
    ``logits`` are logarithms of its probabilities; it is compared with scikit-learn's answers.

    Args:
        bundle: To export; not changed.
        path: Of the file; it is there only if both runtimes answer alike.

    Returns:
        How alike they answer.

    Raises:
        UsageError: If the packages of ``leanlung[onnx]`` are missing.
        BundleError: If the network or its classifier cannot be exported, or answers otherwise.
        StorageError: If the disk is full or the folder cannot be written.
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if not find_spec(name)]
    if missing:
        msg = f'exporting needs {", ".join(missing)}; to add them: pip install "leanlung[onnx]"'
        raise UsageError(msg)
    network: nn.Module = bundle.network
    if bundle.classifier is not None:
        network = ReadFeatures(bundle.network, bundle.classifier, bundle.columns)
    deployed = Deployed(network, bundle.statistics, bundle.spec.channels).eval()
    answering = Deployed(bundle.answering, bundle.statistics, bundle.spec.channels).eval()
    generator = torch.Generator().manual_seed(_SEED)
    size = bundle.pixels.size
    images = torch.rand(_TRIED, 1, size, size, generator=generator)
    with replacing(path) as partial:
        _write(deployed, images, partial, bundle)
        difference = _difference(answering, images, partial)
        if not difference <= TOLERANCE:
            msg = (
                f"{bundle.name}: ONNX Runtime answers otherwise than PyTorch, by "
                f"{difference:.1e} of the largest logit, or of 1; at most {TOLERANCE:g} was "
                "expected. Nothing was written; please report it"
            )
            raise BundleError(msg)
    return Parity(_TRIED, difference, path.stat().st_size)


def _write(deployed: Deployed, images: Tensor, path: Path, bundle: Bundle) -> None:
    import onnx

    try:
        with _quiet():
            exported = torch.onnx.export(
                deployed,
                (images,),
                input_names=["images"],
                output_names=["logits", "probabilities"],
                dynamic_shapes={"images": {0: torch.export.Dim("batch", min=1)}},
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # whatever the exporter stumbles over
        told = str(error).strip().splitlines()
        why = told[0] if told else type(error).__name__
        msg = f"{bundle.name}: torch.onnx cannot export this network ({why})"
        raise BundleError(msg) from error
    model = cast("torch.onnx.ONNXProgram", exported).model_proto
    about = {
        "name": bundle.name,
        "classes": list(bundle.classes),
        "pixels": bundle.pixels.model_dump(),
        "made_up": bundle.made_up,
        "use": "Research use only; not a medical device.",
    }
    onnx.helper.set_model_props(model, {"leanlung": json.dumps(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def _difference(answering: Deployed, images: Tensor, path: Path) -> float:
    """Compare the file with what answers here, on all images together and on one alone.

    Logits are only read beside each other, so that a change counts beside the largest of all,
    and beside 1 where all are smaller: of an image that is nearly undecided rounding is all
    there is, and it changes a probability by less than it is itself.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    changes, scale = [], 1.0
    for batch in (images, images[:1]):
        with torch.no_grad():
            expected, _ = answering(batch)
        found, _ = session.run(["logits", "probabilities"], {"images": batch.numpy()})
        changes.append((torch.from_numpy(found) - expected).abs().max())
        scale = max(scale, float(expected.abs().max()))
    return float(torch.stack(changes).max()) / scale  # what is no number stays none


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own news to itself."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
