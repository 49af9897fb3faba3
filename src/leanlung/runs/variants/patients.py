"""Patients: verdicts on studies of a variant, such as slices, made into one a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StatisticsError
from leanlung.runs.folder import VALIDATION
from leanlung.runs.starting import chosen_folder
from leanlung.runs.variants.comparing import compare_both_ways
from leanlung.runs.variants.rows import MODELS, UNPRUNED, leg_answers
from leanlung.statistics import (
    majority_baseline,
    per_patient,
    pooled,
    read_predictions,
    study_threshold,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.runs.recipe import Recipe
    from leanlung.runs.variants.beside import PatientsSection
    from leanlung.runs.variants.carrying import Varying
    from leanlung.statistics import Aggregated, Predictions


def patients_of(
    now: Varying, name: str, section: PatientsSection, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Make one row a patient of what the networks of a variant answered on its test part.

    Args:
        now: A paper whose test parts have been opened.
        name: Of a variant whose patients stand in one part each.
        section: What is made.
        settings: Of the comparison of both networks.

    Returns:
        By rule: ``told``, why there is nothing, or empty; ``sentence``, what was made of what;
        ``patients`` and ``classes``, how many are what; ``majority``, accuracy of always
        answering their commonest class; and the comparison, whose baseline and candidate are
        means over seeds with intervals over patients.
    """
    variant = now.paper.find(name)
    if variant.leaks:
        told = "patients stand in several parts, so that nothing is said about them"
        return {rule: {"told": told} for rule in section.rules}
    return {rule: _by_rule(now, name, section, rule, settings) for rule in section.rules}


def _by_rule(
    now: Varying, name: str, section: PatientsSection, rule: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    recipe = now.recipes[now.legs(name)[0]]
    seeds, looked = recipe.seeds, _looked_for(recipe, section)
    try:
        found = {
            kind: {
                str(seed): _aggregated(now, name, rule, (looked, section.labels), kind, seed)
                for seed in seeds
            }
            for kind in MODELS
        }
    except StatisticsError as error:
        return {"told": str(error)}
    sides = {
        kind: {seed: _together(each) for seed, each in of_seeds.items()}
        for kind, of_seeds in found.items()
    }
    first = next(iter(sides[UNPRUNED].values()))
    counts = {
        label: int((first.labels == place).sum()) for place, label in enumerate(first.classes)
    }
    told = {
        "told": "",
        "sentence": _sentence(next(iter(found[UNPRUNED].values())), counts),
        "patients": len(first),
        "classes": counts,
        "majority": majority_baseline(first, level=settings["level"]).as_dict(),
    }
    if sum(count > 0 for count in counts.values()) < 2:
        [alone] = [label for label, count in counts.items() if count]
        return told | {"told": f"all {len(first)} patients are {alone}: nothing to tell apart"}
    metrics = ["accuracy", "balanced_accuracy"]
    if looked:
        metrics += [f"{one}:{looked}" for one in ("sensitivity", "specificity", "auc")]
    whole, chosen = (sides[kind] for kind in MODELS)
    return told | compare_both_ways(
        f"{name}, patients by {rule}", whole, chosen, metrics, settings
    )


def _aggregated(
    now: Varying, name: str, rule: str, labels: tuple[str, str], kind: str, seed: int
) -> list[Aggregated]:
    """Aggregate what each leg answered, by a threshold of its own where one is needed."""
    found = []
    for leg in now.legs(name):
        tested = leg_answers(now.runs[leg], seed, kind, f"{name} ({kind})")
        threshold = None
        if rule == "share":
            threshold = study_threshold(
                _validation(now, leg, kind, seed), labels[0], tested=tested
            )
        found.append(
            per_patient(
                tested,
                rule,  # type: ignore[arg-type]  # the section has looked at it
                of_class=labels[0],
                threshold=threshold,
                labels=labels[1],  # type: ignore[arg-type]  # likewise
            )
        )
    return found


def _looked_for(recipe: Recipe, section: PatientsSection) -> str:
    """Give the class that is looked for; of two, the one that is not the healthy one."""
    classes = recipe.data.classes
    if section.of_class in classes:
        return section.of_class
    sick = [one for one in classes if one != recipe.evaluate.healthy]
    return sick[0] if len(sick) == 1 else ""


def _validation(now: Varying, leg: str, kind: str, seed: int) -> Predictions:
    run, backbone = now.runs[leg], now.recipes[leg].network.backbone
    folder = run.seed(seed).fit(backbone) if kind == UNPRUNED else chosen_folder(run, seed)
    return read_predictions(folder / VALIDATION, model=f"{leg} ({kind})")


def _together(parts: list[Aggregated]) -> Predictions:
    found = [one.predictions for one in parts]
    return found[0] if len(found) == 1 else pooled(found)


def _sentence(parts: list[Aggregated], counts: Mapping[str, int]) -> str:
    """Say what was made of what, all folds together."""
    first = parts[0]
    studies = sum(one.studies for one in parts)
    mixed = sum(len(one.mixed) for one in parts)
    fewest, most = min(one.fewest for one in parts), max(one.most for one in parts)
    looked = f" of {first.of_class}" if first.of_class and first.rule != "mean" else ""
    cut = ""
    if first.threshold is not None:
        each = ", ".join(f"{one.threshold:.3f}" for one in parts if one.threshold is not None)
        cut = f" from {each} on" if len(parts) == 1 else f" from {each} on, fold by fold"
    return (
        f"{studies} studies of {sum(counts.values())} patients ({fewest} to {most} each), "
        f"{first.rule}{looked}{cut}; label by {first.label_rule}: "
        f"{', '.join(f'{count} {label}' for label, count in counts.items())}; {mixed} have "
        "studies of several classes"
    )


def patient_rows(variants: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay the figures of patients out in one long table."""
    found = []
    for name, row in variants.items():
        for rule, one in row.get("patients", {}).items():
            for compared in one.get("over_patients", ()):
                for side, kind in zip(("baseline", "candidate"), MODELS, strict=True):
                    keys = ("value", "low", "high", "level", "method", "studies", "patients")
                    figure = {key: compared[side][key] for key in keys}
                    whose = {"variant": name, "rule": rule, "model": kind}
                    found.append({**whose, "metric": compared["metric"], **figure})
    return found
