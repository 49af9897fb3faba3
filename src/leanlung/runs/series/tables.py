"""Tables of a series: every figure from stored predictions, the source's beside it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from leanlung.evaluation import measure_by_source
from leanlung.foundations.files import write_json
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import write_table
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.series.attending import attention_of
from leanlung.runs.series.combining import KINDS, combined_name, weights_told
from leanlung.runs.series.flaws import FLAWS
from leanlung.runs.series.recipe import PRETRAIN
from leanlung.runs.series.rows import rows_of
from leanlung.statistics import compare, measure, read_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.folder import RunFolder
    from leanlung.runs.recipe import EvaluateSection
    from leanlung.runs.series.carrying import Carrying
    from leanlung.runs.series.combining import Kind
    from leanlung.runs.series.recipe import TaskSection
    from leanlung.statistics import Predictions

_UNPRUNED = "unpruned"


def write_tables(now: Carrying, top: tuple[str, ...]) -> dict[str, Any]:
    """Measure everything, and write ``results.json`` and ``tables/*.csv``.

    Args:
        now: A series whose test part has been opened.
        top: Networks that went on, the best first.

    Returns:
        What ``results.json`` holds.
    """
    series = now.series
    found = {
        "name": series.name,
        "as_published": list(FLAWS) if series.as_published else [],
        "seed": series.seed,
        "made_up": now.whole.cohort.made_up,
        "top": _read(now.folder.top),
        "networks": {
            one.name: {
                "backbone": one.backbone,
                "head": one.head,
                "published_as": one.published_as,
                "weights": one.weights,
            }
            for one in series.network
        },
        PRETRAIN: _pretrain(now),
        "tasks": [_task(now, task, top) for task in series.task],
        "published": series.published,
    }
    if (lungs := now.whole.lungs) is not None:
        told = lungs.as_dict(now.whole.cohort, now.whole.parts)
        # Film by film they stand in data.json.
        found["lungs"] = {key: one for key, one in told.items() if key != "whole_studies"}
    if (attention := attention_of(now)) is not None:
        found["attention"] = attention
    if series.as_published:
        _print_as_published(found)
    write_json(now.folder.results, found)
    for name, rows in rows_of(found).items():
        if rows:
            columns = dict.fromkeys(key for row in rows for key in row)
            write_table(now.folder.tables / f"{name}.csv", tuple(columns), rows)
    return found


def wald(value: float, studies: int) -> tuple[float, float]:
    """Give the interval that Rajaraman et al. 2020 print for an AUC, clipped to [0, 1].

    It takes the area for a share of ``studies`` answers, which it is not; it stands only
    where their way of doing is repeated.
    """
    half = 1.959964 * math.sqrt(value * (1.0 - value) / studies)
    return max(0.0, value - half), min(1.0, value + half)


def _print_as_published(found: dict[str, Any]) -> None:
    """Add to every model its AUC with the interval that the source would print."""
    models = list(found[PRETRAIN]["rows"].values())
    for task in found["tasks"]:
        models += [one for row in task["rows"].values() for one in row["models"].values()]
        models += task["ensembles"]
    for one in models:
        auc = next(each for each in one["estimates"] if each["name"] == "macro_auc")
        if auc["value"] is not None:
            one["auc_as_printed"] = [auc["value"], *wald(auc["value"], auc["studies"])]


def _pretrain(now: Carrying) -> dict[str, Any]:
    rows = {
        network: _evaluated(now, folder)["models"][_UNPRUNED]
        for (stage, network), folder in now.runs.items()
        if stage == PRETRAIN
    }
    first = _evaluated(now, now.runs[PRETRAIN, next(iter(rows))])
    return {
        "classes": list(now.series.pretrain.data.classes),
        "majority": first["majority"],
        "confounding": first["confounding"],
        "rows": rows,
    }


def _task(now: Carrying, task: TaskSection, top: tuple[str, ...]) -> dict[str, Any]:
    rows = {}
    for network in top:
        measured = _evaluated(now, now.runs[task.name, network])
        choice = _read(_seed(now, now.runs[task.name, network]).choose / CHOICE)
        rows[network] = {
            "chosen": measured["chosen"],
            "reason": measured["reason"],
            "comparison": measured["comparison"],
            "sentence": measured["sentence"],
            "candidates": choice["candidates"],
            "models": measured["models"],
        }
    first = _evaluated(now, now.runs[task.name, top[0]])
    return {
        "name": task.name,
        "about": task.about,
        "classes": list(task.data.classes),
        "pruned": task.prune is not None,
        "published_table": task.published_table,
        "metric": task.choose.metric,
        "majority": first["majority"],
        "confounding": first["confounding"],
        "rows": rows,
        "ensembles": _ensembles(now, task, top),
        "weights": (
            []
            if task.ensemble is None
            else weights_told(now.folder.ensembles(task.name), task.ensemble)
        ),
    }


def _ensembles(now: Carrying, task: TaskSection, top: tuple[str, ...]) -> list[dict[str, Any]]:
    if task.ensemble is None:
        return []
    seed = Seeds(now.series.seed).number("ensembles", "bootstrap")
    sources = {
        study.study_id: study.attributes.get("source", "unknown")
        for study in now.stages[task.name].cohort.studies
    }
    found = []
    for kind in KINDS:
        best_name, best = _best(now, task, top, kind)
        for combiner in task.ensemble.combiners:
            path = now.folder.combined(task.name) / combined_name(combiner, kind)
            answers = read_predictions(path, model=f"{combiner}, {kind}")
            found.append(
                {
                    "combiner": combiner,
                    "members": kind,
                    "best_member": best_name,
                    **_measured(answers, best, task.evaluate, sources, seed),
                }
            )
    return found


def _measured(
    answers: Predictions,
    best: Predictions,
    plan: EvaluateSection,
    sources: dict[str, str],
    seed: int,
) -> dict[str, Any]:
    """Measure an ensemble, and hold it against the member that was best on validation."""
    intervals: dict[str, Any] = {
        "level": plan.level,
        "resamples": plan.resamples,
        "seed": seed,
    }
    by_source = measure_by_source(answers, sources, **intervals)
    against = compare(best, answers, metric=plan.metric, margin=plan.margin, **intervals)
    return {
        "estimates": [one.as_dict() for one in measure(answers, **intervals)],
        "accuracy_by_source": {name: one.as_dict() for name, one in by_source.items()},
        "against_best_member": against.as_dict(),
    }


def _best(
    now: Carrying, task: TaskSection, top: tuple[str, ...], kind: Kind
) -> tuple[str, Predictions]:
    """Give the member that was best on validation, and what it said of the test part."""
    values = {}
    for network in top:
        choice = _read(_seed(now, now.runs[task.name, network]).choose / CHOICE)
        number = choice["round"] if kind == "pruned" else 0
        name = choice["chosen"] if kind == "pruned" else _UNPRUNED
        values[network] = (choice["candidates"][number]["validation"], name)
    network = max(top, key=lambda one: values[one][0][task.choose.metric])
    here = _seed(now, now.runs[task.name, network]).evaluate
    path = here / f"predictions-{values[network][1]}-test.csv"
    return network, read_predictions(path, model=network)


def _seed(now: Carrying, folder: RunFolder) -> Any:  # noqa: ANN401
    return folder.seed(now.series.seed)


def _evaluated(now: Carrying, folder: RunFolder) -> dict[str, Any]:
    return _read(_seed(now, folder).evaluate / EVALUATION)


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
