"""A session: what an ONNX file answers, in float32 or in eight bits."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import BundleError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime
    from numpy.typing import NDArray

    Images = NDArray[np.float32]

BATCH = 8
"""Images that are answered together."""


def onnx_predictions(path: Path, images: Images, *, threads: int = 0) -> NDArray[np.float64]:
    """Let an exported file answer images, in eight bits or in float32.

    Args:
        path: Of the file, or of a folder with ``model.onnx`` in it.
        images: (N, 1, S, S) in [0, 1], prepared as the file's metadata say.
        threads: For ONNX Runtime; as many as it likes if 0.

    Returns:
        Probabilities, (N, K), rows summing to one; the softmax is taken in float64.
    """
    session = session_of(path / "model.onnx" if path.is_dir() else path, threads)
    return softmax(np.concatenate([logits_of(session, images[n : n + BATCH])
                                    for n in range(0, len(images), BATCH)]))  # fmt: skip


def session_of(path: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    """Open a file in ONNX Runtime on the CPU.

    Raises:
        BundleError: If it is no ONNX file that ONNX Runtime can read.
        UsageError: If ONNX Runtime is missing.
    """
    if not find_spec("onnxruntime"):
        msg = f'{path} needs onnxruntime; to add it: pip install "leanlung[onnx]"'
        raise UsageError(msg)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no common ground but this
        msg = f"{path}: ONNX Runtime cannot read it ({str(error).splitlines()[0]})"
        raise BundleError(msg) from error


def logits_of(session: onnxruntime.InferenceSession, images: Images) -> NDArray[np.float64]:
    """Give logits, (N, K), for (N, 1, S, S) in [0, 1]."""
    [logits] = session.run(["logits"], {"images": np.asarray(images, dtype=np.float32)})
    return np.asarray(logits, dtype=np.float64)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give probabilities, (N, K), whose rows sum to one."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return shares
