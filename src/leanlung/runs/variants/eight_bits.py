"""Eight bits: the chosen network of a leg in whole numbers, and its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.exports import load_bundle
from leanlung.exports.int8 import export_int8
from leanlung.exports.onnx_session import onnx_predictions
from leanlung.foundations.files import write_json
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import unit_range
from leanlung.runs.records import read_record
from leanlung.runs.steps import fingerprint, step
from leanlung.runs.variants.rows import CHOSEN, answers_of, leg_answers
from leanlung.runs.work import image_set
from leanlung.statistics import (
    Predictions,
    compare,
    pooled,
    read_predictions,
    sentence,
    write_predictions,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.runs.variants.beside import StorageSection
    from leanlung.runs.variants.carrying import Varying

TOLD, ANSWERS, FILE = "int8.json", "predictions-int8-test.csv", "model.onnx"


def in_eight_bits(now: Varying, section: StorageSection, leg: str) -> None:
    """Export the chosen network of a leg's first seed, and let it answer the test part.

    It is calibrated on images of the training part alone.
    """
    seed = now.recipes[leg].seeds[0]
    here = now.runs[leg].seed(seed)

    def do(folder: Path) -> None:
        bundle = load_bundle(here.bundle)
        order = Seeds(seed).generator("calibration", "train")
        train, _ = _images(now, leg, "train")
        places = sorted(order.permutation(len(train))[: section.calibration].tolist())
        path = folder / FILE
        found = export_int8(bundle, path, [train[places]], rounds=section.rounds)
        test, names = _images(now, leg, "test")
        told = leg_answers(now.runs[leg], seed, CHOSEN, leg)
        by_name = dict(zip(names, onnx_predictions(path, test, threads=1), strict=True))
        answered = Predictions(
            "int8",
            told.classes,
            told.study_ids,
            told.patient_ids,
            told.labels,
            _rows(by_name, told.study_ids),
        )
        write_predictions(folder / ANSWERS, answered)
        write_json(folder / TOLD, found.as_dict())

    inputs = {
        "exported": fingerprint(here.export),
        "evaluated": fingerprint(here.evaluate),
        "calibration": section.calibration,
        "rounds": section.rounds,
    }
    step(now.folder.eight_bits(leg), inputs, do)


def _rows(
    by_name: dict[str, NDArray[np.float64]], names: tuple[str, ...]
) -> NDArray[np.float64]:
    return np.stack([by_name[name] for name in names])


def _images(now: Varying, leg: str, part: str) -> tuple[NDArray[np.float32], list[str]]:
    """Give the prepared images of a part, (N, 1, S, S) in [0, 1], with their studies."""
    gathered = now.gathered[leg]
    cohort = gathered.cohort.where(lambda study: gathered.parts[study.study_id] == part)
    images = image_set(gathered, cohort)
    found: NDArray[np.float32] = unit_range(images.take(range(len(images)))).numpy()
    return found, [study.study_id for study in cohort.studies]


def eight_bits_of(now: Varying, name: str) -> dict[str, Any]:
    """Hold the answers in eight bits against those in float32, all folds together."""
    legs = now.legs(name)
    recipe = now.recipes[legs[0]]
    seed = str(recipe.seeds[0])
    parts = [
        read_predictions(now.folder.eight_bits(leg) / ANSWERS, model=f"{name} (int8)")
        for leg in legs
    ]
    after = parts[0] if len(parts) == 1 else pooled(parts)
    before = answers_of(now, name, CHOSEN)[seed]
    plan = recipe.evaluate
    compared = compare(
        before,
        after,
        metric=plan.metric,
        margin=plan.margin,
        level=plan.level,
        resamples=plan.resamples,
        seed=Seeds(0).number("variants", name, "int8"),
    )
    first = read_record(now.folder.eight_bits(legs[0]) / TOLD)
    flips = before.probabilities.argmax(axis=1) != after.probabilities.argmax(axis=1)
    return {
        "seed": seed,
        "networks": len(legs),
        "bytes": first["bytes"],
        "float_bytes": first["float_bytes"],
        "latency": first["latency"],
        "threads": first["threads"],
        "studies": len(after),
        "flips": int(flips.sum()),
        "largest": float(abs(before.probabilities - after.probabilities).max()),
        "comparison": compared.as_dict(),
        "sentence": sentence(compared),
    }
