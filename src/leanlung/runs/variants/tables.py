"""Tables of a paper: every figure from stored predictions, the source's beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.files import write_json
from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import write_table
from leanlung.runs.records import read_record
from leanlung.runs.variants.comparing import compare_both_ways
from leanlung.runs.variants.elsewhere import TOLD
from leanlung.runs.variants.patients import patient_rows, patients_of
from leanlung.runs.variants.rows import (
    CHOSEN,
    MODELS,
    NOT_SIZES,
    UNPRUNED,
    answers_of,
    variant_row,
)
from leanlung.runs.variants.storing import storage_of, storage_rows
from leanlung.runs.variants.variant import STAMP
from leanlung.statistics import read_predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.runs.variants.carrying import Varying
    from leanlung.statistics import Predictions


def write_tables(now: Varying, not_elsewhere: str) -> dict[str, Any]:
    """Measure everything, and write ``results.json`` and ``tables/*.csv``.

    Args:
        now: A paper whose test parts have been opened.
        not_elsewhere: Why nothing was answered on films of other hospitals; may be empty.

    Returns:
        What ``results.json`` holds.
    """
    paper = now.paper
    flaws = dict.fromkeys(
        one
        for name in now.variants
        for one in now.recipes[now.legs(name)[0]].as_published
        if not paper.stands_beside(paper.find(name))
    )
    found: dict[str, Any] = {
        "name": paper.name,
        "positive": paper.positive,
        "as_published": list(flaws),
        "made_up": all(one.gathered.cohort.made_up for one in now.datasets),
        "variants": {name: _variant(now, name) for name in now.variants},
        "skipped": now.lacking.skipped,
        "compare": [_pair(now, place) for place in range(len(paper.compare))],
        "external": _external(now, not_elsewhere),
        "published": paper.published,
        **({"storage": storage_of(now)} if paper.storage is not None else {}),
    }
    write_json(now.folder.results, found)
    for name, rows in _rows(found).items():
        if rows:
            columns = dict.fromkeys(key for row in rows for key in row)
            write_table(now.folder.tables / f"{name}.csv", tuple(columns), rows)
    return found


def _settings(now: Varying, name: str, *step: str) -> dict[str, Any]:
    plan = now.recipes[now.legs(name)[0]].evaluate
    return {
        "margin": plan.margin,
        "level": plan.level,
        "resamples": plan.resamples,
        "seed": Seeds(0).number("variants", *step),
    }


def _metrics(now: Varying, metric: str, classes: Sequence[str]) -> list[str]:
    positive = now.paper.positive
    of_classes = [f"sensitivity:{one}" for one in classes]
    wanted = [metric, "accuracy", "balanced_accuracy", *of_classes]
    wanted += [f"specificity:{positive}"] if positive in classes else []
    wanted += [
        one
        for one in now.paper.metrics
        if ":" not in one or one.split(":")[1].split("@")[0] in classes
    ]
    return list(dict.fromkeys(wanted))


def _variant(now: Varying, name: str) -> dict[str, Any]:
    row = variant_row(now, name)
    metrics = _metrics(now, row["metric"], row["classes"])
    if "beside" in row:
        return row | {"change": None}
    settings = _settings(now, name, name)
    if now.paper.patients is not None:
        row["patients"] = patients_of(now, name, now.paper.patients, settings)
    if all(one["kept"] for one in row["seeds"].values()):
        return row | {"change": None}
    whole, chosen = (answers_of(now, name, kind) for kind in MODELS)
    return row | {"change": compare_both_ways(name, whole, chosen, metrics, settings)}


def _pair(now: Varying, place: int) -> dict[str, Any]:
    """Hold one variant against another, on their test part and on films of other hospitals."""
    asked = now.paper.compare[place]
    told = {
        "name": asked.name,
        "about": asked.about,
        "baseline": asked.baseline,
        "candidate": asked.candidate,
        "model": asked.model,
        "published_p": asked.published_p,
    }
    absent = [one for one in (asked.baseline, asked.candidate) if not now.legs(one)]
    if absent:
        return told | {"told": f"not carried out: {', '.join(absent)}", "sides": {}}
    first = now.recipes[now.legs(asked.baseline)[0]]
    metric = asked.metric or first.evaluate.metric
    settings = _settings(now, asked.baseline, "compare", asked.name)
    if asked.margin is not None:
        settings["margin"] = asked.margin
    metrics = _metrics(now, metric, first.data.classes)
    both = (asked.baseline, asked.candidate)
    own = [answers_of(now, one, asked.model) for one in both]
    sides = {"test part": compare_both_ways(asked.name, own[0], own[1], metrics, settings)}
    there = [_answers_elsewhere(now, one, asked.model) for one in both]
    if all(there):
        sides["other hospitals"] = compare_both_ways(
            asked.name, there[0], there[1], metrics, settings
        )
    return told | {"told": "", "margin": settings["margin"], "sides": sides}


def _answers_elsewhere(now: Varying, name: str, kind: str) -> dict[str, Predictions]:
    """Read what the networks of a variant answered on films of other hospitals, by seed."""
    found = {}
    for seed in now.recipes[now.legs(name)[0]].seeds:
        here = now.folder.external(name, seed)
        if not (here / TOLD).is_file():
            return {}
        models = list(read_record(here / TOLD)["models"])
        model = models[-1] if kind == CHOSEN else models[0]
        path = here / f"predictions-{model}.csv"
        found[str(seed)] = read_predictions(path, model=f"{name} ({kind})")
    return found


def _external(now: Varying, why_not: str) -> dict[str, Any] | None:
    section = now.paper.external
    if section is None:
        return None
    about = {"name": section.name, "about": section.about, "told": why_not}
    if why_not:
        return about | {"variants": {}}
    rows: dict[str, Any] = {}
    for name in section.variants:
        if name not in now.runs:
            continue
        seeds = {}
        for seed in now.recipes[name].seeds:
            told = read_record(now.folder.external(name, seed) / TOLD)
            models = list(told["models"])
            seeds[str(seed)] = {
                UNPRUNED: told["models"][models[0]],
                CHOSEN: told["models"][models[-1]],
            }
        rows[name] = {
            "studies": told["studies"],
            "patients": told["patients"],
            "classes": told["classes"],
            "left_out": told["left_out"],
            "baselines": told["baselines"],
            "seeds": seeds,
        }
    return about | {"variants": rows}


def _rows(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Lay all figures out in long tables."""
    sizes, figures, tests, elsewhere = [], [], [], []
    stamped = any("beside" in row for row in found["variants"].values())
    for name, row in found["variants"].items():
        stamp = {"stamp": STAMP if "beside" in row else ""} if stamped else {}
        for seed, one in row["seeds"].items():
            for kind in MODELS:
                model = one["models"][kind]
                whose = {"variant": name, "seed": seed, "model": kind, **stamp}
                plain = {k: v for k, v in model.items() if k not in NOT_SIZES}
                network = one["chosen"] if kind == CHOSEN else kind
                known = {k: "" if v is None else v for k, v in plain.items()}
                sizes.append({**whose, "network": network, **known})
                figures += [_long(whose, each) for each in model["estimates"]]
        tests += _tests(name, "test part", row["change"])
    for pair in found["compare"]:
        for side, one in pair["sides"].items():
            tests += _tests(pair["name"], side, one)
    for name, row in ((found["external"] or {}).get("variants", {})).items():
        for seed, models in row["seeds"].items():
            for kind, one in models.items():
                whose = {"variant": name, "seed": seed, "model": kind}
                elsewhere += [_long(whose, each) for each in one["estimates"]]
    return {
        "sizes": sizes,
        "estimates": figures,
        "tests": tests,
        "external": elsewhere,
        "storage": storage_rows(found.get("storage")),
        "patients": patient_rows(found["variants"]),
    }


def _long(whose: dict[str, Any], estimate: dict[str, Any]) -> dict[str, Any]:
    keys = ("value", "low", "high", "level", "method", "studies", "patients")
    return {**whose, "metric": estimate["name"], **{key: estimate[key] for key in keys}}


def _tests(name: str, side: str, change: dict[str, Any] | None) -> list[dict[str, Any]]:
    runs = (change or {}).get("over_runs")
    if not runs or runs["told"]:
        return []
    return [
        {"comparison": name, "on": side, "test": one["name"], "p": one["p"],
         "statistic": one["statistic"], "runs": one["n"], "method": one["method"]}
        for one in runs["tests"]
    ]  # fmt: skip
