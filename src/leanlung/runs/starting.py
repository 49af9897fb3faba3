"""Starting: the weights a network begins with, and how those came about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from leanlung.exports import load_bundle
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import NetworkError
from leanlung.networks import build, load_weights
from leanlung.runs.candidates import load_candidate, load_masked
from leanlung.runs.folder import CANDIDATE, CHOICE, RunFolder
from leanlung.runs.history import history_of, history_on_file
from leanlung.runs.records import read_record

if TYPE_CHECKING:
    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.runs.recipe import NetworkSection

_CONFIG = "config.json"


@dataclass(frozen=True)
class Begun:
    """A network with the weights it begins with.

    Attributes:
        network: In training mode.
        told: What was filled, in a sentence; empty for fresh weights.
        history: How the trunk came about, one entry a step; empty unless it is a network's of
            ours.
    """

    network: Classifier
    told: str = ""
    history: tuple[dict[str, Any], ...] = ()


def weights_source(name: str, *places: Path | None) -> Path | str:
    """Find out where weights come from.

    Args:
        name: As in the recipe.
        places: Folders to look in first, such as what ``--data`` gave.

    Returns:
        ``none``, ``imagenet`` or a path: below the first place that has it, otherwise as it
        stands. A path that is a folder holds a run, a candidate or a bundle.

    Raises:
        NetworkError: If it is in none of the places, or a folder is none of these.
    """
    if name in {"none", "imagenet"}:
        return name
    paths = [place / name for place in places if place is not None] + [Path(name)]
    for path in paths:
        if path.is_file():
            return path
        if path.is_dir():
            _require_ours(path)
            return path
    looked = " and ".join(str(path) for path in paths)
    msg = (
        f"network.weights: no such weights file ({looked}); give a safetensors file, the "
        "folder of a run or a bundle, 'imagenet' or 'none'"
    )
    raise NetworkError(msg)


def weights_content(source: Path | str, seed: int) -> str:
    """Give what tells these weights from others, for the inputs of a step."""
    if not isinstance(source, Path):
        return source
    if source.is_file():
        return fingerprints.of_file(source)
    if (source / _CONFIG).is_file():
        return fingerprints.of_file(source / "model.safetensors")
    return fingerprints.of_file(_candidate(source, seed) / "network.safetensors")


def begin(
    section: NetworkSection, spec: NetworkSpec, source: Path | str, seed: int, drawn: int
) -> Begun:
    """Build a network and give it the weights it begins with.

    Of a network of ours the trunk is taken and the head is new: what Rajaraman et al. 2020 call
    truncating at the deepest convolution.

    Args:
        section: Of the recipe.
        spec: What to build.
        source: As `weights_source` found it.
        seed: Of the run; of a run with several seeds the same one is taken, or the first.
        drawn: Seed of fresh weights.

    Raises:
        NetworkError: If the weights are of another network.
        RunError: If a run that is to begin from has not chosen yet, or is damaged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(drawn)
        network = build(spec)
    if source == "none":
        return Begun(network)
    if isinstance(source, Path) and source.is_dir():
        return _from_ours(network, spec, source, seed)
    loaded = load_weights(network, spec.backbone, source, partial=section.partial)
    named = source.name if isinstance(source, Path) else source
    return Begun(network, f"{loaded.tensors} of {loaded.of} tensors from {named}")


def _from_ours(network: Classifier, spec: NetworkSpec, source: Path, seed: int) -> Begun:
    if (source / _CONFIG).is_file():
        bundle = load_bundle(source)
        other, theirs, history = bundle.network, bundle.spec, bundle.history
    else:
        folder = _candidate(source, seed)
        other, theirs = load_masked(folder)[0], load_candidate(folder).spec
        history = _history(source, seed, folder)
    for name in ("backbone", "channels", "conventions"):
        ours, found = getattr(spec, name), getattr(theirs, name)
        if ours != found:
            msg = f"{source}: a network of {name} {found!r}; the recipe's has {ours!r}"
            raise NetworkError(msg)
    if any(name.startswith("trunk.") for name in theirs.widths):
        msg = (
            f"{source}: its trunk is pruned; a whole network of {spec.backbone} cannot begin "
            "from it: give one that is whole"
        )
        raise NetworkError(msg)
    state = other.trunk.state_dict()
    network.trunk.load_state_dict(state)
    filled = sum(not name.endswith("num_batches_tracked") for name in state)
    about = f"the trunk of {source.name} ({filled} tensors), with a new head"
    return Begun(network, about, tuple(dict(entry) for entry in history))


def _require_ours(path: Path) -> None:
    known = (_CONFIG, CANDIDATE, "recipe.resolved.json")
    if not any((path / name).is_file() for name in known):
        msg = (
            f"network.weights: {path} is a folder, but no run, no candidate and no bundle; "
            "give one of these, or a safetensors file"
        )
        raise NetworkError(msg)


def _candidate(source: Path, seed: int) -> Path:
    """Give the folder of the candidate: the folder itself, or that of the run's choice."""
    if (source / CANDIDATE).is_file():
        return source
    return chosen_folder(RunFolder(source), seed)


def chosen_folder(folder: RunFolder, seed: int) -> Path:
    """Give the folder of the candidate that a run has chosen.

    Args:
        folder: Of the run.
        seed: Its folder is looked in; that of the run's first seed if it has none of that.

    Raises:
        RunError: If the run has not chosen yet, or is damaged.
    """
    recipe = read_record(folder.resolved, {"seeds": list, "network.backbone": str})
    own = seed if seed in recipe["seeds"] else int(recipe["seeds"][0])
    here, backbone = folder.seed(own), recipe["network"]["backbone"]
    choice = read_record(here.choose / CHOICE, {"round": int, "chosen": str})
    number = choice["round"]
    return here.round(backbone, number) if number else here.fit(backbone)


def _history(source: Path, seed: int, folder: Path) -> tuple[dict[str, Any], ...]:
    if source == folder:  # a candidate, whose run may be gone
        return (*history_on_file(folder), {"step": "candidate", "about": folder.name})
    return history_of(RunFolder(source), seed)
