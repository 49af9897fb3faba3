"""Weigh: the evidence on one or several metrics, each with a margin set in advance."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StatisticsError
from leanlung.statistics.bootstrap import require_resamples
from leanlung.statistics.comparison import Comparison, require_margin
from leanlung.statistics.contrast import bca_beside, contrasts
from leanlung.statistics.estimate import require_level
from leanlung.statistics.evidence import Evidence
from leanlung.statistics.holm import holm
from leanlung.statistics.mcnemar import mcnemar_exact, mcnemar_mid_p
from leanlung.statistics.pairing import paired
from leanlung.statistics.power import power_of
from leanlung.statistics.spread import UnseenSpread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.statistics.contrast import Contrast
    from leanlung.statistics.operating import Frozen
    from leanlung.statistics.power import Basis
    from leanlung.statistics.predictions import Predictions


@dataclass(frozen=True)
class Weighed:
    """What two models were weighed by.

    Attributes:
        evidence: One a metric that was asked for, in this order; the first is the primary one.
        elsewhere: By other metrics, for warning and not for claiming.
    """

    evidence: tuple[Evidence, ...]
    elsewhere: tuple[Comparison, ...]

    @property
    def shown(self) -> bool:
        """Whether what was asked is shown by every metric."""
        return all(one.shown for one in self.evidence)


def weigh(
    baseline: Predictions,
    candidate: Predictions,
    metrics: Sequence[str],
    *,
    margins: Sequence[float],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    frozen: Frozen | None = None,
    equivalence: bool = False,
    elsewhere: Sequence[str] = (),
) -> Weighed:
    """Weigh a candidate against a baseline.

    Args:
        baseline: The model that is to be matched.
        candidate: The model that is to match it, usually smaller.
        metrics: Names as for `compare`, each once; the first is the primary one. Verdicts on
            several are corrected by Holm's step-down: the smallest p is held against the tail
            of the level divided by their number, the next by one less, and so on.
        margins: Largest loss that is accepted, one for each metric or one for all, in (0, 1).
        level: Of the two-sided intervals; a claim is made at half of what is left, one-sided.
        resamples: Of the bootstrap, where it is used.
        seed: Of the bootstrap.
        frozen: Where thresholds come from, for the metrics of `OPERATING`.
        equivalence: Whether to test for no loss and no gain beyond the margin too.
        elsewhere: Other metrics to look at, with the first margin.

    Raises:
        StatisticsError: As `compare`, or if a metric is asked for twice or the margins do not
            fit the metrics.
        DataRefused: As `compare`.
    """
    margins = _margins(metrics, margins)
    require_level(level)
    require_resamples(resamples, 1.0 - (1.0 - level) / len(metrics))
    found = contrasts(
        baseline,
        candidate,
        [*metrics, *elsewhere],
        level=level,
        resamples=resamples,
        seed=seed,
        frozen=frozen,
    )
    asked, others = found[: len(metrics)], found[len(metrics) :]
    p_values = [_p(one, margin) for one, margin in zip(asked, margins, strict=True)]
    adjusted = holm(p_values)
    levels = _levels(asked, margins, p_values, level)
    pair = paired(baseline, candidate)
    several = f"; Holm over {len(asked)} metrics" if len(asked) > 1 else ""
    return Weighed(
        tuple(
            _evidence(
                one,
                one.comparison(margin, step, several),
                level,
                p,
                p_holm if several else None,
                len(asked),
                equivalence,
                bca_beside(one, pair, level, seed),
            )
            for one, margin, step, p, p_holm in zip(
                asked, margins, levels, p_values, adjusted, strict=True
            )
        ),
        tuple(one.comparison(margins[0], level) for one in others),
    )


def _margins(metrics: Sequence[str], margins: Sequence[float]) -> list[float]:
    if not metrics or len(set(metrics)) < len(metrics):
        msg = f"metrics {list(metrics)}: one or more are expected, each once"
        raise StatisticsError(msg)
    if len(margins) not in (1, len(metrics)):
        msg = (
            f"{len(margins)} margins for {len(metrics)} metrics; give one for all or one for "
            "each, in the same order"
        )
        raise StatisticsError(msg)
    for margin in margins:
        require_margin(margin)
    return list(margins) * (len(metrics) if len(margins) == 1 else 1)


def _p(contrast: Contrast, margin: float) -> float:
    return 1.0 if contrast.spread is None else contrast.spread.p_at_most(-margin)


def _levels(
    asked: Sequence[Contrast],
    margins: Sequence[float],
    p_values: Sequence[float],
    level: float,
) -> list[float]:
    """Give each metric the level of its step; after one that is not shown they stay."""
    levels = [level] * len(asked)
    left = len(asked)
    for index in sorted(range(len(asked)), key=lambda index: p_values[index]):
        levels[index] = 1.0 - (1.0 - level) / left
        if asked[index].comparison(margins[index], levels[index]).verdict == "non_inferior":
            left = max(1, left - 1)
    return levels


def _evidence(
    contrast: Contrast,
    comparison: Comparison,
    level: float,
    p: float,
    p_holm: float | None,
    metrics: int,
    equivalence: bool,
    bca: tuple[float, float] | None,
) -> Evidence:
    spread, margin = contrast.spread, comparison.margin
    if spread is None:
        lost = 1.0 if equivalence else None
        shown = False if equivalence else None
        return Evidence(comparison, level, None, p, p_holm, metrics, lost, shown, {}, bca, None)
    p_equivalent = max(p, spread.p_at_least(margin)) if equivalence else None
    low, high = comparison.difference.low, comparison.difference.high
    within = low is not None and high is not None and -margin < low and high < margin
    basis: Basis = "assumed" if isinstance(spread, UnseenSpread) else "seen"
    return Evidence(
        comparison,
        level,
        spread.interval(2.0 * level - 1.0)[0] if level > 0.5 else None,
        p,
        p_holm,
        metrics,
        p_equivalent,
        within if equivalence else None,
        _tests(contrast),
        bca,
        power_of(
            spread,
            comparison.difference.value or 0.0,
            contrast.patients_concerned,
            margin,
            comparison.difference.level,
            basis,
        ),
    )


def _tests(contrast: Contrast) -> dict[str, float]:
    """Give two-sided p against no difference, by the tests that are usual for the metric."""
    if contrast.discordant is not None:
        gained, lost = contrast.discordant
        return {
            "mcnemar_exact": mcnemar_exact(gained, lost),
            "mcnemar_mid_p": mcnemar_mid_p(gained, lost),
        }
    spread = contrast.spread
    if spread is None or isinstance(spread, UnseenSpread) or contrast.difference is None:
        return {}
    name = "delong" if contrast.resampled is None else "bootstrap_normal"
    return {name: 2.0 * NormalDist().cdf(-abs(contrast.difference) / spread.error)}
