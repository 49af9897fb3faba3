"""Candidates on disk: a network, what it measured, and how it came to its shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file, save

from leanlung.features import FeatureReader, restore_classifier, store_classifier
from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.files import write_bytes, write_json
from leanlung.foundations.tables import write_table
from leanlung.networks import outline, restore, size_of, store, widths_of
from leanlung.pruning import Candidate, channel_graph
from leanlung.pruning.masks import masked_size_of, restore_masked, store_masked
from leanlung.runs.folder import (
    CANDIDATE,
    CLASSIFIER,
    HISTORY,
    LINEAGE,
    OPTIMISER,
    VALIDATION,
    WEIGHTS,
)
from leanlung.runs.records import damaged, read_record
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
    from leanlung.pruning.masks import WeightMask
    from leanlung.runs.work import Work
    from leanlung.training import Fitted

AT_ONCE = "at_once"
"""Key of the images that went through at once, where memory was too short for a batch."""

MASKED_BYTES = "masked_bytes"
"""Key of the bytes of a masked network, stored as bits and kept weights."""

BALANCE = "balance"
"""Key of what was made up of the training part, by class."""

CONTROL = "control"
"""Key of a candidate that went through the epochs of a mask without any."""

READS = "classifier"
"""Key of what a candidate tells of the classifier that reads its features."""

_TOLD = (MASKED_BYTES, AT_ONCE, BALANCE, CONTROL)

_NEEDED: dict[str, type] = {"round": int, "spec": dict, "size": dict, "validation": dict}


def save_candidate(
    folder: Path,
    number: int,
    whole: NetworkSpec,
    fitted: Fitted,
    work: Work,
    graph: ChannelGraph | None = None,
    told: dict[str, Any] | None = None,
    mask: WeightMask | None = None,
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
        mask: Of a network whose weights are masked; it is stored as bits and kept weights.

    Returns:
        The candidate.
    """
    network = fitted.network
    spec = replace(whole, widths=widths_of(network, like=outline(whole)))
    size = size_of(network, spec.size, spec.channels)
    candidate = Candidate(number, spec, size, work.validate(network))
    further = dict(told or {})
    if mask is None:
        store(folder / WEIGHTS, network)
    else:
        store_masked(folder / WEIGHTS, network, mask)
        further[MASKED_BYTES] = masked_size_of(network, mask).masked_bytes
    if work.recipe.features is None:  # which trains nothing on; its state is twice the network
        write_bytes(folder / OPTIMISER, save(snapshot(network, fitted.optimiser).optimiser))
    found = work.predictions(candidate.name, network, work.split.validation, work.validation)
    write_predictions(folder / VALIDATION, found)
    metrics = list(candidate.validation)
    at_once = min((e.at_once for e in fitted.history if e.at_once), default=0)
    short = [AT_ONCE] if at_once else []
    further |= dict.fromkeys(short, at_once)
    if fitted.balance is not None:
        further[BALANCE] = fitted.balance.as_dict(work.recipe.data.classes)
    write_table(
        folder / HISTORY,
        ["epoch", "rate", "loss", *short, *metrics],
        [
            {"epoch": e.number, "rate": e.rate, "loss": e.loss, **e.validation}
            | dict.fromkeys(short, e.at_once)
            for e in fitted.history
        ],
    )
    if graph is not None:
        _write_lineage(folder, graph)
    write_json(folder / CANDIDATE, {**candidate.as_dict(), **further})
    return candidate


def save_untrained(
    folder: Path,
    number: int,
    spec: NetworkSpec,
    network: Classifier,
    work: Work,
    *,
    reader: FeatureReader | None = None,
    graph: ChannelGraph | None = None,
    told: dict[str, Any] | None = None,
) -> Candidate:
    """Write everything of a candidate that was made smaller and not trained after that.

    Args:
        folder: Of its step.
        number: Of its round.
        spec: Of its network, surgery included.
        network: Gives logits, or features for the reader.
        work: Knows the validation part.
        reader: That answers, where the network gives features: of this very network.
        graph: Of the network, if it may be pruned further.
        told: What else the round tells.

    Returns:
        The candidate; its size is the network's, without the classifier.
    """
    answering = reader or network
    size = size_of(network, spec.size, spec.channels)
    candidate = Candidate(number, spec, size, work.validate(answering))
    further = dict(told or {})
    store(folder / WEIGHTS, network)
    if reader is not None:
        stored = store_classifier(folder / CLASSIFIER, reader.classifier)
        described = {**reader.classifier.describe(), "bytes": stored}
        further[READS] = {**described, "columns": list(reader.columns)}
    found = work.predictions(candidate.name, answering, work.split.validation, work.validation)
    write_predictions(folder / VALIDATION, found)
    if graph is not None:
        _write_lineage(folder, graph)
    write_json(folder / CANDIDATE, {**candidate.as_dict(), **further})
    return candidate


