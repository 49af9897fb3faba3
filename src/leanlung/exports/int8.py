"""Eight bits in ONNX: a bundle that computes in whole numbers, and what that changes.

Post-training static quantisation: the weights of every layer get a scale an output channel,
what flows between layers one scale, from the extremes that calibration images reach there. The
last layer with weights stays in float32, and so do standardisation and softmax: they are small,
and a probability of eight bits would be one of 256.
"""

from __future__ import annotations

import logging
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.exports.onnx import export_onnx
from leanlung.exports.onnx_session import (
    BATCH,
    logits_of,
    onnx_predictions,
    session_of,
    softmax,
)
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.foundations.files import replacing
from leanlung.pruning.race import Race, race

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import onnx
    import onnxruntime
    from numpy.typing import NDArray

    from leanlung.exports.bundle import Bundle

    Images = NDArray[np.float32]

WITH_WEIGHTS = ("Conv", "Gemm", "MatMul")
QUANTISED = (*WITH_WEIGHTS, "Add", "AveragePool", "Clip", "Concat", "GlobalAveragePool",
             "LeakyRelu", "MaxPool", "Mul", "Pad", "Relu", "Sigmoid")  # fmt: skip
"""Operations that may compute in eight bits."""

__all__ = ["Change", "Quantised", "export_int8", "onnx_predictions"]


@dataclass(frozen=True)
class Change:
    """What eight bits change in the answers to some images.

    Attributes:
        images: How many.
        largest: Largest change of a probability.
        mean: Mean absolute change of a probability, over images and classes.
        flips: Images that get another class.
    """

    images: int
    largest: float
    mean: float
    flips: int

    @classmethod
    def between(cls, before: NDArray[np.float64], after: NDArray[np.float64]) -> Change:
        """Compare probabilities, both (N, K)."""
        moved = np.abs(after - before)
        flipped = before.argmax(axis=1) != after.argmax(axis=1)
        return cls(len(before), float(moved.max()), float(moved.mean()), int(flipped.sum()))


@dataclass(frozen=True)
class Quantised:
    """An exported file of eight bits beside the one in float32.

    Attributes:
        bytes: Of the file.
        float_bytes: Of the same network's ONNX file in float32.
        calibration: Change of answers to the images it was calibrated on.
        others: The same for other images; None if there were none.
        latency: One image through the file against the one in float32, in ONNX Runtime.
        threads: That ONNX Runtime had.
    """

    bytes: int
    float_bytes: int
    calibration: Change
    others: Change | None
    latency: Race
    threads: int

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return asdict(self) | {"latency": self.latency.as_dict()}


def export_int8(
    bundle: Bundle,
    path: Path,
    calibration: Iterable[Images],
    others: Iterable[Images] = (),
    *,
    threads: int = 1,
    rounds: int = 30,
) -> Quantised:
    """Write a bundle as ONNX in eight bits, and compare it with the same in float32.

    The file takes and gives what that of `export_onnx` does.

    Args:
        bundle: To export; not changed.
        path: Of the file.
        calibration: Batches of training images, (N, 1, S, S) in [0, 1], prepared as the
            bundle's pixels say; their extremes set the scales.
        others: Batches of other images, to compare answers on.
        threads: For ONNX Runtime, where both files are timed.
        rounds: In which both are timed in turn.

    Returns:
        Sizes, changes and times. Nothing of it is a verdict: for that, compare both on
        patients neither has seen.

    Raises:
        UsageError: If the packages of ``leanlung[onnx]`` are missing, or there is no image to
            calibrate on.
        BundleError: If the network cannot be exported or quantised, or answers with what is no
            number.
        StorageError: If the disk is full or the folder cannot be written.

    Source: Jacob et al. 2018 (Quantization and training of neural networks for efficient
        integer-arithmetic-only inference), here with a scale a channel, without training, as
        ONNX Runtime's ``quantize_static`` does it.
    """
    if not find_spec("onnxruntime"):
        msg = 'exporting needs onnxruntime; to add it: pip install "leanlung[onnx]"'
        raise UsageError(msg)
    known = [np.asarray(batch, dtype=np.float32) for batch in calibration]
    if not sum(map(len, known)):
        msg = "no image to calibrate on; eight bits need training images: give --data"
        raise UsageError(msg)
    with tempfile.TemporaryDirectory() as folder, replacing(path) as partial:
        plain = Path(folder) / "float.onnx"
        parity = export_onnx(bundle, plain)
        _quantise(bundle, plain, partial, known)
        found = [_change(plain, partial, each) for each in (known, list(others))]
        first = known[0][:1]
        sessions = [session_of(one, threads) for one in (plain, partial)]
        latency = race(*(_running(one, first) for one in sessions), rounds=rounds)
        size = partial.stat().st_size
    on_known, on_others = found
    if on_known is None or not np.isfinite(on_known.largest):
        path.unlink(missing_ok=True)
        msg = f"{bundle.name}: in eight bits it answers with what is no number; keep float32"
        raise BundleError(msg)
    return Quantised(size, parity.bytes, on_known, on_others, latency, threads)


