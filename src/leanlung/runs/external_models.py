"""What can be evaluated on external data: networks of a run, a bundle or an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from leanlung.exports import Bundle, EnsembleBundle, load_bundle, load_ensemble
from leanlung.exports.config import ENSEMBLE, read_config
from leanlung.foundations.errors import UsageError
from leanlung.foundations.tables import read_table
from leanlung.runs.candidates import load_candidate, load_masked
from leanlung.runs.folder import open_run
from leanlung.runs.records import read_record
from leanlung.runs.results import results_of
from leanlung.runs.stages.choosing import readouts_of
from leanlung.statistics import Estimate, read_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.statistics import Predictions

UNPRUNED = "unpruned"

Answering = TypeVar("Answering", bound=Bundle | EnsembleBundle, covariant=True)
"""A bundle; or, where that will do, an ensemble."""


@dataclass(frozen=True)
class Model(Generic[Answering]):
    """One network or ensemble, and what is known of it on the internal test part.

    Attributes:
        name: To report it under.
        bundle: It, with its preparation, classes and readout.
        internal: Its test predictions; None of a bundle, which takes no patients along.
        estimates: What a bundle tells of its test part, by metric.
    """

    name: str
    bundle: Answering
    internal: Predictions | None
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True)
class Models(Generic[Answering]):
    """What is evaluated.

    Attributes:
        models: The unpruned and the chosen network of a run; one of them where the whole
            network was kept; the network of a bundle.
        recipe: Of the run, as resolved; empty for a bundle.
        known: Hash of the pixels of every study of the run; empty for a bundle.
        seed: Of the run that is looked at; None for a bundle.
    """

    models: tuple[Model[Answering], ...]
    recipe: Mapping[str, Any]
    known: Mapping[str, str]
    seed: int | None


def answering_models_of(path: Path, seed: int | None = None) -> Models[Bundle | EnsembleBundle]:
    """Find what answers: the networks of a run, a bundle or an ensemble.

    Args:
        path: Of one of these.
        seed: Of a run; its first if not given.

    Raises:
        UsageError: If the path is none of these, or the run is not finished.
        RunError: If the run is damaged.
        BundleError: If the bundle or the ensemble is damaged.
    """
    if (path / "config.json").is_file() and read_config(path).get("kind") == ENSEMBLE:
        ensemble = load_ensemble(path)
        return Models((Model(ensemble.name, ensemble, None, {}),), {}, {}, None)
    return models_of(path, seed)


def models_of(path: Path, seed: int | None = None) -> Models[Bundle]:
    """Find the networks of a run or a bundle.

    Args:
        path: Of either.
        seed: Of a run; its first if not given.

    Raises:
        UsageError: If the path is neither, the run is not finished, or it is an ensemble.
        RunError: If the run is damaged.
        BundleError: If the bundle is damaged.
    """
    if (path / "config.json").is_file():
        bundle = load_bundle(path)
        told = map(Estimate.from_dict, bundle.metrics.get("estimates", ()))
        by_name = {estimate.name: estimate for estimate in told}
        return Models((Model(bundle.name, bundle, None, by_name),), {}, {}, None)
    folder = open_run(path)
    if not folder.metrics.is_file():
        msg = f"{path}: this run is not finished; start it again with `leanlung run`"
        raise UsageError(msg)
    recipe = read_record(folder.resolved, {"network.backbone": str})
    seeds = results_of(folder)["seeds"]
    number = next(iter(seeds)) if seed is None else str(seed)
    if number not in seeds:
        msg = f"{path}: no seed {seed}; there are {', '.join(seeds)}"
        raise UsageError(msg)
    measured = seeds[number]
    here = folder.seed(int(number))
    chosen = load_bundle(here.bundle)
    fitted = here.fit(recipe["network"]["backbone"])
    network, mask = load_masked(fitted)
    whole = replace(
        chosen,
        name=UNPRUNED,
        network=network.eval(),
        spec=load_candidate(fitted).spec,
        mask=mask,
        classifier=None,
        columns=(),
        readout=readouts_of(here.choose)[UNPRUNED],
    )
    bundles = {UNPRUNED: whole} | {measured["chosen"]: chosen}
    models = tuple(
        Model(
            name,
            bundle,
            read_predictions(here.evaluate / f"predictions-{name}-test.csv", model=name),
            {},
        )
        for name, bundle in bundles.items()
    )
    known = {row["pixel_sha256"]: row["study_id"] for row in read_table(folder.cohort)}
    return Models(models, recipe, known, int(number))
