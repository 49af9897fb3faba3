"""A trial of a search: the recipe's network fitted with other settings and validated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leanlung.runs.folder import CHECKPOINT
from leanlung.runs.stages.fitting import whole_spec
from leanlung.runs.starting import begin, weights_source
from leanlung.runs.tune import with_values
from leanlung.training import fit

if TYPE_CHECKING:
    from leanlung.runs.searching import Asked
    from leanlung.runs.work import Work
    from leanlung.training import Epoch


def fit_trial(work: Work, asked: Asked) -> float:
    """Fit the network of a recipe with the values of a trial.

    Every trial begins with the same weights and sees the images in the same order as
    ``leanlung run`` would: what differs between two of them is their settings, and a run of the
    best one's recipe gives its very value again.

    Args:
        work: Of the first seed; the test part of its split stays sealed.
        asked: The trial.

    Returns:
        The monitored metric on the validation part, of the best epoch.

    Raises:
        StoppedEarlyError: If the trial promises nothing.
        TrainingError: If the loss is no longer a number.
    """
    recipe = with_values(work.recipe, asked.values)
    work = replace(work, recipe=recipe)
    spec, plan = whole_spec(recipe), recipe.train
    source = weights_source(recipe.network.weights, *work.places)
    drawn = work.seeds("fit").number("weights")
    asked.folder.mkdir(parents=True, exist_ok=True)

    def watch(epoch: Epoch) -> None:
        last = epoch.number == plan.epochs
        asked.report(epoch.number, epoch.validation[plan.monitor], last)

    fitted = fit(
        begin(recipe.network, spec, source, work.seed, drawn).network,
        work.train,
        plan=plan,
        statistics=work.statistics,
        channels=spec.channels,
        validate=work.validate,
        seeds=work.seeds("fit"),
        device=work.device,
        checkpoint=asked.folder / CHECKPOINT,
        watch=watch,
        note=work.progress.note,
    )
    return float(fitted.history[fitted.best - 1].validation[plan.monitor])
