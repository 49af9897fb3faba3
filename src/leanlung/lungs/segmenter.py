"""A segmenter: a fitted U-Net as a folder, and the lungs it finds on films of any size.

segmenter.json      what the network is built from, how it was fitted, how well it agrees
model.safetensors   its weights
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from leanlung import __version__
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, LeanlungError
from leanlung.foundations.files import write_bytes, write_json
from leanlung.lungs.box import MARGIN, Lungs, lungs_from
from leanlung.lungs.fitting import found_masks
from leanlung.lungs.pairs import small_film
from leanlung.lungs.unet import UNet, UNetSpec, fused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = 1
SETTINGS, WEIGHTS = "segmenter.json", "model.safetensors"


@dataclass(frozen=True, eq=False)
class Segmenter:
    """A U-Net that finds lungs, and what is known of it.

    Attributes:
        network: In evaluation mode.
        fitted: How it was fitted: plan, films and patients of each part and source, epochs.
        agreement: With masks drawn by people, on patients it has not seen; by source.
    """

    network: UNet
    fitted: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    agreement: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def quick(self) -> UNet:
        """The network as it is used: BatchNorm is in the convolutions."""
        return fused(self.network)

    def find(
        self,
        films: Sequence[NDArray[np.float32]],
        *,
        margin: float = MARGIN,
        device: torch.device | None = None,
    ) -> list[Lungs]:
        """Find the lungs on films of any size.

        Args:
            films: Each (H, W), in [0, 1], 0 black.
            margin: Added around the lungs, as a share of their box's longer side.
            device: Where to run; the CPU if not given.

        Returns:
            For each its mask, and the box to crop to: the whole film where the mask is
            implausible.
        """
        if not films:
            return []
        device = device or torch.device("cpu")
        small = np.stack([small_film(film) for film in films])
        masks = found_masks(self.quick.to(device), small, device)
        return [
            lungs_from(mask, (film.shape[0], film.shape[1]), margin)
            for mask, film in zip(masks, films, strict=True)
        ]

    @property
    def fingerprint(self) -> str:
        """Of everything that decides which lungs it finds."""
        state = {
            name: fingerprints.of_array(t.cpu().numpy()) for name, t in self._state.items()
        }
        return fingerprints.of_value([self.network.spec.as_dict(), state])

    @property
    def _state(self) -> dict[str, torch.Tensor]:
        return {name: t.cpu().contiguous() for name, t in self.network.state_dict().items()}


def save_segmenter(folder: Path, segmenter: Segmenter) -> None:
    """Write a segmenter; the settings come last, so that a folder that has them is whole.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    (folder / SETTINGS).unlink(missing_ok=True)
    write_bytes(folder / WEIGHTS, save(segmenter._state))
    settings = {
        "format": FORMAT,
        "leanlung": __version__,
        "network": segmenter.network.spec.as_dict(),
        "fitted": dict(segmenter.fitted),
        "agreement": [dict(one) for one in segmenter.agreement],
        "model_sha256": fingerprints.of_file(folder / WEIGHTS),
    }
    write_json(folder / SETTINGS, settings)


def load_segmenter(folder: Path) -> Segmenter:
    """Load a segmenter, bit for bit as it was saved, on the CPU.

    Raises:
        BundleError: If it is missing, damaged or from a newer version.
    """
    settings = _settings(folder)
    if settings["format"] > FORMAT:
        msg = (
            f"{folder}: a segmenter of format {settings['format']}, made by leanlung "
            f"{settings.get('leanlung')}; this is {__version__}, which reads up to format "
            f"{FORMAT}: upgrade leanlung"
        )
        raise BundleError(msg)
    try:
        data = (folder / WEIGHTS).read_bytes()
        if fingerprints.of_bytes(data) != settings["model_sha256"]:
            msg = f"{folder / WEIGHTS}: not the file it was saved with; copy the folder again"
            raise BundleError(msg)
        network = UNet(UNetSpec.from_dict(settings["network"]))
        network.load_state_dict(load(data))
        return Segmenter(
            network.eval(),
            MappingProxyType(dict(settings["fitted"])),
            tuple(settings["agreement"]),
        )
    except BundleError:
        raise
    except KeyError as error:
        msg = f"{folder}: a damaged segmenter: {error} is missing; copy it again"
        raise BundleError(msg) from error
    except (
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        SafetensorError,
        LeanlungError,
    ) as error:
        msg = f"{folder}: a damaged segmenter ({error}); copy it again"
        raise BundleError(msg) from error


def is_segmenter(folder: Path) -> bool:
    """Say whether a folder is meant to be a segmenter."""
    return (folder / SETTINGS).is_file()


def _settings(folder: Path) -> dict[str, Any]:
    cause: Exception | None = None
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        cause, why = error, str(error)
    else:
        if isinstance(settings, dict) and isinstance(settings.get("format"), int):
            return settings
        why = f"{SETTINGS} does not say which format it has"
    msg = f"{folder}: no segmenter ({why}); a folder with {SETTINGS} and {WEIGHTS} was expected"
    raise BundleError(msg) from cause
