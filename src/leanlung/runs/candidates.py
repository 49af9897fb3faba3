"""Candidates on disk: a network, what it measured, and how it came to its shape."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file, save

from leanlung.foundations.files import write_bytes, write_json
from leanlung.foundations.tables import write_table
from leanlung.networks import outline, restore, size_of, store, widths_of
from leanlung.pruning import Candidate, channel_graph
from leanlung.runs.folder import CANDIDATE, HISTORY, LINEAGE, OPTIMISER, VALIDATION, WEIGHTS
from leanlung.statistics import write_predictions
from leanlung.training.checkpoint import Snapshot, snapshot
from leanlung.training.checkpoint import restore as restore_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn
    from torch.optim import Optimizer

    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.pruning import ChannelGraph
    from leanlung.runs.work import Work
    from leanlung.training import Fitted


def save_candidate(
    folder: Path,
    number: int,
    whole: NetworkSpec,
    fitted: Fitted,
    work: Work,
    graph: ChannelGraph | None = None,
    told: dict[str, Any] | None = None,
) -> Candidate:
    """Write everything of a candidate.

    Args:
        folder: Of its step.
        number: Of its round; 0 for the whole network.
        whole: Specification of the whole network.
        fitted: The network after training.
        work: Knows the validation part.
        graph: Of the network, if it was pruned.
        told: What else the round tells.

    Returns:
        The candidate.
    """
    network = fitted.network
    spec = replace(whole, widths=widths_of(network, like=outline(whole)))
    size = size_of(network, spec.size, spec.channels)
    candidate = Candidate(number, spec, size, work.validate(network))
    store(folder / WEIGHTS, network)
    write_bytes(folder / OPTIMISER, save(snapshot(network, fitted.optimiser).optimiser))
    found = work.predictions(candidate.name, network, work.split.validation, work.validation)
    write_predictions(folder / VALIDATION, found)
    metrics = list(candidate.validation)
    write_table(
        folder / HISTORY,
        ["epoch", "rate", "loss", *metrics],
        [
            {"epoch": e.number, "rate": e.rate, "loss": e.loss, **e.validation}
            for e in fitted.history
        ],
    )
    if graph is not None:
        lineage = {
            "originals": graph.originals,
            "kept": {n: list(k) for n, k in graph.kept.items()},
        }
        write_json(folder / LINEAGE, lineage)
    write_json(folder / CANDIDATE, {**candidate.as_dict(), **(told or {})})
    return candidate


def load_candidate(folder: Path) -> Candidate:
    """Read a candidate without its weights."""
    value = json.loads((folder / CANDIDATE).read_text(encoding="utf-8"))
    return Candidate.from_dict(value)


def load_network(folder: Path) -> Classifier:
    """Read a candidate's network."""
    return restore(folder / WEIGHTS, load_candidate(folder).spec)


def load_graph(folder: Path, network: nn.Module, example: torch.Tensor) -> ChannelGraph:
    """Read the graph of a candidate's network, with the lineage it was saved with."""
    graph = channel_graph(network, example)
    path = folder / LINEAGE
    if not path.is_file():
        return graph
    lineage = json.loads(path.read_text(encoding="utf-8"))
    kept = {name: tuple(places) for name, places in lineage["kept"].items()}
    return graph.with_lineage(lineage["originals"], kept)


def load_optimiser(folder: Path, network: nn.Module, optimiser: Optimizer) -> None:
    """Put a fresh optimiser of a candidate's network into the state it was saved in."""
    state = load_file(folder / OPTIMISER)
    restore_snapshot(Snapshot(dict(network.state_dict()), state), network, optimiser)
