"""Elsewhere: what the networks of every seed answer on films of other hospitals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.files import write_json
from leanlung.runs.external import Plan, evaluate_external
from leanlung.runs.steps import fingerprint, step
from leanlung.runs.variants.films import read_films, what_is_missing
from leanlung.runs.variants.slicing import cut_archives
from leanlung.statistics import majority_baseline, measure, write_predictions
from leanlung.statistics.flips import healthy_class
from leanlung.statistics.shared_classes import over_classes
from leanlung.studies.manifest import write_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.variants.beside import ExternalSection
    from leanlung.runs.variants.carrying import Varying
    from leanlung.statistics import Predictions

TOLD = "external.json"


def answer_elsewhere(now: Varying) -> str:
    """Let every seed of the variants that are asked answer films of other hospitals.

    Returns:
        Why it was not done; empty if it was, or nobody asked.

    Raises:
        UsageError: If the films are needed and not there.
        StudyError: If they cannot be used.
        DataRefused: If one of them is a film that a network was fitted to.
    """
    section = now.paper.external
    if section is None:
        return ""
    asked = [name for name in section.variants if name in now.runs]
    if not asked:
        return "none of its variants was carried out"
    if now.options.data is None or (why := what_is_missing(section, now.options.data)):
        return f"not there: {why if now.options.data is not None else section.name}"
    there, _ = cut_archives([section], now.options.data, now.options.out, now.progress)
    films = read_films(there, now.paper.labels, now.options.data)
    write_manifest(now.folder.external_films, films)
    content = fingerprints.of_value(
        [[s.study_id, s.label, str(s.lung_mask)] for s in films.studies]
    )
    for name in asked:
        for seed in now.recipes[name].seeds:
            now.progress.note(f"{section.name}: {name}, seed {seed}")
            _answer(now, section, name, seed, content)
    return ""


def _answer(now: Varying, section: ExternalSection, name: str, seed: int, content: str) -> None:
    evaluate = now.recipes[name].evaluate
    run = now.runs[name]
    plan = Plan(
        metric=evaluate.metric,
        margin=evaluate.margin,
        level=evaluate.level,
        resamples=evaluate.resamples,
        shared_only=section.shared_only,
    )

    def do(here: Path) -> None:
        found = evaluate_external(run.path, now.folder.external_films, plan, now.device, seed)
        classes = tuple(found.told["classes"])
        kept = [over_classes(one, classes) for one in found.predictions]
        for one in kept:
            write_predictions(here / f"predictions-{one.model}.csv", one)
        baselines = _baselines(kept[0], section.constant, plan)
        write_json(here / TOLD, {**found.told, "baselines": baselines})

    inputs = {
        "films": content,
        "evaluated": fingerprint(run.seed(seed).evaluate),
        "exported": fingerprint(run.seed(seed).export),
        "plan": vars(plan),
        "constant": section.constant,
    }
    step(now.folder.external(name, seed), inputs, do)


def _baselines(predictions: Predictions, constant: str, plan: Plan) -> dict[str, Any]:
    """Measure what always the same answer reaches: the commonest class, and the healthy one."""
    settings: dict[str, Any] = {"level": plan.level, "resamples": plan.resamples}
    found = {"majority": majority_baseline(predictions, **settings).as_dict()}
    try:
        healthy = constant or healthy_class(predictions.classes, "")
    except StatisticsError:
        healthy = ""
    if healthy and healthy in predictions.classes:
        answers = np.zeros_like(predictions.probabilities)
        answers[:, predictions.classes.index(healthy)] = 1.0
        [accuracy] = measure(
            replace(predictions, probabilities=answers), metrics=["accuracy"], **settings
        )
        found["constant"] = {"class": healthy, **accuracy.as_dict()}
    return found