def _running(session: onnxruntime.InferenceSession, image: Images) -> Any:  # noqa: ANN401 - timed
    return lambda: session.run(None, {"images": image})


def _change(plain: Path, small: Path, batches: list[Images]) -> Change | None:
    if not sum(map(len, batches)):
        return None
    answers = []
    for path in (plain, small):
        session = session_of(path)
        answers.append(softmax(np.concatenate([logits_of(session, one) for one in batches])))
    return Change.between(*answers)


def _quantise(bundle: Bundle, plain: Path, path: Path, batches: list[Images]) -> None:
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folded = plain.with_name("folded.onnx")
    told = onnx.load(plain).metadata_props
    try:
        with _quiet():
            # Folds BatchNorm into convolutions, so that there is one scale for both.
            quant_pre_process(plain, folded, skip_symbolic_shape=True)
            quantize_static(
                folded,
                path,
                _Reader(batches),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=list(QUANTISED),
                nodes_to_exclude=_outside(onnx.load(folded).graph),
            )
    except Exception as error:  # whatever it stumbles over
        told_of = str(error).strip().splitlines()
        why = told_of[0] if told_of else type(error).__name__
        msg = f"{bundle.name}: ONNX Runtime cannot quantise this network ({why})"
        raise BundleError(msg) from error
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {one.key: one.value for one in told})
    path.write_bytes(model.SerializeToString())


def _outside(graph: onnx.GraphProto) -> list[str]:
    """Name what stays in float: all in front of the first layer, the last and all behind it."""
    writers = {name: node for node in graph.node for name in node.output}
    behind = _reached(writers, [one.name for one in graph.output])
    inputs = {one.name for one in graph.input}
    before, seen = [], set(inputs)
    for node in graph.node:  # in order of running
        if node.op_type not in WITH_WEIGHTS and seen.intersection(node.input):
            before.append(node.name)
            seen.update(node.output)
    return [*behind, *before]


def _reached(writers: dict[str, onnx.NodeProto], names: list[str]) -> list[str]:
    """Go back from some tensors to the nearest layers with weights, these included."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        node = writers.get(waiting.pop())
        if node is None or node.name in found:
            continue
        found[node.name] = None
        if node.op_type not in WITH_WEIGHTS:
            waiting += node.input
    return list(found)


class _Reader:
    """Gives calibration images, a few at a time, as ONNX Runtime asks for them."""

    def __init__(self, batches: list[Images]) -> None:
        self._batches: Iterator[Images] = iter(
            [one[n : n + BATCH] for one in batches for n in range(0, len(one), BATCH)]
        )

    def get_next(self) -> dict[str, Images] | None:
        """Give the next batch; None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's own news to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
