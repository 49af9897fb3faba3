"""Make a segmenter: read pairs, part patients, fit, measure on those it has not seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.seeds import Seeds
from leanlung.lungs.agreement import agreement, overlap
from leanlung.lungs.fitting import fit_unet, found_masks
from leanlung.lungs.pairs import parted
from leanlung.lungs.plausible import clean, problem_of
from leanlung.lungs.segmenter import Segmenter
from leanlung.studies.split import PARTS, Shares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.lungs.agreement import Agreement
    from leanlung.lungs.fitting import Epoch
    from leanlung.lungs.pairs import PairSet
    from leanlung.lungs.plan import SegmenterPlan


def fit_segmenter(
    loaded: PairSet,
    plan: SegmenterPlan,
    *,
    device: torch.device | None = None,
    checkpoint: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _epoch: None,
) -> Segmenter:
    """Fit a segmenter and measure it on the patients of its test part, once.

    Args:
        loaded: Films and masks.
        plan: How.
        device: Where to run; the CPU if not given.
        checkpoint: Written after each epoch, and gone on from.
        watch: Told of every epoch.

    Raises:
        StudyError: If a source has too few patients to be parted.
        TrainingError: If the loss is no longer a number.
    """
    device = device or torch.device("cpu")
    split = Seeds(Seeds(plan.seed).number("parts"))
    pairs = parted(loaded, Shares(plan.train, plan.validation, plan.test), split)
    fitted = fit_unet(pairs, plan, device=device, checkpoint=checkpoint, watch=watch)
    segmenter = Segmenter(fitted.network, _told(pairs, plan, fitted.history, fitted.best))
    found, _ = measure_segmenter(segmenter, pairs, part="test", seed=plan.seed, device=device)
    return Segmenter(fitted.network, segmenter.fitted, tuple(one.as_dict() for one in found))


def measure_segmenter(
    segmenter: Segmenter,
    loaded: PairSet,
    *,
    part: str = "",
    seed: int = 0,
    resamples: int = 2000,
    device: torch.device | None = None,
) -> tuple[tuple[Agreement, ...], tuple[str, ...]]:
    """Lay a segmenter's cleaned masks on those drawn by people, at 256 x 256.

    Implausible masks count as they are: falling back to the whole film mends the crop, not the
    mask.

    Args:
        segmenter: That finds lungs.
        loaded: Films and masks.
        part: To look at alone; all if empty.
        seed: Of the bootstrap over patients.
        resamples: Of the bootstrap.
        device: Where to run; the CPU if not given.

    Returns:
        Agreement by source, and which films got an implausible mask, with the reason.
    """
    device = device or torch.device("cpu")
    places = [n for n, pair in enumerate(loaded.pairs) if not part or pair.part == part]
    films, drawn = loaded.films[places], loaded.masks[places] > 127
    cleaned = [clean(one) for one in found_masks(segmenter.quick.to(device), films, device)]
    pairs = [loaded.pairs[place] for place in places]
    found = agreement(
        [overlap(one.mask, true) for one, true in zip(cleaned, drawn, strict=True)],
        [pair.patient_id for pair in pairs],
        [pair.source for pair in pairs],
        seed=Seeds(seed).number("agreement"),
        resamples=resamples,
    )
    reasons = [(pair, problem_of(one)) for pair, one in zip(pairs, cleaned, strict=True)]
    return found, tuple(f"{pair.image}: {why}" for pair, why in reasons if why)


def _told(
    pairs: PairSet, plan: SegmenterPlan, history: tuple[Epoch, ...], best: int
) -> dict[str, Any]:
    """Describe a fit by counts; films and patients are not named, as it is handed on."""
    counted = Counter((pair.part, pair.source) for pair in pairs.pairs)
    sources = sorted({pair.source for pair in pairs.pairs})
    return {
        "plan": plan.model_dump(mode="json"),
        "pairs": {part: {name: counted[part, name] for name in sources} for part in PARTS},
        "patients": {
            part: len({pair.patient_id for pair in pairs.pairs if pair.part == part})
            for part in PARTS
        },
        "unusable": len(pairs.problems),
        "epochs": len(history),
        "best_epoch": best,
        "validation_dice": history[best - 1].dice,
    }
