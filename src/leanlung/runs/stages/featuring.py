"""Stage 3, a third way: constant units leave, features are chosen, a classifier reads them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from leanlung.features import (
    FeatureReader,
    calibrate,
    fit_classifier,
    penultimate,
    rank_features,
    search_features,
)
from leanlung.features.checking import require_classes
from leanlung.features.kernels import require_memory
from leanlung.foundations.files import write_json
from leanlung.networks import outline, widths_of
from leanlung.networks.devices import exact_float32
from leanlung.pruning.exact import remove_constants
from leanlung.pruning.features import keep_features
from leanlung.runs.candidates import (
    load_candidate,
    load_graph,
    load_masked,
    save_untrained,
)
from leanlung.runs.feature_counts import counts_of
from leanlung.runs.folder import CERTIFICATE, FEATURES
from leanlung.runs.records import read_record
from leanlung.runs.stages.fitting import whole_spec
from leanlung.runs.steps import fingerprint, step

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.features import FeatureClassifier, Ranking, Search
    from leanlung.networks import Classifier, NetworkSpec
    from leanlung.runs.features import FeaturesSection
    from leanlung.runs.work import Work

_OF_REMOVAL = {"images", "tolerance", "leave_alone"}
"""Fields that decide what leaves; the others decide which features are read, and by what."""


def choose_features(work: Work, section: FeaturesSection) -> None:
    """Take constant units out of the fitted network, then all features but the best; two steps.

    Args:
        work: Of one seed.
        section: Of its recipe.

    Raises:
        TrainingError: If all features are constant, or the classifier cannot be fitted.
        SurgeryError: If something to be left alone does not exist.
    """
    backbone = work.recipe.network.backbone
    whole = work.here.fit(backbone)
    exact, cut = work.here.round(backbone, 1), work.here.round(backbone, 2)
    with work.progress.task("choosing features", 2) as done:
        inputs = work.inputs(
            before=fingerprint(whole), features=section.model_dump(include=_OF_REMOVAL)
        )
        step(exact, inputs, partial(_without_constants, work, section, whole))
        done(1)
        inputs = work.inputs(
            before=fingerprint(exact), features=section.model_dump(exclude=_OF_REMOVAL)
        )
        step(cut, inputs, partial(_with_classifier, work, section, exact))
        done(2)


def require_features(work: Work, section: FeaturesSection) -> None:
    """Make sure that a classifier can be fitted on so many images, before hours are spent.

    Raises:
        TrainingError: If a class has no training image.
        UsageError: If its kernels would not fit into the memory that the recipe allows.
    """
    require_classes(work.train.labels.numpy(), len(work.recipe.data.classes))
    require_room(section, len(work.train), len(work.validation))


def require_room(section: FeaturesSection, train: int, validation: int) -> None:
    """Refuse what would not fit into the memory that the recipe allows.

    Args:
        section: Of the recipe.
        train: Images of the training part.
        validation: Of the validation part.

    Raises:
        UsageError: With the estimate.
    """
    if section.kernel is not None:
        require_memory(train, validation, section)


def _without_constants(work: Work, section: FeaturesSection, whole: Path, folder: Path) -> None:
    """Remove units that never vary over training images, with a certificate."""
    before = load_masked(whole)[0].to(work.device)
    graph = load_graph(whole, before, work.material.image)
    images = work.material.some(section.images, work.seeds("features", "constants"))
    with exact_float32():
        found = remove_constants(
            before,
            graph,
            work.material.in_order(images),
            tolerance=section.tolerance,
            leave_alone=section.leave_alone,
        )
    network = cast("Classifier", found.surgery.network)
    spec = _spec_of(network, whole_spec(work.recipe))
    widths = {
        name: [one.outputs, spec.widths.get(name, one).outputs]
        for name, one in widths_of(before).items()
    }
    told = {**found.certificate.as_dict(), "widths": widths}
    write_json(folder / CERTIFICATE, told)
    save_untrained(
        folder,
        1,
        spec,
        network,
        work,
        graph=found.surgery.graph,
        told={"removed": len(found.removal), "spared": list(found.removal.spared)},
    )


def _with_classifier(work: Work, section: FeaturesSection, before: Path, folder: Path) -> None:
    """Rank and choose features, cut the network to them, and fit what reads them."""
    network = load_masked(before)[0].to(work.device)
    train, validation = _features(work, network)
    labels = work.train.labels.numpy(), work.validation.labels.numpy()
    classes = len(work.recipe.data.classes)
    seed = work.seeds("features").number("classifier") % 2**32
    ranking = rank_features(train, labels[0])
    with work.progress.task("searching features", 100) as done:
        search = search_features(
            train,
            labels[0],
            validation,
            labels[1],
            ranking,
            section,
            seed,
            watch=lambda now, of: done(100 * now // max(of, 1)),
        )
    chosen = [int(column) for column in ranking.order[: search.chosen]]
    classifier = fit_classifier(train[:, chosen], labels[0], classes, section, seed)
    classifier = calibrate(classifier, validation[:, chosen], labels[1])
    # No second certificate: what leaves here was read by the last layer alone, which leaves
    # too, and removing readers changes no other unit. The change is measured all the same.
    graph = load_graph(before, network, work.material.image)
    surgery, columns = keep_features(network, graph, chosen)
    smaller = cast("Classifier", surgery.network)
    spec = _spec_of(smaller, replace(whole_spec(work.recipe), output="features"))
    change = _largest_change(work, smaller, columns, validation[:, chosen])
    candidate = save_untrained(
        folder, 2, spec, smaller, work, reader=FeatureReader(smaller, classifier, columns)
    )
    whole = load_candidate(work.here.fit(spec.backbone)).size
    counts = counts_of(whole, load_candidate(before).size, candidate.size, folder)
    write_json(
        folder / FEATURES,
        {
            "constants": read_record(before / CERTIFICATE),
            **_told(section, ranking, search, classifier),
            "largest_change": change,
            "counts": counts,
        },
    )


def _features(
    work: Work, network: Classifier
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what the last layer reads, for the training and the validation part."""
    with exact_float32():
        train, validation = (
            penultimate(network, work.material.in_order(images))
            for images in (work.train, work.validation)
        )
    return train, validation