def load_candidate(folder: Path) -> Candidate:
    """Read a candidate without its weights.

    Raises:
        RunError: If its file is damaged.
    """
    path = folder / CANDIDATE
    value = read_record(path, _NEEDED)
    try:
        return Candidate.from_dict(value)
    except (LeanlungError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"no candidate ({error})") from error


def candidate_as_dict(folder: Path) -> dict[str, Any]:
    """Read what is told of a candidate: its fields, and what not every candidate has."""
    told = read_record(folder / CANDIDATE)
    further = {name: told[name] for name in _TOLD if name in told}
    if (reads := classifier_of(folder)) is not None:
        further[READS] = {key: value for key, value in reads.items() if key != "columns"}
    return {**load_candidate(folder).as_dict(), **further}


def load_network(folder: Path) -> Classifier | FeatureReader:
    """Read what a candidate answers with: its network, or the reader of its features."""
    return load_reader(folder) or load_masked(folder)[0]


def load_reader(folder: Path) -> FeatureReader | None:
    """Read a candidate's network with the classifier that reads its features, if it has one.

    Raises:
        RunError: If it is not the candidate's.
    """
    reads = classifier_of(folder)
    if reads is None:
        return None
    try:
        classifier = restore_classifier(folder / CLASSIFIER)
        columns = tuple(int(column) for column in reads["columns"])
        network = restore(folder / WEIGHTS, load_candidate(folder).spec)
        return FeatureReader(network, classifier, columns).eval()
    except (LeanlungError, KeyError, TypeError, ValueError, OSError) as error:
        raise damaged(
            folder / CLASSIFIER, f"no classifier of this network ({error})"
        ) from error


def classifier_of(folder: Path) -> dict[str, Any] | None:
    """Give what a candidate tells of the classifier on its features; None without one."""
    found = read_record(folder / CANDIDATE).get(READS)
    return None if found is None else dict(found)


def load_masked(folder: Path) -> tuple[Classifier, WeightMask | None]:
    """Read a candidate's network with its mask, if it has one."""
    spec = load_candidate(folder).spec
    if masked_bytes_of(folder) is None:
        return restore(folder / WEIGHTS, spec), None
    return restore_masked(folder / WEIGHTS, spec)


def masked_bytes_of(folder: Path) -> int | None:
    """Give the bytes of a masked candidate's file; None of one without a mask."""
    found = read_record(folder / CANDIDATE).get(MASKED_BYTES)
    return None if found is None else int(found)


def _write_lineage(folder: Path, graph: ChannelGraph) -> None:
    lineage = {
        "originals": graph.originals,
        "kept": {n: list(k) for n, k in graph.kept.items()},
    }
    write_json(folder / LINEAGE, lineage)


def load_graph(folder: Path, network: nn.Module, example: torch.Tensor) -> ChannelGraph:
    """Read the graph of a candidate's network, with the lineage it was saved with."""
    graph = channel_graph(network, example)
    path = folder / LINEAGE
    if not path.is_file():
        return graph
    lineage = read_record(path, {"originals": dict, "kept": dict})
    kept = {name: tuple(places) for name, places in lineage["kept"].items()}
    return graph.with_lineage(lineage["originals"], kept)


def load_optimiser(folder: Path, network: nn.Module, optimiser: Optimizer) -> None:
    """Put a fresh optimiser of a candidate's network into the state it was saved in."""
    state = load_file(folder / OPTIMISER)
    restore_snapshot(Snapshot(dict(network.state_dict()), state), network, optimiser)
