"""Ensembles: several models that answer as one; no torch here.

`choose_combiner` makes a way to combine members, learning on validation and out of fold alone;
an `Ensemble` combines `Predictions`, from networks or from tables of any framework.
"""

from __future__ import annotations

from leanlung.ensembles.choosing import choose_combiner
from leanlung.ensembles.combiners import Combiner, Mean, Vote, Weighted
from leanlung.ensembles.combining import mean, vote, weighted
from leanlung.ensembles.ensemble import COMBINERS, Ensemble, combiner_of, parts_of
from leanlung.ensembles.folds import folds_by_patient
from leanlung.ensembles.members import figures, require_apart
from leanlung.ensembles.out_of_fold import (
    OutOfFold,
    out_of_fold,
    read_out_of_fold,
    write_out_of_fold,
)
from leanlung.ensembles.stacking import HIDDEN, Stacking, fit_stacking
from leanlung.ensembles.weights import (
    PUBLISHED,
    choose_weights,
    log_loss_weights,
    metric_weights,
    published_weights,
)

__all__ = [
    "COMBINERS",
    "HIDDEN",
    "PUBLISHED",
    "Combiner",
    "Ensemble",
    "Mean",
    "OutOfFold",
    "Stacking",
    "Vote",
    "Weighted",
    "choose_combiner",
    "choose_weights",
    "combiner_of",
    "figures",
    "fit_stacking",
    "folds_by_patient",
    "log_loss_weights",
    "mean",
    "metric_weights",
    "out_of_fold",
    "parts_of",
    "published_weights",
    "read_out_of_fold",
    "require_apart",
    "vote",
    "weighted",
    "write_out_of_fold",
]
