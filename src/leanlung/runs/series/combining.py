"""The ensembles of a task: fixed on validation and out of fold, then asked on the test part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from safetensors.numpy import load_file, save

from leanlung.ensembles import Ensemble, choose_combiner, combiner_of, parts_of
from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_bytes, write_json
from leanlung.foundations.seeds import Seeds
from leanlung.runs.folder import STEP, VALIDATION
from leanlung.runs.records import read_record
from leanlung.runs.steps import step
from leanlung.statistics import Predictions, read_predictions, write_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.ensembles import Combiner, OutOfFold
    from leanlung.runs.series.ensemble import EnsembleSection

Kind = Literal["unpruned", "pruned"]
KINDS: tuple[Kind, ...] = ("unpruned", "pruned")

_FIXED, _TENSORS = "combiner.json", "combiner.safetensors"


@dataclass(frozen=True)
class Members:
    """What the networks of a task said before the test part was opened.

    Attributes:
        names: Of the networks, in the order in which they are combined.
        validation: Of each, on the validation part.
        out_of_fold: Of each, on the training part; empty where nothing learns from it.
    """

    names: tuple[str, ...]
    validation: tuple[Predictions, ...]
    out_of_fold: tuple[OutOfFold, ...] = ()


def validation_of(folder: Path, name: str, *, by_file: bool) -> Predictions:
    """Read what a candidate said of the validation part.

    Args:
        folder: Of the candidate.
        name: To call it by.
        by_file: Take every file for a patient of its own, as a source did that parts by file.
    """
    found = read_predictions(folder / VALIDATION, model=name)
    return _by_file(found) if by_file else found


def fix(
    place: Path,
    section: EnsembleSection,
    members: Mapping[Kind, Members],
    inputs: Mapping[str, Any],
    seed: int,
) -> None:
    """Choose every combiner, for whole and for pruned members, and write it down.

    Args:
        place: Folder of the task's ensembles.
        section: Which combiners.
        members: What they said.
        inputs: Whatever decides the result.
        seed: Of the stacking.
    """

    def do(folder: Path) -> None:
        for kind, said in members.items():
            for name in section.combiners:
                combiner = _chosen(name, said, Seeds(seed).number("stacking", kind))
                told, tensors = parts_of(combiner)
                here = folder / f"{name}-{kind}"
                if tensors:
                    write_bytes(here / _TENSORS, save(tensors))
                ensemble = Ensemble(said.names, said.validation[0].classes, combiner)
                answered = ensemble.combine(said.validation)
                write_predictions(here / VALIDATION, answered)
                write_json(
                    here / _FIXED,
                    {
                        **told,
                        "members": list(said.names),
                        "classes": list(answered.classes),
                        "log_loss_on_validation": _log_loss(answered),
                    },
                )

    step(place, {**inputs, "ensemble": section.model_dump(), "seed": seed}, do)


def _chosen(name: str, said: Members, seed: int) -> Combiner:
    if name == "stacking":
        return choose_combiner(name, said.validation, out_of_fold=said.out_of_fold, seed=seed)
    if name in {"weighted", "published"}:
        by = "published" if name == "published" else "log_loss"
        return choose_combiner("weighted", said.validation, weights=by)
    return choose_combiner(name)


def fixed(place: Path, section: EnsembleSection, kind: Kind) -> dict[str, Ensemble]:
    """Read the ensembles that were fixed, by the name of their combiner."""
    found: dict[str, Ensemble] = {}
    for name in section.combiners:
        here = place / f"{name}-{kind}"
        told = read_record(here / _FIXED, {"members": list, "classes": list, "combiner": str})
        members, classes = tuple(told.pop("members")), tuple(told.pop("classes"))
        told.pop("log_loss_on_validation")
        tensors = load_file(here / _TENSORS) if (here / _TENSORS).is_file() else {}
        told = {key: tuple(v) if isinstance(v, list) else v for key, v in told.items()}
        found[name] = Ensemble(members, classes, combiner_of(told, tensors), name)
    return found


def weights_told(place: Path, section: EnsembleSection) -> list[dict[str, Any]]:
    """Tell the weights that were fixed, one entry an ensemble that has some."""
    found = []
    for kind in KINDS:
        for name in section.combiners:
            told = read_record(place / f"{name}-{kind}" / _FIXED)
            if "weights" in told:
                found.append(
                    {
                        "combiner": name,
                        "members": kind,
                        "weights": dict(zip(told["members"], told["weights"], strict=True)),
                    }
                )
    return found


def combine(
    place: Path, out: Path, section: EnsembleSection, said: Mapping[Kind, Sequence[Path]]
) -> None:
    """Let every ensemble answer the test part, from the stored answers of its members.

    Args:
        place: Where the ensembles were fixed.
        out: Folder for their answers.
        section: Which combiners.
        said: Predictions of the members on the test part, in their order.
    """

    def do(folder: Path) -> None:
        for kind, paths in said.items():
            answers = [read_predictions(path) for path in paths]
            for name, ensemble in fixed(place, section, kind).items():
                write_predictions(folder / combined_name(name, kind), ensemble.combine(answers))

    inputs = {
        "fixed": read_record(place / STEP)["outputs"],
        "said": {
            kind: [fingerprints.of_file(path) for path in paths] for kind, paths in said.items()
        },
    }
    step(out, inputs, do)


def combined_name(combiner: str, kind: Kind) -> str:
    """Name the file of an ensemble's answers."""
    return f"predictions-{combiner}-{kind}-test.csv"


def _log_loss(predictions: Predictions) -> float:
    right = predictions.probabilities[np.arange(len(predictions)), predictions.labels]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def _by_file(found: Predictions) -> Predictions:
    return Predictions(
        found.model,
        found.classes,
        found.study_ids,
        found.study_ids,
        found.labels,
        found.probabilities,
        found.part,
    )
