"""Choosing: a combiner by name, with what it takes to know its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.ensembles.combiners import Mean, Vote, Weighted
from leanlung.ensembles.ensemble import require_combiner
from leanlung.ensembles.members import require_validation
from leanlung.ensembles.stacking import fit_stacking
from leanlung.ensembles.weights import USUAL, choose_weights
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.ensembles.combiners import Combiner
    from leanlung.ensembles.out_of_fold import OutOfFold
    from leanlung.statistics import Predictions


def choose_combiner(
    name: str,
    validation: Sequence[Predictions] = (),
    *,
    weights: str | Sequence[float] | None = None,
    out_of_fold: Sequence[OutOfFold] = (),
    seed: int = 0,
) -> Combiner:
    """Make a combiner; what it learns, it learns on validation and out of fold.

    Args:
        name: One of `COMBINERS`.
        validation: Of every member on the same validation studies; needed by ``stacking``, and
            by ``weighted`` unless weights are given as numbers.
        weights: For ``weighted``: how they are chosen (see `choose_weights`; ``macro_auc`` if
            not given), or the weights themselves, in the order of the members.
        out_of_fold: For ``stacking``: of every member on the training studies.
        seed: For ``stacking``.

    Raises:
        UsageError: If there is no such combiner, something it needs is missing, or something
            was given that it has no use for.
        DataRefused: If it would be chosen on a test part, or on training images.
        StatisticsError: If the predictions cannot be aligned.
    """
    require_combiner(name)
    if weights is not None and name != Weighted.name:
        msg = f"weights are for the combiner 'weighted'; {name!r} has none"
        raise UsageError(msg)
    if out_of_fold and name != "stacking":
        msg = (
            f"out-of-fold predictions are for the combiner 'stacking'; {name!r} learns nothing"
        )
        raise UsageError(msg)
    require_validation(validation, "ensembles")
    if name == "stacking":
        if not out_of_fold or not validation:
            msg = (
                "a stacking takes out-of-fold predictions to learn from, and validation "
                "predictions to be stopped on, of every member"
            )
            raise UsageError(msg)
        return fit_stacking(out_of_fold, validation, seed=seed)
    if name == Weighted.name:
        if weights is not None and not isinstance(weights, str):
            return Weighted(tuple(weights))
        if not validation:
            msg = (
                "weights are chosen on validation predictions of every member: give those, or "
                "the weights themselves"
            )
            raise UsageError(msg)
        return choose_weights(validation, weights or USUAL)
    return Vote() if name == Vote.name else Mean()
