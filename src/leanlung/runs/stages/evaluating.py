"""Stage 6: open the test part for the choice, once, and measure."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from leanlung.evaluation import confounding, measure_by_source
from leanlung.foundations.files import write_json
from leanlung.runs.candidates import (
    MASKED_BYTES,
    classifier_of,
    load_candidate,
    load_network,
    masked_bytes_of,
)
from leanlung.runs.evidence import (
    Intervals,
    calibration_of,
    flips_of,
    group_cells,
    groups_of,
    threshold_changes,
)
from leanlung.runs.folder import CHOICE, EVALUATION, TRAINING
from leanlung.runs.stages.choosing import candidate_folders, readouts_of
from leanlung.runs.steps import fingerprint, step
from leanlung.runs.storage import FORMS, forms_of
from leanlung.runs.work import image_set
from leanlung.statistics import (
    compare_all,
    majority_baseline,
    measure,
    metrics_elsewhere,
    read_predictions,
    sentence,
    write_predictions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from leanlung.runs.work import Work
    from leanlung.statistics import Predictions

UNTOUCHED = "nothing was to be removed, so there is nothing to compare"
KEPT = (
    "no smaller network qualified on the validation part, so the whole network is kept; "
    "there is nothing to compare"
)
UNKNOWN = "unknown"


def evaluate_choice(work: Work) -> None:
    """Predict the test part with the whole and the chosen network, and compare them."""
    sources = {
        study.study_id: study.attributes.get("source", UNKNOWN)
        for study in work.gathered.cohort.studies
    }
    cells = group_cells(work.recipe, work.gathered.cohort.studies)
    inputs = work.inputs(
        choice=fingerprint(work.here.choose),
        evaluate=work.recipe.evaluate.model_dump(),
        sources=sources,
        cells=cells,
    )

    def do(here: Path) -> None:
        choice_path = work.here.choose / CHOICE
        choice = json.loads(choice_path.read_text(encoding="utf-8"))
        folders = candidate_folders(work)
        test = work.split.test.open(chosen=choice_path)
        images = image_set(work.gathered, test)
        found: list[Predictions] = []
        learnt: list[Predictions] = []
        pair = {"unpruned": folders[0], choice["chosen"]: folders[choice["round"]]}
        for name, folder in pair.items():
            network = load_network(folder).to(work.device)
            path = here / f"predictions-{name}-test.csv"
            write_predictions(path, work.predictions(name, network, test, images))
            found.append(read_predictions(path, model=name))
            if work.recipe.evaluate.training:
                learnt.append(_of_training(work, here, name, network))
        found = [found[0], found[-1]]
        sizes = [_size(work, folders[n]) for n in (0, choice["round"])]
        measured = _measured(work, choice, found, sources, sizes)
        for predictions in learnt:
            measured["models"][predictions.model]["training"] = _learnt(work, predictions)
        for name, forms in forms_of(work.recipe, pair).items():
            measured["models"][name][FORMS] = forms
        write_json(here / EVALUATION, measured | _evidence(work, choice, found, cells))

    step(work.here.evaluate, inputs, do)


def _of_training(work: Work, here: Path, name: str, network: nn.Module) -> Predictions:
    """Answer the training part, and keep the answers beside those of the test part."""
    path = here / TRAINING.format(name=name)
    write_predictions(path, work.predictions(name, network, work.split.train, work.train))
    return read_predictions(path, model=name)


def _learnt(work: Work, predictions: Predictions) -> list[dict[str, Any]]:
    """Measure answers to the training part."""
    plan = work.recipe.evaluate
    seed = work.seeds("evaluate").number("bootstrap")
    measured = measure(predictions, level=plan.level, resamples=plan.resamples, seed=seed)
    return [one.as_dict() for one in measured]


def _size(work: Work, candidate: Path) -> dict[str, int | None]:
    """Give the size of a candidate, and of a mask or a classifier where the recipe has one."""
    size: dict[str, int | None] = {**load_candidate(candidate).size.as_dict()}
    if work.recipe.mask is not None:
        size[MASKED_BYTES] = masked_bytes_of(candidate)
    if work.recipe.features is not None:
        reads = classifier_of(candidate) or {}
        size |= {f"classifier_{key}": reads.get(key) for key in ("numbers", "bytes")}
    return size


def _measured(
    work: Work,
    choice: dict[str, Any],
    found: list[Predictions],
    sources: Mapping[str, str],
    sizes: list[dict[str, int | None]],
) -> dict[str, Any]:
    """Measure both networks; every figure comes from the predictions on disk."""
    plan = work.recipe.evaluate
    seed = work.seeds("evaluate").number("bootstrap")
    level, resamples = plan.level, plan.resamples
    measured = partial(measure, level=level, resamples=resamples, seed=seed)
    by_source = partial(measure_by_source, level=level, resamples=resamples, seed=seed)
    classes = found[0].classes
    kept = choice["round"] == 0
    readouts = readouts_of(work.here.choose)
    intervals = Intervals(level, resamples, seed)
    comparison, *elsewhere = compare_all(
        found[0],
        found[1],
        [plan.metric, *([] if kept else metrics_elsewhere(plan.metric, classes))],
        margin=plan.margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    labels = [classes[label] for label in found[0].labels]
    return {
        "chosen": choice["chosen"],
        "reason": choice["reason"],
        "comparison": comparison.as_dict(),
        "elsewhere": [one.as_dict() for one in elsewhere],
        "sentence": _kept(work) if kept else sentence(comparison, elsewhere),
        "bootstrap_seed": seed,
        "majority": majority_baseline(found[0], level=plan.level).as_dict(),
        "models": {
            predictions.model: {
                "size": size,
                "calibration": calibration_of(
                    predictions, readouts[predictions.model], intervals
                ),
                "estimates": [one.as_dict() for one in measured(predictions)],
                "accuracy_by_source": {
                    source: one.as_dict()
                    for source, one in by_source(predictions, sources).items()
                },
            }
            for predictions, size in zip(found, sizes, strict=True)
        },
        "confounding": confounding(
            [sources[name] for name in found[0].study_ids], labels
        ).as_dict(),
    }


def _kept(work: Work) -> str:
    return KEPT if work.recipe.rounds else UNTOUCHED


def _evidence(
    work: Work,
    choice: dict[str, Any],
    found: list[Predictions],
    cells: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Look behind the verdict; where the whole network is kept, there is nothing to compare."""
    plan = work.recipe.evaluate
    intervals = Intervals(
        plan.level, plan.resamples, work.seeds("evaluate").number("bootstrap")
    )
    readouts = [readouts_of(work.here.choose)[each.model] for each in found]
    kept = choice["round"] == 0
    return {
        "groups": [] if kept else groups_of(found, work.recipe, cells, intervals),
        "flips": flips_of(found, work.recipe),
        "threshold_changes": [] if kept else threshold_changes(found, readouts, intervals),
    }
