"""Stage 3, the other way: single weights held at zero, tightened while the network trains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leanlung.pruning import magnitude
from leanlung.pruning.masks import (
    Hold,
    Ramp,
    WeightMask,
    impose,
    keep_pattern,
    kernels,
    restore_masked,
    store_masked,
)
from leanlung.runs.candidates import CONTROL, load_masked, load_network, save_candidate
from leanlung.runs.folder import CHECKPOINT, WEIGHTS
from leanlung.runs.mask import steps_of
from leanlung.runs.stages.fitting import as_begun, whole_spec
from leanlung.runs.steps import fingerprint, step
from leanlung.training import counts_after, counts_of, fit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn
    from torch.optim import Optimizer

    from leanlung.networks import Classifier
    from leanlung.runs.mask import MaskSection
    from leanlung.runs.work import Work
    from leanlung.training import TrainingPlan


def require_steps(work: Work, section: MaskSection) -> None:
    """Make sure that the ramp fits into its training, before hours are spent.

    Raises:
        TrainingError: If it does not.
    """
    if section.pattern == "none" and not section.control:
        section.schedule(_steps(work, section.train))


def mask_weights(work: Work, section: MaskSection) -> None:
    """Tighten a mask on the fitted network, or a fresh one, and train on with it held.

    Each is a step. A control goes through both without a mask.
    """
    backbone = work.recipe.network.backbone
    whole, tightened = work.here.fit(backbone), work.here.tightened(backbone)
    masked = work.here.round(backbone, 1)
    with work.progress.task("masking", 2) as done:
        inputs = work.inputs(
            before=fingerprint(whole), mask=section.model_dump(exclude={"finetune"})
        )
        step(tightened, inputs, partial(_tighten, work, section, whole))
        done(1)
        inputs = work.inputs(
            before=fingerprint(tightened), finetune=section.finetune.model_dump()
        )
        step(masked, inputs, partial(_train_on, work, section, tightened))
        done(2)


def _tighten(work: Work, section: MaskSection, whole: Path, folder: Path) -> None:
    """Bring the network that is begun with under the final mask."""
    begun = as_begun(work) if section.start == "fresh" else load_masked(whole)[0]
    network = begun.to(work.device)
    if section.pattern == "none":
        mask = _ramp(work, section, network, whole, folder)
    else:
        names = kernels(network, section.leave_alone)
        keep, of = map(int, section.pattern.split(":"))
        mask = keep_pattern(magnitude(network, names), keep, of)
        impose(network, mask)
    store_masked(folder / WEIGHTS, network, mask)


def _steps(work: Work, plan: TrainingPlan) -> int:
    return steps_of(sum(counts_after(counts_of(work.train.labels), plan)), plan)


def _ramp_of(work: Work, section: MaskSection) -> Ramp:
    return Ramp(
        section.schedule(_steps(work, section.train)),
        every=section.every,
        scope=section.scope,
        regrow=section.regrow,
        leave_alone=section.leave_alone,
    )


def _ramp(
    work: Work, section: MaskSection, network: Classifier, whole: Path, folder: Path
) -> WeightMask:
    ramp = None if section.control else _ramp_of(work, section)
    fresh = section.start == "fresh"
    fitted = fit(
        network,
        work.train,
        plan=section.train,
        statistics=work.statistics,
        channels=work.material.channels,
        validate=work.validate,
        # A fresh network sees what the whole one saw, in the same order.
        seeds=work.seeds("fit") if fresh else work.seeds("mask", "train"),
        device=work.device,
        teacher=_teacher(section.train, whole),
        checkpoint=folder / CHECKPOINT,
        note=work.progress.note,
        each_step=ramp or _nothing,
        keep="last",
    )
    return ramp.finish(fitted.network) if ramp else WeightMask({})


def _train_on(work: Work, section: MaskSection, before: Path, folder: Path) -> None:
    """Fit the masked network again; the mask is looked at after every epoch."""
    spec = whole_spec(work.recipe)
    network, mask = restore_masked(before / WEIGHTS, spec)
    hold: Callable[[nn.Module, Optimizer, int], None] = _nothing
    validate: Callable[[nn.Module], dict[str, float]] = work.validate
    told: dict[str, Any] = {CONTROL: True}
    if not section.control:
        hold = Hold(mask)
        validate = hold.checked(work.validate)
        told = {"held": mask.weights - mask.kept, "of": mask.weights}
    fitted = fit(
        network,
        work.train,
        plan=section.finetune,
        statistics=work.statistics,
        channels=spec.channels,
        validate=validate,
        seeds=work.seeds("mask", "finetune"),
        device=work.device,
        teacher=_teacher(section.finetune, work.here.fit(spec.backbone)),
        checkpoint=folder / CHECKPOINT,
        note=work.progress.note,
        each_step=hold,
    )
    held = None if section.control else mask
    save_candidate(folder, 1, spec, fitted, work, told=told, mask=held)


def _nothing(_network: nn.Module, _optimiser: Optimizer, _steps: int) -> None: ...


def _teacher(plan: TrainingPlan, whole: Path) -> nn.Module | None:
    """Give the network before the mask, if training listens to it."""
    return load_network(whole) if plan.distil.weight else None
