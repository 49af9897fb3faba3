"""Stage 8: export the chosen network as a bundle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.exports import Bundle, save_bundle
from leanlung.networks import NetworkSpec
from leanlung.reports.power import power_lines
from leanlung.runs.candidates import load_masked, load_reader
from leanlung.runs.folder import CHOICE, EVALUATION
from leanlung.runs.history import told_history
from leanlung.runs.lossless import CERTIFICATE
from leanlung.runs.results import features_of
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
        candidate = candidate_folders(work)[choice["round"]]
        network, mask = load_masked(candidate)
        reader = load_reader(candidate)
        chosen = choice["candidates"][choice["round"]]
        lungs = work.gathered.lungs
        bundle = Bundle(
            name=f"{work.recipe.name}-{choice['chosen']}",
            network=network,
            spec=NetworkSpec.from_dict(chosen["spec"]),
            classes=work.recipe.data.classes,
            pixels=work.recipe.pixels,
            statistics=work.statistics,
            made_up=work.gathered.cohort.made_up,
            history=told_history(
                work.recipe,
                work.seed,
                work.here.fit(work.recipe.network.backbone),
                choice,
            ),
            metrics=_metrics(work, choice, measured)
            | _features(work, choice["round"])
            | _flaws(work)
            | audit,
            mask=mask,
            segmenter=None if lungs is None else lungs.segmenter,
            readout=readouts_of(work.here.choose)[choice["chosen"]],
            classifier=None if reader is None else reader.classifier,
            columns=() if reader is None else reader.columns,
        )
        save_bundle(work.here.bundle, bundle)

    step(work.here.export, inputs, do)


def _features(work: Work, chosen: int) -> dict[str, Any]:
    """Give what made the bundle small, where constant units left and features were chosen."""
    if work.recipe.features is None or chosen == 0:
        return {}
    told = features_of(work.here, work.recipe.network.backbone)
    certificate = {CERTIFICATE: told["constants"]}
    return certificate if chosen == 1 else {**certificate, "features": told}


def _flaws(work: Work) -> dict[str, Any]:
    """Give the flaws that the run has on purpose; nothing of an ordinary one."""
    return {"as_published": list(work.recipe.as_published)} if work.recipe.as_published else {}


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
    if told["lungs"] is not None:
        told["lungs"] = {k: v for k, v in told["lungs"].items() if not k.endswith("_studies")}
    return told | {name: len(told[name]) for name in named}
