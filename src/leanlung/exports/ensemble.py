"""An ensemble of bundles: several classifiers as one folder, each with its own preparation.

config.json            members, combiner, classes, temperature, thresholds
members/<name>/        each an ordinary bundle
stacking.safetensors   what a stacking has learnt, where that is the combiner
chosen-on.json         hashes of the pictures that something was chosen on, where it was
metrics.json           sizes, and figures on the validation images
README.md              the model card
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from leanlung import __version__
from leanlung.ensembles import Ensemble, combiner_of, parts_of
from leanlung.exports.bundle import load_bundle, save_bundle
from leanlung.exports.card import ensemble_card
from leanlung.exports.config import (
    CARD,
    CONFIG,
    ENSEMBLE,
    METRICS,
    read_config,
    read_metrics,
    readout_entries,
    readout_of,
    require_file,
    require_format,
    undamaged,
)
from leanlung.exports.seen import Seen
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import BundleError, UsageError
from leanlung.foundations.files import replacing_folder, write_bytes, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.ensembles import Combiner
    from leanlung.exports.bundle import Bundle
    from leanlung.statistics.readout import Readout

FORMAT = 1
MEMBERS, STACKING, CHOSEN_ON = "members", "stacking.safetensors", "chosen-on.json"


@dataclass(frozen=True)
class EnsembleBundle:
    """Several classifiers that answer as one.

    Attributes:
        name: Of the ensemble.
        members: By a name that can be a folder's, in the order in which they are combined.
        classes: In the order of the answers; the same for every member, in any order.
        combiner: How the members are combined.
        readout: How its probabilities are to be read, fixed on the validation images.
        seen: The validation images; None if nothing was chosen on any.
        history: How it came about, one entry a step.
        metrics: What was measured.

    Raises:
        UsageError: If there are fewer than two members, they do not know the same classes, a
            name can be no folder's, or the combiner is for others.
    """

    name: str
    members: Mapping[str, Bundle]
    classes: tuple[str, ...]
    combiner: Combiner
    readout: Readout | None = None
    seen: Seen | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        Ensemble(tuple(self.members), self.classes, self.combiner, self.name)
        for name, member in self.members.items():
            _require_folder_name(name)
            if set(member.classes) != set(self.classes):
                msg = (
                    f"{name}: its classes are {list(member.classes)}; the ensemble's are "
                    f"{list(self.classes)}, and the same names are expected, in any order"
                )
                raise UsageError(msg)

    @property
    def made_up(self) -> bool:
        """Whether a member was trained on phantoms."""
        return any(member.made_up for member in self.members.values())


def save_ensemble(folder: Path, ensemble: EnsembleBundle) -> None:
    """Write an ensemble; a folder of that name is replaced only when all is written.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    with replacing_folder(folder) as partial:
        for name, member in ensemble.members.items():
            save_bundle(partial / MEMBERS / name, member)
        combiner, tensors = parts_of(ensemble.combiner)
        if tensors:
            write_bytes(partial / STACKING, save(tensors))
        if ensemble.seen is not None:
            write_json(partial / CHOSEN_ON, sorted(ensemble.seen.pixels))
        told = [f"{MEMBERS}/{name}/{CONFIG}" for name in ensemble.members]
        files = [*told, *(one for one in (STACKING, CHOSEN_ON) if (partial / one).is_file())]
        config = {
            "kind": ENSEMBLE,
            "format": FORMAT,
            "leanlung": __version__,
            "name": ensemble.name,
            "classes": list(ensemble.classes),
            "members": list(ensemble.members),
            "combiner": combiner,
            **readout_entries(ensemble.readout),
            "chosen_on": None if ensemble.seen is None else ensemble.seen.as_dict(),
            "made_up": ensemble.made_up,
            "history": [dict(entry) for entry in ensemble.history],
            "sha256": {one: fingerprints.of_file(partial / one) for one in files},
        }
        write_json(partial / CONFIG, config)
        write_json(partial / METRICS, dict(ensemble.metrics))
        crops = any(one.pixels.crop == "lungs" for one in ensemble.members.values())
        write_text(partial / CARD, ensemble_card({**config, "crops": crops}, ensemble.metrics))


def load_ensemble(folder: Path) -> EnsembleBundle:
    """Load an ensemble.

    Args:
        folder: That `save_ensemble` wrote, wherever it was copied.

    Returns:
        The ensemble, its members bit for bit as they were saved, on the CPU.

    Raises:
        BundleError: If it is no ensemble, incomplete, damaged, or from a newer version.
    """
    config = read_config(folder)
    if config.get("kind") != ENSEMBLE:
        msg = f"{folder}: a bundle of one network, where an ensemble is expected"
        raise BundleError(msg)
    require_format(folder, config, "an ensemble", FORMAT)
    with undamaged(folder, "ensemble", AttributeError, SafetensorError):
        for name in config["members"]:
            _require_folder_name(name)
        _require_whole(folder, config)
        return EnsembleBundle(
            name=config["name"],
            members={name: load_bundle(folder / MEMBERS / name) for name in config["members"]},
            classes=tuple(config["classes"]),
            combiner=combiner_of(config["combiner"], _tensors(folder, config)),
            readout=readout_of(config),
            seen=_seen(folder, config),
            history=tuple(config["history"]),
            metrics=read_metrics(folder),
        )


def _require_folder_name(name: object) -> None:
    """Refuse what could lead out of the folder."""
    if (
        not isinstance(name, str)
        or name.strip(". ") != name
        or not name
        or set(name) & set("/\\:")
    ):
        msg = (
            f"member {name!r}: a name without slashes and colons is expected, that neither "
            "begins nor ends with a dot or a blank"
        )
        raise UsageError(msg)


def _require_whole(folder: Path, config: Mapping[str, Any]) -> None:
    known = config["sha256"]
    wanted = [f"{MEMBERS}/{name}/{CONFIG}" for name in config["members"]]
    for one in [*wanted, *known]:
        path = folder / one
        if one not in known or not path.is_file():
            msg = f"{folder}: an incomplete ensemble: {one} is missing; copy it again"
            raise BundleError(msg)
        require_file(path, known[one], "ensemble")


def _tensors(folder: Path, config: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    return load((folder / STACKING).read_bytes()) if STACKING in config["sha256"] else {}


def _seen(folder: Path, config: Mapping[str, Any]) -> Seen | None:
    if config["chosen_on"] is None:
        return None
    pixels = json.loads((folder / CHOSEN_ON).read_text(encoding="utf-8"))
    return Seen(pixels=frozenset(pixels), **config["chosen_on"])
