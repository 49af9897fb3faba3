"""Facts made by hand, of thirty studies, as a run would have written them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leanlung.reports import ReportFacts, SeedFacts
from leanlung.runs.evidence import Intervals, calibration_of, threshold_changes
from leanlung.statistics import (
    Predictions,
    compare_all,
    contingency,
    cramers_v,
    majority_baseline,
    measure,
    metrics_elsewhere,
    sentence,
)
from leanlung.statistics.compare_groups import compare_groups
from leanlung.statistics.exemplars import exemplars
from leanlung.statistics.flips import flips
from leanlung.statistics.readout import Readout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLASSES = ("normal", "pneumonia", "covid")
_SIZE = {"trainable": 1.0, "nonzero": 0.9, "buffers": 0.01, "macs": 11.3, "file_bytes": 4.1}


def predictions(
    model: str,
    classes: Sequence[str] = CLASSES,
    *,
    skill: float = 1.5,
    seed: int = 0,
    studies: int = 30,
    absent: str = "",
    repeated: bool = False,
) -> Predictions:
    """Answer studies rightly more often than not; labels are the same for every seed."""
    present = [index for index, name in enumerate(classes) if name != absent]
    labels = np.array([present[row % len(present)] for row in range(studies)])
    scores = np.random.default_rng(seed).normal(size=(studies, len(classes)))
    scores[np.arange(studies), labels] += skill
    shares = np.exp(scores)
    owners = [row // 2 if repeated else row for row in range(studies)]
    return Predictions(
        model,
        tuple(classes),
        tuple(f"study-{row}" for row in range(studies)),
        tuple(f"patient-{owner}" for owner in owners),
        labels,
        shares / shares.sum(axis=1, keepdims=True),
    )


def confounding(sources: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """Count sources beside classes, as a run does."""
    table = contingency(sources, labels)
    return {
        "sources": list(table.rows),
        "classes": list(table.columns),
        "counts": table.counts.tolist(),
        "cramers_v": cramers_v(table),
        "told_by_source": float(table.counts.max(axis=1).sum() / len(labels)),
        "majority": float(table.counts.sum(axis=0).max() / len(labels)),
    }


def _size(stored: int) -> dict[str, int]:
    return {"stored": stored, **{name: int(stored * times) for name, times in _SIZE.items()}}


def _measured(
    number: int,
    pair: tuple[Predictions, Predictions],
    sources: Sequence[str],
    candidates: list[dict[str, Any]],
    plan: dict[str, Any],
) -> dict[str, Any]:
    bootstrap = 17 + number
    how = {"level": plan["level"], "resamples": plan["resamples"], "seed": bootstrap}
    classes = pair[0].classes
    metrics = [plan["metric"], *metrics_elsewhere(plan["metric"], classes)]
    found, *elsewhere = compare_all(*pair, metrics, margin=plan["margin"], **how)
    stored = {one["name"]: one["size"] for one in candidates}
    of_source = np.array(sources)
    return {
        "chosen": pair[1].model,
        "reason": "the smallest whose macro_auc on validation is near enough",
        "comparison": found.as_dict(),
        "elsewhere": [one.as_dict() for one in elsewhere],
        "sentence": sentence(found, elsewhere),
        "bootstrap_seed": bootstrap,
        "majority": majority_baseline(pair[0], **how).as_dict(),
        "models": {
            each.model: {
                "size": stored[each.model],
                "estimates": [one.as_dict() for one in measure(each, **how)],
                "accuracy_by_source": {
                    source: measure(
                        each.subset(of_source == source), metrics=["accuracy"], **how
                    )[0].as_dict()
                    for source in sorted(set(sources))
                },
            }
            for each in pair
        },
        "confounding": confounding(sources, [classes[label] for label in pair[0].labels]),
        "candidates": [{k: v for k, v in one.items() if k != "name"} for one in candidates],
    }


def _evidence(
    pair: tuple[Predictions, Predictions], plan: dict[str, Any], measured: dict[str, Any]
) -> dict[str, Any]:
    """Add what a run tells behind the verdict; a readout is here of the very same studies."""
    intervals = Intervals(plan["level"], plan["resamples"], measured["bootstrap_seed"])
    readouts = [Readout.of(each) for each in pair]
    kept = pair[0] is pair[1]
    cells = {
        "sex": {name: "fm"[row % 2] for row, name in enumerate(pair[0].study_ids)},
        "view": {name: ("AP", "PA")[row < 3] for row, name in enumerate(pair[0].study_ids)},
    }
    for each, readout in zip(pair, readouts, strict=True):
        found = calibration_of(each, readout, intervals)
        measured["models"][each.model]["calibration"] = found
    tables = [
        compare_groups(
            *pair, cells, [("class",), ("sex",), ("view",)], metric=metric,
            margin=plan["margin"], level=plan["level"], resamples=plan["resamples"],
        ).as_dict()
        for metric in dict.fromkeys([plan["metric"], "accuracy"])
    ]  # fmt: skip
    return {
        "groups": [] if kept else tables,
        "flips": flips(*pair, level=plan["level"]).as_dict(),
        "threshold_changes": [] if kept else threshold_changes(pair, readouts, intervals),
    }


def _candidates(rounds: int) -> list[dict[str, Any]]:
    return [
        {
            "name": f"round-{number:02d}" if number else "unpruned",
            "round": number,
            "spec": {"backbone": "separable_cnn"},
            "size": _size(2_000_000 - 300_000 * number),
            "validation": {
                "macro_auc": 0.91 - 0.004 * number,
                "accuracy": 0.8,
                "balanced_accuracy": 0.79,
                "log_likelihood": -0.6 - 0.01 * number,
            },
        }
        for number in range(rounds + 1)
    ]


def _recipe(
    classes: Sequence[str], seeds: Sequence[int], plan: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": "small",
        "about": "Three classes, told apart by hand.",
        "source": "Nobody 2020",
        "data": {"classes": list(classes), "leave_out": ["other"], "phantoms": None},
        "split": {"by": "patient", "train": 0.6, "seed": 0},
        "train": {"epochs": 2, "optimiser": {"kind": "sgd", "weight_decay": 0.00001}},
        "prune": {"rounds": 2, "retrain": {"augment": {"flip": 0.0}, "optimiser": {}}},
        "choose": {"rule": "smallest_within", "metric": "macro_auc", "tolerance": 0.01},
        "evaluate": plan,
        "deviations": ["They chose on the test part; we choose on the validation part."],
        "gaps": ["They do not say how."],
        "published": {},
        "seeds": list(seeds),
    }


def _data(classes: Sequence[str], whole: dict[str, Any]) -> dict[str, Any]:
    def part(times: int) -> dict[str, Any]:
        studies = {name: times * (place + 1) for place, name in enumerate(classes)}
        return {"patients": times * 3, "studies": studies}

    parts = {"test": part(10), "train": part(30), "validation": part(7)}
    return {
        "cohort": "by hand",
        "made_up": False,
        "fingerprint": "0123456789abcdef",
        "classes": list(classes),
        "studies": sum(sum(one["studies"].values()) for one in parts.values()),
        "patients": sum(one["patients"] for one in parts.values()),
        "parts": parts,
        "patients_unknown": 0,
        "patients_of_several_classes": [],
        "left_out": {"other": 12},
        "unreadable": [],
        "leaks_allowed": [],
        "confounding": whole,
    }


def _opening(chosen: str, digit: int, *, again: bool = False) -> dict[str, Any]:
    return {
        "time": "2026-01-02T03:04:05+00:00",
        "chosen": chosen,
        "choice_sha256": f"{digit}" * 64,
        "studies": 30,
        "patients": 30,
        "again": again,
    }


def make_facts(
    *,
    classes: Sequence[str] = CLASSES,
    chosen: Sequence[str] = ("round-02",),
    skills: Sequence[float] = (1.5,),
    rounds: int = 2,
    studies: int = 30,
    absent: str = "",
    repeated: bool = False,
    sources: Callable[[int, int], str] = lambda row, _label: f"hospital {row % 5 % 2}",
    plan: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    recipe: dict[str, Any] | None = None,
    openings: Sequence[tuple[int, bool]] | None = None,
    evidence: bool = False,
    films: Sequence[str] = (),
    audit: dict[str, Any] | None = None,
    external: dict[str, Any] | None = None,
) -> ReportFacts:
    """Make facts.

    Args:
        classes: To tell apart.
        chosen: Name of the network each seed chose.
        skills: Of the chosen network of each seed; the whole network's is 1.5.
        rounds: Of pruning.
        studies: Of the test part.
        absent: A class without a study there.
        repeated: Whether every patient has two studies.
        sources: Of a study, by its row and label.
        plan: Changes to how the verdict is reached.
        data: Changes to the data.
        recipe: Changes to the recipe.
        openings: Number of the choice, and whether it was opened for it before; in the place
            of one a seed.
        evidence: Whether the run tells of groups, flips, calibration and thresholds.
        films: Studies whose pictures are there.
        audit: What an audit found.
        external: What was found on external data.
    """
    plan = {
        "metric": "macro_auc", "margin": 0.1, "level": 0.95, "resamples": 100, **(plan or {})
    }  # fmt: skip
    seeds = []
    candidates = _candidates(rounds)
    for number, (name, skill) in enumerate(zip(chosen, skills, strict=True)):
        how = {"studies": studies, "absent": absent, "repeated": repeated}
        whole = predictions("unpruned", classes, seed=number, **how)
        small = predictions(name, classes, seed=number, skill=skill, **how)
        small = whole if name == "unpruned" else small
        where = [sources(row, label) for row, label in enumerate(whole.labels.tolist())]
        measured = _measured(number, (whole, small), where, candidates, plan)
        if evidence:
            measured |= _evidence((whole, small), plan, measured)
        # Through JSON, as everything of a run comes from files.
        seeds.append(SeedFacts(number, json.loads(json.dumps(measured)), whole, small))
    return ReportFacts(
        run="small-1234abcd",
        recipe={**_recipe(classes, range(len(seeds)), plan), **(recipe or {})},
        data={**_data(classes, seeds[0].measured["confounding"]), **(data or {})},
        environment={
            "leanlung": "0.1.0",
            "packages": {"numpy": "2.4.6"},
            "system": "Linux x86_64",
            "cores": 2,
        },
        openings=[
            _opening(chosen[0], choice, again=again)
            for choice, again in (
                [(number, False) for number in range(len(seeds))]
                if openings is None
                else openings
            )
        ],
        seeds=tuple(seeds),
        exemplars=_exemplars(seeds) if evidence and len(seeds) > 1 else None,
        audit=audit,
        external=external,
        films={name: b"picture of " + name.encode() for name in films},
    )


def _exemplars(seeds: Sequence[SeedFacts]) -> dict[str, Any]:
    found = exemplars([one.unpruned for one in seeds], [one.chosen for one in seeds])
    return dict(json.loads(json.dumps(found.as_dict())))


@pytest.fixture(scope="session")
def make() -> Callable[..., ReportFacts]:
    """Make facts by hand."""
    return make_facts
