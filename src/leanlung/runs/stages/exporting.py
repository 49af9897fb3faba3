"""Stage 8: export the chosen network as a bundle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.exports import Bundle, save_bundle
from leanlung.networks import NetworkSpec
from leanlung.reports.power import power_lines
from leanlung.runs.candidates import load_masked
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.stages.choosing import candidate_folders, readouts_of
from leanlung.runs.steps import fingerprint, step
from leanlung.statistics import Comparison, read_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.work import Work


def export_choice(work: Work) -> None:
    """Make the chosen network something that can be handed on."""
    audit = _audit(work)
    inputs = work.inputs(
        evaluation=fingerprint(work.here.evaluate),
        name=work.recipe.name,
        told=_data(work),
        **audit,
    )

    def do(_here: Path) -> None:
        choice = json.loads((work.here.choose / CHOICE).read_text(encoding="utf-8"))
        measured = json.loads((work.here.evaluate / EVALUATION).read_text(encoding="utf-8"))
        network, mask = load_masked(candidate_folders(work)[choice["round"]])
        chosen = choice["candidates"][choice["round"]]
        bundle = Bundle(
            name=f"{work.recipe.name}-{choice['chosen']}",
            network=network,
            spec=NetworkSpec.from_dict(chosen["spec"]),
            classes=work.recipe.data.classes,
            pixels=work.recipe.pixels,
            statistics=work.statistics,
            made_up=work.gathered.cohort.made_up,
            history=_history(work, choice),
            metrics=_metrics(work, choice, measured) | audit,
            mask=mask,
            readout=readouts_of(work.here.choose)[choice["chosen"]],
        )
        save_bundle(work.here.bundle, bundle)

    step(work.here.export, inputs, do)


def _history(work: Work, choice: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    recipe = work.recipe
    start = "fresh weights" if recipe.network.weights == "none" else "given weights"
    smaller = {"step": "prune", "about": f"{choice['round']} rounds, {recipe.prune.about}"}
    if recipe.mask is not None:
        held = f"{recipe.mask.about} held at zero"
        smaller = {"step": "mask", "about": held if choice["round"] else "no weight is held"}
    return (
        {"step": "recipe", "about": recipe.name, "seed": work.seed},
        {"step": "fit", "about": f"{recipe.train.epochs} epochs at most, from {start}"},
        smaller,
        {"step": "choose", "about": choice["reason"]},
    )


def _metrics(work: Work, choice: dict[str, Any], measured: dict[str, Any]) -> dict[str, Any]:
    chosen = measured["models"][choice["chosen"]]
    return {
        "size": chosen["size"],
        "whole_size": measured["models"]["unpruned"]["size"],
        "comparison": measured["comparison"],
        "sentence": measured["sentence"],
        "estimates": chosen["estimates"],
        "accuracy_by_source": chosen["accuracy_by_source"],
        "calibration": chosen["calibration"],
        "groups": [
            {
                "metric": table["metric"],
                "told": table["told"],
                "groups": len(table["groups"]),
                "too_few": sum(bool(group["too_few"]) for group in table["groups"]),
            }
            for table in measured["groups"]
        ],
        "flips": {name: measured["flips"][name] for name in ("healthy", "counts")},
        "power": _power(work, choice, measured),
        "data": _data(work),
    }


def _power(work: Work, choice: dict[str, Any], measured: dict[str, Any]) -> list[str]:
    """Give what stands beside the verdict; nothing where the whole network was kept."""
    if choice["round"] == 0:
        return []
    unpruned, chosen = (
        read_predictions(work.here.evaluate / f"predictions-{name}-test.csv", model=name)
        for name in ("unpruned", choice["chosen"])
    )
    verdict = Comparison.from_dict(measured["comparison"])
    resamples = work.recipe.evaluate.resamples
    return list(power_lines((unpruned, chosen), verdict, resamples, measured["bootstrap_seed"]))


def _audit(work: Work) -> dict[str, Any]:
    """Give what an audit came to, if there was one: a run that is started again tells it."""
    if not work.folder.audit.is_file():
        return {}
    found = json.loads(work.folder.audit.read_text(encoding="utf-8"))
    told = ("verdict", "alarm", "leaks", "reasons", "cautions", "cohort", "studies", "patients")
    return {"audit": {name: found[name] for name in told}}


def _data(work: Work) -> dict[str, Any]:
    """Describe the data by counts: a bundle is handed on, patients and their files are not."""
    told = work.gathered.as_dict()
    named = ("patients_of_several_classes", "unreadable", "leaks_allowed")
    return told | {name: len(told[name]) for name in named}