def _largest_change(
    work: Work,
    smaller: Classifier,
    columns: tuple[int, ...],
    expected: NDArray[np.float32],
) -> float:
    """Measure how much any feature that is read differs after the cut, as a share."""
    import torch

    with torch.no_grad(), exact_float32():
        smaller.eval()
        found = [
            smaller(batch).flatten(1)[:, list(columns)].float().cpu().numpy()
            for batch in work.material.in_order(work.validation)
        ]
    largest = float(np.abs(expected).max())
    return float(np.abs(np.concatenate(found) - expected).max()) / max(largest, 1e-30)


def _spec_of(network: Classifier, whole: NetworkSpec) -> NetworkSpec:
    return replace(whole, widths=widths_of(network, like=outline(whole)))


def _told(
    section: FeaturesSection, ranking: Ranking, search: Search, classifier: FeatureClassifier
) -> dict[str, Any]:
    """Describe ranking, search and classifier as values that JSON can hold."""
    return {
        "features": len(ranking.f),
        "constant": len(ranking.constant),
        "ranking": {
            "order": [int(place) for place in ranking.order],
            # None where F is not finite: a feature that never varies, or that tells perfectly.
            "f": [float(one) if np.isfinite(one) else None for one in ranking.f],
            "constant": [int(place) for place in ranking.constant],
        },
        "metric": section.metric,
        "search": [
            {"features": point.features, "score": float(point.score), "phase": point.phase}
            for point in search.curve
        ],
        "chosen": search.chosen,
        "score": float(search.score),
        "classifier": classifier.describe(),
    }
