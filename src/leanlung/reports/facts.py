"""The facts a report is drawn from: JSON values and predictions, all of them on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.statistics import Predictions


@dataclass(frozen=True)
class SeedFacts:
    """What one seed of a run measured.

    Attributes:
        seed: Which.
        measured: Its entry in ``metrics.json``: ``chosen``, ``reason``, ``comparison``,
            ``elsewhere``, ``sentence``, ``bootstrap_seed``, ``majority``, ``models``,
            ``confounding`` and ``candidates``; of later versions also ``groups``, ``flips``,
            ``threshold_changes`` and, under ``models``, ``calibration``.
        unpruned: Predictions of the whole network on the test part.
        chosen: Predictions of the chosen network on the same studies.
        learnt: Predictions of both on the training part, in this order; None where the recipe
            did not ask for them.
    """

    seed: int
    measured: Mapping[str, Any]
    unpruned: Predictions
    chosen: Predictions
    learnt: tuple[Predictions, Predictions] | None = None


@dataclass(frozen=True)
class ReportFacts:
    """What a run has to tell.

    Attributes:
        run: Name of its folder.
        recipe: As resolved.
        data: As in ``data.json``.
        environment: As in ``environment.json``.
        openings: Of the test part, oldest first.
        seeds: One or more.
        exemplars: As in ``metrics.json``; None for a single seed.
        audit: As in ``audit.json``; None where nobody audited.
        external: As in ``external.json``; None where there was no external data.
        unreadable: Numbers of the lines in the book of openings that cannot be read.
        films: Small JPEG pictures by study id, as far as they are there; None to show none.
    """

    run: str
    recipe: Mapping[str, Any]
    data: Mapping[str, Any]
    environment: Mapping[str, Any]
    openings: Sequence[Mapping[str, Any]]
    seeds: tuple[SeedFacts, ...]
    exemplars: Mapping[str, Any] | None = None
    audit: Mapping[str, Any] | None = None
    external: Mapping[str, Any] | None = None
    unreadable: tuple[int, ...] = ()
    films: Mapping[str, bytes] | None = field(default_factory=dict)
