"""Rows: what every variant and seed came to, as its run left it on disk."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import classifier_of
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.records import read_record
from leanlung.runs.starting import chosen_folder
from leanlung.statistics import read_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.folder import RunFolder
    from leanlung.runs.variants.carrying import Varying
    from leanlung.statistics import Predictions

UNPRUNED, CHOSEN = "unpruned", "chosen"
MODELS = (UNPRUNED, CHOSEN)
BYTES_OF_WEIGHT = 4
ADAM = 3
"""Weights and two moments of each: what a file with the optimiser holds."""


def variant_row(now: Varying, name: str) -> dict[str, Any]:
    """Give what a variant came to, seed by seed, with mean and standard deviation."""
    variant, recipe, run = now.paper.find(name), now.recipes[name], now.runs[name]
    seeds = {str(seed): _seed_row(run, seed) for seed in recipe.seeds}
    first = read_record(run.seed(recipe.seeds[0]).evaluate / EVALUATION)
    return {
        "name": name,
        "about": variant.about,
        "group": variant.group or name,
        "archives": list(variant.archives),
        "dataset": now.dataset(name).name,
        "classes": list(recipe.data.classes),
        "studies": now.gathered[name].as_dict()["parts"],
        "network": {"backbone": recipe.network.backbone, "head": recipe.network.head},
        "metric": recipe.evaluate.metric,
        "margin": recipe.evaluate.margin,
        "level": recipe.evaluate.level,
        "as_published": list(recipe.as_published),
        "published_table": variant.published_table,
        "run": run.path.relative_to(now.folder.path).as_posix(),
        "majority": first["majority"],
        "confounding": first["confounding"],
        "seeds": seeds,
        "mean": _over_seeds(list(seeds.values())),
    }


def _seed_row(run: RunFolder, seed: int) -> dict[str, Any]:
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
            **_sizes(one["size"], whole, reads),
        }
    return {
        "chosen": measured["chosen"],
        "kept": choice["round"] == 0,
        "reason": measured["reason"],
        "sentence": measured["sentence"],
        "comparison": measured["comparison"],
        "models": models,
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
    """Read what a network of a variant answered on its test part, by seed."""
    run, recipe = now.runs[name], now.recipes[name]
    found = {}
    for seed in recipe.seeds:
        here = run.seed(seed)
        model = UNPRUNED
        if kind == CHOSEN:
            model = str(read_record(here.evaluate / EVALUATION)["chosen"])
        path = here.evaluate / f"predictions-{model}-test.csv"
        found[str(seed)] = read_predictions(path, model=f"{name} ({kind})")
    return found
