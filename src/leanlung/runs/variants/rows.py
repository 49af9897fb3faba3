"""Rows: what every variant and seed came to, as its run left it on disk."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import classifier_of
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.records import read_record
from leanlung.runs.starting import chosen_folder
from leanlung.runs.variants.confusions import FIGURES, confusions_of, together
from leanlung.runs.variants.constants import constants_of
from leanlung.statistics import majority_baseline, measure, pooled, read_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.folder import RunFolder
    from leanlung.runs.recipe import EvaluateSection, Recipe
    from leanlung.runs.variants.carrying import Varying
    from leanlung.statistics import Predictions

UNPRUNED, CHOSEN = "unpruned", "chosen"
MODELS = (UNPRUNED, CHOSEN)
NOT_SIZES = {"figures", "estimates", "confusion", FIGURES}
"""What is told of a network, beside its sizes."""

BYTES_OF_WEIGHT = 4
ADAM = 3
"""Weights and two moments of each: what a file with the optimiser holds."""


def variant_row(now: Varying, name: str) -> dict[str, Any]:
    """Give what a variant came to, seed by seed, with mean and standard deviation.

    Of a variant with folds a seed is all its folds: figures are those of what the folds
    answered, each study once, and sizes are means over folds. What stands beside has no
    verdict.
    """
    variant, legs = now.paper.find(name), now.legs(name)
    recipe, run = now.recipes[legs[0]], now.runs[legs[0]]
    seeds = {str(seed): _seed_row(run, recipe, seed) for seed in recipe.seeds}
    first = read_record(run.seed(recipe.seeds[0]).evaluate / EVALUATION)
    further: dict[str, Any] = {}
    if len(legs) > 1:
        rows = [
            [_seed_row(now.runs[leg], now.recipes[leg], seed) for leg in legs]
            for seed in recipe.seeds
        ]
        answers = {kind: answers_of(now, name, kind) for kind in MODELS}
        seeds = {
            str(seed): _of_folds(
                row, {kind: answers[kind][str(seed)] for kind in MODELS}, recipe.evaluate
            )
            for seed, row in zip(recipe.seeds, rows, strict=True)
        }
        pooled_first = answers[UNPRUNED][str(recipe.seeds[0])]
        level = recipe.evaluate.level
        first = {
            "majority": majority_baseline(pooled_first, level=level).as_dict(),
            "confounding": now.gathered[legs[0]].as_dict()["confounding"],
        }
        further["folds"] = len(legs)
        further["runs"] = [_place(now, leg) for leg in legs]
    if now.paper.stands_beside(variant):
        further["beside"] = variant.beside
        further["leaks"] = len(now.gathered[legs[0]].leaks)
        for one in seeds.values():
            one |= {"sentence": "", "comparison": None, "verdict": "none: it stands beside"}
    return {
        "name": name,
        "about": variant.about,
        "group": variant.group or name,
        "archives": list(variant.archives),
        "dataset": now.dataset(legs[0]).name,
        "classes": list(recipe.data.classes),
        "studies": now.gathered[legs[0]].as_dict()["parts"],
        "network": {"backbone": recipe.network.backbone, "head": recipe.network.head},
        "metric": recipe.evaluate.metric,
        "margin": recipe.evaluate.margin,
        "level": recipe.evaluate.level,
        "as_published": list(recipe.as_published),
        "published_table": variant.published_table,
        "run": _place(now, legs[0]),
        "majority": first["majority"],
        "confounding": first["confounding"],
        "seeds": seeds,
        "mean": _over_seeds(list(seeds.values())),
        **further,
    }


def _place(now: Varying, leg: str) -> str:
    return now.runs[leg].path.relative_to(now.folder.path).as_posix()


def _of_folds(
    rows: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Predictions],
    plan: EvaluateSection,
) -> dict[str, Any]:
    """Put the folds of a seed together."""
    models = {}
    for kind in MODELS:
        found = [
            one.as_dict()
            for one in measure(answers[kind], level=plan.level, resamples=plan.resamples)
        ]
        sizes = [
            {k: v for k, v in row["models"][kind].items() if k not in NOT_SIZES} for row in rows
        ]
        models[kind] = {
            "figures": {each["name"]: each["value"] for each in found},
            "estimates": found,
            **together([row["models"][kind] for row in rows]),
            **{key: _mean([one[key] for one in sizes]) for key in sizes[0]},
        }
    kept = [row["kept"] for row in rows]
    names = dict.fromkeys(row["chosen"] for row in rows)
    return {
        "chosen": next(iter(names)) if len(names) == 1 else "one a fold",
        "kept": all(kept),
        "folds_kept": sum(kept),
        "reason": "; ".join(dict.fromkeys(row["reason"] for row in rows)),
        "sentence": "",
        "comparison": None,
        "models": models,
        "constants": None,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """Give the mean over folds; a count stays one."""
    known = [one for one in values if one is not None]
    if not known or len(known) < len(values):
        return None
    mean = fmean(known)
    return round(mean) if all(isinstance(one, int) for one in known) else mean


def _seed_row(run: RunFolder, recipe: Recipe, seed: int) -> dict[str, Any]:
    here = run.seed(seed)
    measured = read_record(here.evaluate / EVALUATION)
    choice = read_record(here.choose / CHOICE)
    whole = measured["models"][UNPRUNED]["size"]
    classifier = classifier_of(chosen_folder(run, seed)) or {}
    models = {}
    for kind, model in ((UNPRUNED, UNPRUNED), (CHOSEN, measured["chosen"])):
        one = measured["models"][model]
        reads = classifier if kind == CHOSEN else {}
        models[kind] = {
            "figures": {each["name"]: each["value"] for each in one["estimates"]},
            "estimates": one["estimates"],
            **confusions_of(here, model),
            **_sizes(one["size"], whole, reads),
        }
    return {
        "chosen": measured["chosen"],
        "kept": choice["round"] == 0,
        "reason": measured["reason"],
        "sentence": measured["sentence"],
        "comparison": measured["comparison"],
        "models": models,
        "constants": constants_of(run, recipe, seed),
    }


def _sizes(
    size: Mapping[str, Any], whole: Mapping[str, Any], classifier: Mapping[str, Any]
) -> dict[str, Any]:
    """Count a network three ways: weights only, with its classifier, with an optimiser."""
    numbers = int(classifier.get("numbers", 0))
    return {
        "features": classifier.get("features"),
        "support_vectors": classifier.get("support_vectors"),
        "parameters": size["stored"],
        "share": size["stored"] / whole["stored"],
        "bytes": size["file_bytes"],
        "numbers": size["stored"] + numbers,
        "share_with_classifier": (size["stored"] + numbers) / whole["stored"],
        "bytes_with_classifier": size["file_bytes"] + int(classifier.get("bytes", 0)),
        "bytes_with_optimiser": ADAM * BYTES_OF_WEIGHT * size["stored"],
    }


def _over_seeds(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give mean and standard deviation over seeds of every figure and size."""
    found: dict[str, Any] = {}
    for kind in MODELS:
        models = [row["models"][kind] for row in rows]
        names = models[0]["figures"]
        figures = {name: _spread([one["figures"][name] for one in models]) for name in names}
        sizes = {
            key: _spread([one[key] for one in models])
            for key in ("features", "parameters", "share", "bytes", "bytes_with_classifier")
        }
        found[kind] = {"figures": figures, **sizes}
    return found


