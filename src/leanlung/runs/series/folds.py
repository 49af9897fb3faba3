"""Folds: the networks of a task fitted again without each fold, to answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanlung.ensembles import folds_by_patient, out_of_fold
from leanlung.foundations import fingerprints
from leanlung.pixels import pixel_statistics
from leanlung.runs.candidates import load_network
from leanlung.runs.folder import RunFolder
from leanlung.runs.stages.fitting import fit_whole
from leanlung.runs.stages.pruning import prune_rounds
from leanlung.runs.work import image_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.ensembles import OutOfFold
    from leanlung.runs.work import Work
    from leanlung.studies.study import Cohort


@dataclass(frozen=True)
class Chain:
    """A network of a task, with all that led to it.

    Attributes:
        network: Its name.
        pretrain: The work of its pre-training; None where folds share the trunk of it.
        task: The work of its fitting and pruning.
        rounds: How many rounds of pruning the chosen candidate has behind it.
        home: Folder of the series; weights are named from there.
        places: Folder of each fold, by its number.
        alike: Pairs of studies with the same or nearly the same picture, over all stages.
    """

    network: str
    pretrain: Work | None
    task: Work
    rounds: int
    home: Path
    places: Mapping[int, Path]
    alike: tuple[tuple[str, str], ...]


def draw_folds(work: Work, folds: int, alike: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """Draw the folds of a task's training part, the same for all its networks.

    Args:
        work: Of any of its networks.
        folds: How many.
        alike: Pairs of studies whose patients share a fold.
    """
    there = {study.study_id for study in work.split.train.studies}
    together = [(one, other) for one, other in alike if one in there and other in there]
    return folds_by_patient(work.split.train, folds, work.seeds("folds"), together)


def out_of_fold_of(chain: Chain, folds: Mapping[str, int], *, pruned: bool) -> OutOfFold:
    """Answer every training study by a network that was fitted without its patient.

    Each fold goes the whole way of the series: the pre-training without its patients, the
    fitting, and as many rounds of pruning as the chosen candidate has.

    Args:
        chain: The network.
        folds: Of every training study.
        pruned: Whether the pruned network answers, or the whole one.
    """

    def fit_and_predict(learnt: Cohort, held: Cohort) -> NDArray[np.float64]:
        fold = folds[held.studies[0].study_id]
        place = chain.places[fold]
        task = _without(chain.task, learnt, place)
        if chain.pretrain is not None:
            before = _pretrained_without(chain, chain.pretrain, held, place)
            task = _beginning_from(task, before, chain.home)
        fit_whole(task)
        backbone = task.recipe.network.backbone
        folder = task.here.fit(backbone)
        if pruned and chain.rounds:
            prune_rounds(task, chain.rounds)
            folder = task.here.round(backbone, chain.rounds)
        network = load_network(folder).to(task.device)
        return task.predict(network, image_set(task.gathered, held))

    name = f"{chain.network} {'pruned' if pruned else 'unpruned'}"
    return out_of_fold(fit_and_predict, chain.task.split.train, folds, model=name)


def _pretrained_without(chain: Chain, work: Work, held: Cohort, place: Path) -> Path:
    """Learn the pre-training without the patients of a fold; give the network's folder."""
    patients = set(held.patients)
    names = {study.study_id for study in held.studies}
    like = {b for a, b in chain.alike if a in names} | {a for a, b in chain.alike if b in names}
    learnt = work.split.train.where(
        lambda study: study.patient_id not in patients and study.study_id not in like
    )
    without = _without(work, learnt, place / "pretrain")
    fit_whole(without)
    return without.here.fit(without.recipe.network.backbone)


def _without(work: Work, learnt: Cohort, place: Path) -> Work:
    """Give the same work with fewer training studies, in a folder of its own."""
    train = image_set(work.gathered, learnt)
    deciding = [work.gathered.fingerprint, [study.study_id for study in learnt.studies]]
    return replace(
        work,
        folder=RunFolder(place),
        gathered=replace(work.gathered, fingerprint=fingerprints.of_value(deciding)),
        split=replace(work.split, train=learnt),
        train=train,
        statistics=pixel_statistics(train, work.recipe.pixels),
    )


def _beginning_from(work: Work, before: Path, home: Path) -> Work:
    network = work.recipe.network.model_copy(
        update={"weights": before.relative_to(home).as_posix()}
    )
    return replace(work, recipe=work.recipe.model_copy(update={"network": network}))
