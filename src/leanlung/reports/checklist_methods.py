"""What a run tells of its data and methods for the items of a checklist, in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.checklist_asked import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.reports.checklist_asked import Asked


_LEVELS = {
    "patient": "By patient",
    "manifest": "As the manifest says",
    "image": "By image, not by patient",
}


def _building(asked: Asked) -> Told:
    way = "held at zero" if asked.recipe.get("mask") else "removed in rounds and trained again"
    if (asked.recipe.get("mask") or {}).get("final") == 0.0:
        way = "neither held at zero nor removed, as a control"
    if asked.recipe.get("features"):
        way = "that never vary removed, and its best features read by a classifier"
    return Told(
        f"A convolutional network, trained; parts of it {way}; chosen on validation.", "choice"
    )


def _choice(asked: Asked) -> Told:
    return Told(f"On validation alone: {asked.seed.reason}.", "choice")


def _labels(asked: Asked) -> Told:
    return Told(f"The label of the image: {asked.classes}.", "data")


def _code(asked: Asked) -> Told:
    version = asked.facts.environment["leanlung"]
    return Told(f"leanlung {version} and the command that makes this page again.", "recipe")


def _disjoint(asked: Asked) -> Told:
    leaks = len(asked.data["leaks_allowed"])
    split = asked.recipe["split"]
    level = _LEVELS[split["by"]]
    if split.get("folds"):
        level += f", fold {split['fold']} (from 0) of {split['folds']}"
    return Told(
        f"{level}; {numbers.counted(leaks, 'leak', 'leaks')} of patients or pictures allowed.",
        "data",
    )


def _eligibility(asked: Asked) -> Told:
    left_out = sum(asked.data["left_out"].values())
    return Told(
        f"Images labelled {asked.classes}; {numbers.count(left_out)} of other labels left "
        f"out, {numbers.count(len(asked.data['unreadable']))} unreadable.",
        "flow",
    )


def _fingerprint(asked: Asked) -> Told:
    return Told(f"Fingerprint {asked.data['fingerprint'][:12]}….", "data")


def _goal(asked: Asked) -> Told:
    plan = asked.recipe["evaluate"]
    return Told(
        "Development and evaluation: whether the smaller network loses more than "
        f"{numbers.plain(plan['margin'])} of {numbers.metric(plan['metric'])} "
        "(non-inferiority; margin set in the recipe).",
        "verdict",
    )


def _imbalance(asked: Asked) -> Told | None:
    weights = asked.recipe.get("train", {}).get("class_weights")
    if weights is None:
        return None
    told = "No weights." if weights == "none" else f"Weights of classes in the loss: {weights}."
    return Told(f"{told} Majority baseline and balanced accuracy beside accuracy.", "results")


def _initial(asked: Asked) -> Told | None:
    weights = asked.recipe.get("network", {}).get("weights")
    if weights is None:
        return None
    return Told("Fresh, from a seed." if weights == "none" else f"From {weights}.", "recipe")


def _missing_data(asked: Asked) -> Told:
    return Told(
        f"{numbers.count(len(asked.data['unreadable']))} unreadable images listed; unknown "
        "sex, age or view is a group of its own; nothing is imputed.",
        "data",
    )


def _no_ensemble(_asked: Asked) -> Told:
    return Told("One network answers, no ensemble.", "choice")


def _no_reader(_asked: Asked) -> Told:
    return Told("Nobody reads the image before the network does.", "recipe")


def _parts(asked: Asked) -> Told:
    parts = asked.data["parts"]
    counted = [
        f"{name} {numbers.count(sum(parts[name]['studies'].values()))}"
        for name in ("train", "validation", "test")
        if name in parts
    ]
    return Told(f"{', '.join(counted)} studies, by class; test sealed until chosen.", "data")


def _poor_input(_asked: Asked) -> Told:
    return Told("A file that cannot be read as one picture is refused by name.", "data")


def _predictors(_asked: Asked) -> Told:
    return Told("The image alone; nothing that is written about the patient.", "recipe")


def _preparation(asked: Asked) -> Told:
    pixels = asked.recipe.get("pixels", {})
    size = f"to {pixels['size']} x {pixels['size']} pixels" if "size" in pixels else "as set"
    crop = "cropped to the lungs, " if pixels.get("crop") == "lungs" else ""
    return Told(
        f"Decoded to grey, {crop}resized {size}; the same for all. Leaks and look-alikes "
        "between parts are searched for.",
        "recipe",
    )


def _protocol(_asked: Asked) -> Told:
    return Told("The recipe with all settings, margin and metric among them.", "recipe")


def _software(_asked: Asked) -> Told:
    return Told("Versions and machine are listed.", "recipe")


def _sources(asked: Asked) -> Told | None:
    known = [name for name in asked.data["confounding"]["sources"] if name != "unknown"]
    if not known:
        return None
    return Told(f"{numbers.counted(len(known), 'source', 'sources')} by name.", "sources")


def _specification(asked: Asked) -> Told:
    network = asked.recipe.get("network", {}).get("backbone", "network")
    return Told(f"{network}; sizes, settings, and a bundle that rebuilds it.", "sizes")


def _subject(asked: Asked) -> Told:
    about = asked.recipe["about"] or asked.recipe["name"]
    return Told(f"{about} Deep learning; it tells apart {asked.classes}.", "recipe")


def _subset(asked: Asked) -> Told:
    crop = asked.recipe.get("pixels", {}).get("crop", "none")
    return Told("The lungs." if crop == "lungs" else "Whole images.", "recipe")


def _training(asked: Asked) -> Told:
    epochs = asked.recipe.get("train", {}).get("epochs")
    told = f"{epochs} epochs at most; all" if epochs else "All"
    return Told(f"{told} settings are listed.", "recipe")


def _training_and_test(asked: Asked) -> Told:
    beside = "; external data beside" if asked.facts.external else ""
    return Told(f"All parts come from one cohort ({asked.data['cohort']}){beside}.", "data")


FACTS: dict[str, Callable[[Asked], Told | None]] = {
    "building": _building,
    "choice": _choice,
    "classes": _labels,
    "code": _code,
    "disjoint": _disjoint,
    "eligibility": _eligibility,
    "fingerprint": _fingerprint,
    "goal": _goal,
    "imbalance": _imbalance,
    "initial": _initial,
    "missing_data": _missing_data,
    "no_ensemble": _no_ensemble,
    "no_reader": _no_reader,
    "parts": _parts,
    "poor_input": _poor_input,
    "predictors": _predictors,
    "preparation": _preparation,
    "protocol": _protocol,
    "software": _software,
    "sources": _sources,
    "specification": _specification,
    "subject": _subject,
    "subset": _subset,
    "training": _training,
    "training_and_test": _training_and_test,
}
"""By the name that an item of ``checklists.toml`` gives."""