def _spread(values: Sequence[float | None]) -> dict[str, float | None]:
    known = [float(one) for one in values if one is not None]
    if not known or len(known) < len(values):
        return {"mean": None, "sd": None, "runs": len(values)}
    sd = stdev(known) if len(known) > 1 else None
    return {"mean": fmean(known), "sd": sd, "runs": len(known)}


def answers_of(now: Varying, name: str, kind: str) -> dict[str, Predictions]:
    """Read what a network of a variant answered on its test part, by seed.

    What folds answered is put together, so that every study is answered once, by networks that
    have not seen its patient.
    """
    legs = now.legs(name)
    found = {}
    for seed in now.recipes[legs[0]].seeds:
        parts = [leg_answers(now.runs[leg], seed, kind, f"{name} ({kind})") for leg in legs]
        found[str(seed)] = parts[0] if len(parts) == 1 else pooled(parts)
    return found


def leg_answers(run: RunFolder, seed: int, kind: str, model: str) -> Predictions:
    """Read what a network of one run answered on its test part."""
    here = run.seed(seed)
    name = UNPRUNED
    if kind == CHOSEN:
        name = str(read_record(here.evaluate / EVALUATION)["chosen"])
    return read_predictions(here.evaluate / f"predictions-{name}-test.csv", model=model)
