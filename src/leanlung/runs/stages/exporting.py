"""Stage 8: export the chosen network as a bundle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.exports import Bundle, save_bundle
from leanlung.networks import NetworkSpec
from leanlung.runs.candidates import load_network
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.stages.choosing import candidate_folders
from leanlung.runs.steps import fingerprint, step

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.work import Work


def export_choice(work: Work) -> None:
    """Make the chosen network something that can be handed on."""
    inputs = work.inputs(
        evaluation=fingerprint(work.here.evaluate), name=work.recipe.name, told=_data(work)
    )

    def do(_here: Path) -> None:
        choice = json.loads((work.here.choose / CHOICE).read_text(encoding="utf-8"))
        measured = json.loads((work.here.evaluate / EVALUATION).read_text(encoding="utf-8"))
        network = load_network(candidate_folders(work)[choice["round"]])
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
            metrics=_metrics(work, choice, measured),
        )
        save_bundle(work.here.bundle, bundle)

    step(work.here.export, inputs, do)


def _history(work: Work, choice: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    recipe = work.recipe
    start = "fresh weights" if recipe.network.weights == "none" else "given weights"
    plan = recipe.prune
    scope = "within each layer" if plan.scope == "layer" else "over the network"
    return (
        {"step": "recipe", "about": recipe.name, "seed": work.seed},
        {"step": "fit", "about": f"{recipe.train.epochs} epochs at most, from {start}"},
        {
            "step": "prune",
            "about": f"{choice['round']} rounds, lowest {plan.criterion} {scope}",
        },
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
        "data": _data(work),
    }


def _data(work: Work) -> dict[str, Any]:
    """Describe the data by counts: a bundle is handed on, patients and their files are not."""
    told = work.gathered.as_dict()
    named = ("patients_of_several_classes", "unreadable", "leaks_allowed")
    return told | {name: len(told[name]) for name in named}
