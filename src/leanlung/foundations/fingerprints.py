"""Fingerprints: SHA-256 of files, arrays and structured values, in hexadecimal."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from leanlung.foundations.within import parted

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray


def of_bytes(data: bytes) -> str:
    """Give the SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes; of a picture within one, with its name."""
    whole, words = parted(path)
    with whole.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return of_bytes(f"{digest}#{words}".encode()) if words else digest


def of_array(array: NDArray[np.generic]) -> str:
    """Give the SHA-256 of an array's type, shape and values.

    Two arrays of the same bytes but another shape or type differ.
    """
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(array.tobytes())
    return digest.hexdigest()


def of_value(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Give the SHA-256 of a JSON value; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return of_bytes(text.encode())
