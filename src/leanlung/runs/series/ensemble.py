"""The ensembles of a series: which, and what each learns from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Combination = Literal["vote", "mean", "weighted", "published", "stacking"]


class EnsembleSection(BaseModel, extra="forbid", frozen=True):
    """How the networks of a task answer together, once whole and once pruned.

    Attributes:
        combiners: ``vote`` counts answers, ``mean`` averages, ``weighted`` does so with weights
            of least log-loss on the validation part, ``published`` with 0.5, 0.3 and 0.2 by
            accuracy on the validation part; ``stacking`` learns out of fold.
        folds: Of the training part, for ``stacking``: each network is fitted again without
            each of them.
        pretrain: ``again`` also learns the pre-training again without the patients of the
            fold; ``shared`` begins from the trunk that has seen them, under other labels.
    """

    combiners: Annotated[tuple[Combination, ...], Field(min_length=1)] = (
        "vote",
        "mean",
        "weighted",
        "stacking",
    )
    folds: int = Field(3, ge=2, le=20)
    pretrain: Literal["again", "shared"] = "again"
