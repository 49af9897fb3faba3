"""Ensemble bundles: several bundles made into one that answers with all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.ensembles import (
    Ensemble,
    Stacking,
    Weighted,
    choose_combiner,
    figures,
    parts_of,
    read_out_of_fold,
)
from leanlung.ensembles.weights import require_way
from leanlung.exports import EnsembleBundle, load_bundle, save_ensemble
from leanlung.exports.ensemble_size import ensemble_size
from leanlung.exports.seen import Seen, ids_sha256
from leanlung.foundations.errors import UsageError
from leanlung.networks.devices import pick_device
from leanlung.runs.bundle_images import require_labels, studies_of_part
from leanlung.runs.lossless import require_free
from leanlung.runs.model_answers import answers_of
from leanlung.runs.progress import Silent
from leanlung.statistics.readout import Readout
from leanlung.studies.pictures.hashes import pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.ensembles import Combiner
    from leanlung.exports import Bundle
    from leanlung.runs.progress import Progress
    from leanlung.statistics import Predictions
    from leanlung.studies.study import Study


@dataclass(frozen=True)
class EnsemblePlan:
    """How members are combined.

    Attributes:
        combine: One of `COMBINERS`.
        weights: As for `choose_combiner`.
        data: Labelled images to choose on; where they tell parts, the validation part. Without
            them nothing is chosen: the ensemble has neither temperature nor thresholds.
        out_of_fold: For a stacking: a table for each member, in their order.
        seed: For a stacking.
    """

    combine: str = "mean"
    weights: str | tuple[float, ...] | None = None
    data: Path | None = None
    out_of_fold: tuple[Path, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class BundleEnsemble:
    """What came of putting an ensemble together.

    Attributes:
        name: Of the ensemble.
        members: Names of the members, in the order in which they are combined.
        combiner: Its name and its parameters.
        size: As `ensemble_size`.
        validation: `figures` on the validation images, of each member and of the ensemble;
            empty without such images.
        chosen_on: How many studies and patients those are; None without.
    """

    name: str
    members: tuple[str, ...]
    combiner: Mapping[str, Any]
    size: Mapping[str, Any]
    validation: Mapping[str, Mapping[str, float | None]]
    chosen_on: Mapping[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {**vars(self), "members": list(self.members)}


def ensemble_bundles(
    folders: Sequence[Path],
    out: Path,
    plan: EnsemblePlan,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
) -> BundleEnsemble:
    """Write an ensemble of bundles.

    Args:
        folders: Bundles, pruned or not; not changed.
        out: Folder of the ensemble. Its name is that of the ensemble.
        plan: How they are combined.
        device: ``auto`` or torch's name of one.
        progress: Told what is going on.

    Returns:
        What came of it.

    Raises:
        UsageError: If a folder stands twice, is an ensemble, or would be replaced; if members
            do not know the same classes; as `choose_combiner`.
        BundleError: If there is no sound bundle.
        StudyError, PixelError: If the data do not fit.
        DataRefused: As `choose_combiner` and `read_out_of_fold`.
    """
    _require_apart(folders, out)
    learnt = [read_out_of_fold(path) for path in plan.out_of_fold]
    members = _named([load_bundle(folder) for folder in folders])
    classes = _classes_of(members)
    if isinstance(plan.weights, str):
        require_way(plan.weights, classes)  # before images are read
    validation: tuple[Predictions, ...] = ()
    seen = None
    if plan.data is not None:
        validation, seen = _validation(members, plan.data, device, progress or Silent())
    combiner = choose_combiner(
        plan.combine, validation, weights=plan.weights, out_of_fold=learnt, seed=plan.seed
    )
    name = out.resolve().name
    answered = [*validation]
    if validation:
        ensemble = Ensemble(tuple(members), classes, combiner, _other_than(name, members))
        answered.append(ensemble.combine(validation))
    size = ensemble_size(members, combiner)
    measured = {one.model: figures(one) for one in answered}
    save_ensemble(
        out,
        EnsembleBundle(
            name=name,
            members=members,
            classes=classes,
            combiner=combiner,
            readout=Readout.of(answered[-1]) if answered else None,
            seen=seen,
            history=({"step": "ensemble", "about": _about(combiner, len(members), seen)},),
            metrics={"size": size, **({"validation": measured} if measured else {})},
        ),
    )
    return BundleEnsemble(
        name,
        tuple(members),
        # What a stacking has learnt is in a file of its own.
        parts_of(combiner)[0],
        size,
        measured,
        None if seen is None else seen.as_dict(),
    )


def _require_apart(folders: Sequence[Path], out: Path) -> None:
    if len(folders) < 2:
        msg = f"an ensemble of {len(folders)} members; two or more are expected"
        raise UsageError(msg)
    known: set[Path] = set()
    for folder in folders:
        if folder.resolve() in known:
            msg = f"{folder}: stands twice among the members; name each once"
            raise UsageError(msg)
        known.add(folder.resolve())
        require_free(out, folder)
        if out.resolve() in folder.resolve().parents:
            msg = (
                f"{out}: holds the member {folder}, and would be replaced; choose another --out"
            )
            raise UsageError(msg)


def _named(bundles: Sequence[Bundle]) -> dict[str, Bundle]:
    """Name members as folders can be named, each differently, whatever the case of letters."""
    members: dict[str, Bundle] = {}
    taken: set[str] = set()
    for bundle in bundles:
        plain = re.sub(r"[^\w.-]+", "-", bundle.name).strip(".-") or "member"
        name, number = plain, 1
        while name.lower() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.lower())
        members[name] = bundle
    return members


def _other_than(name: str, members: Mapping[str, Bundle]) -> str:
    """Keep the ensemble apart from a member of its name, in a table of both."""
    while name in members:
        name = f"{name} (ensemble)"
    return name


def _classes_of(members: Mapping[str, Bundle]) -> tuple[str, ...]:
    first, *others = members.items()
    for name, member in others:
        if set(member.classes) != set(first[1].classes):
            msg = (
                f"{name} knows the classes {list(member.classes)}, {first[0]} "
                f"{list(first[1].classes)}; members of an ensemble know the same classes"
            )
            raise UsageError(msg)
    return first[1].classes


def _validation(
    members: Mapping[str, Bundle], data: Path, device: str, progress: Progress
) -> tuple[tuple[Predictions, ...], Seen]:
    """Let the members answer the validation images, and note which those are."""
    first = next(iter(members.values()))
    studies = studies_of_part(first, data, "validation")
    for member in members.values():
        require_labels(member, data, studies)
    pixels = set()
    with progress.task("reading images", len(studies)) as done:
        read = 0

        def note(_study: Study, image: NDArray[np.float32]) -> None:
            nonlocal read
            pixels.add(pixel_sha256(image))
            read += 1
            done(read)

        found = answers_of(list(members.items()), studies, pick_device(device), note)
    patients = len({study.patient_id for study in studies})
    ids = ids_sha256(study.study_id for study in studies)
    return found, Seen(len(studies), patients, ids, frozenset(pixels))


def _about(combiner: Combiner, members: int, seen: Seen | None) -> str:
    on = (
        f" on {seen.studies} validation images of {seen.patients} patients"
        if seen is not None
        else ""
    )
    told = f"{combiner.name} of {members} networks"
    if isinstance(combiner, Weighted):
        weights = ", ".join(f"{weight:.3f}" for weight in combiner.weights)
        how = (
            "given" if combiner.chosen_by == "given" else f"chosen by {combiner.chosen_by}{on}"
        )
        return f"{told}, weights {weights}, {how}"
    if isinstance(combiner, Stacking):
        return (
            f"{told}, {combiner.inward_bias.size} hidden neurons, learnt from out-of-fold "
            f"predictions of {combiner.studies} studies of {combiner.patients} patients, "
            f"stopped after {combiner.steps} steps by log-loss{on}; seed {combiner.seed}"
        )
    return f"{told}; temperature and thresholds chosen{on}" if seen is not None else told
