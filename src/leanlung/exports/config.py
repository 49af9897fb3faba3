"""The config of an exported folder: what it is, and whether it is whole and readable here."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leanlung import __version__
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, LeanlungError
from leanlung.statistics.readout import Readout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONFIG, WEIGHTS, METRICS, CARD = "config.json", "model.safetensors", "metrics.json", "README.md"
ENSEMBLE = "ensemble"
"""What the config of an ensemble says it is; that of a bundle says nothing of the kind."""
ONNX = "onnx"
"""The same for a folder with an ONNX file that answers in place of a network."""


def read_config(folder: Path) -> dict[str, Any]:
    """Read what a bundle or an ensemble says of itself, of whichever format.

    Raises:
        BundleError: If the folder is neither.
    """
    cause: Exception | None = None
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        cause, why = error, str(error)
    else:
        if isinstance(config, dict) and isinstance(config.get("format"), int):
            return config
        why = f"{CONFIG} does not say which format it has"
    msg = f"{folder}: no bundle ({why}); a folder with {CONFIG} and {WEIGHTS} was expected"
    raise BundleError(msg) from cause


def require_format(folder: Path, config: Mapping[str, Any], kind: str, newest: int) -> None:
    """Refuse what a newer version wrote.

    Args:
        folder: For the message.
        config: As `read_config` gives it.
        kind: What it is, for the message.
        newest: The format this version reads up to.

    Raises:
        BundleError: If its format is newer.
    """
    found = config["format"]
    if found > newest:
        msg = (
            f"{folder}: {kind} of format {found}, made by leanlung {config.get('leanlung')}; "
            f"this is {__version__}, which reads up to format {newest}: upgrade leanlung"
        )
        raise BundleError(msg)


def require_file(path: Path, sha256: str, kind: str) -> None:
    """Refuse a file that is not the one its config tells of.

    Raises:
        BundleError: If it is another one.
    """
    if fingerprints.of_file(path) != sha256:
        msg = f"{path}: not the file this {kind} was saved with; copy it again"
        raise BundleError(msg)


@contextmanager
def undamaged(folder: Path, kind: str, *others: type[Exception]) -> Iterator[None]:
    """Tell of a damaged folder whatever its reading raises.

    Args:
        folder: That is read in the block.
        kind: What it is, for the message.
        *others: Further exceptions that a damaged file raises.

    Raises:
        BundleError: If something is missing or cannot be read.
    """
    try:
        yield
    except BundleError:
        raise
    except KeyError as error:
        msg = f"{folder}: a damaged {kind}: {error} is missing; copy it again"
        raise BundleError(msg) from error
    except Exception as error:
        if not isinstance(error, (OSError, TypeError, ValueError, LeanlungError, *others)):
            raise
        msg = f"{folder}: a damaged {kind}: {error}"
        raise BundleError(msg) from error


def readout_entries(readout: Readout | None) -> dict[str, Any]:
    """Give what a config says of how probabilities are to be read."""
    thresholds: dict[str, Any] = {"rule": "highest probability"}
    if readout is None:
        return {"thresholds": thresholds}
    told = readout.as_dict()
    return {
        "thresholds": thresholds | {"frozen": told["thresholds"]},
        "temperature": told["temperature"],
    }


def readout_of(config: Mapping[str, Any]) -> Readout | None:
    """Read what a bundle says of its probabilities; those of before have nothing to say."""
    if "temperature" not in config:
        return None
    frozen = config["thresholds"]["frozen"]
    return Readout.from_dict({"temperature": config["temperature"], "thresholds": frozen})


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read what was measured; nothing if there is no file of it."""
    path = folder / METRICS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
