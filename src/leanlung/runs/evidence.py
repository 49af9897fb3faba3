"""Evidence beside the verdict: calibration, frozen thresholds, groups and flips, as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from leanlung.foundations.blanks import is_blank
from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.statistics import brier_score, expected_calibration_error, reliability_bins
from leanlung.statistics.brier import brier_parts
from leanlung.statistics.calibration_line import calibration_lines, joint_slope
from leanlung.statistics.compare_groups import compare_groups
from leanlung.statistics.flips import flips
from leanlung.statistics.grouping import CLASS
from leanlung.statistics.predictive_values import operating_change, operating_point
from leanlung.statistics.temperature import at_temperature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.runs.recipe import Recipe
    from leanlung.statistics import Predictions
    from leanlung.statistics.readout import Readout
    from leanlung.studies.study import Cohort, Study

    Cells = Mapping[str, Mapping[str, str]]

USUAL = (CLASS, "source", "view", "sex", "age")
"""Columns that studies are grouped by wherever they are there."""


@dataclass(frozen=True)
class Intervals:
    """How intervals are reached.

    Attributes:
        level: Two-sided, in (0, 1).
        resamples: Of every bootstrap.
        seed: Of every bootstrap.
    """

    level: float
    resamples: int
    seed: int


def groupings(recipe: Recipe, cells: Cells) -> list[tuple[str, ...]]:
    """List what studies are grouped by: the usual columns that are there, and the recipe's."""
    usual = [(column,) for column in USUAL if column == CLASS or column in cells]
    return list(dict.fromkeys([*usual, *recipe.evaluate.by]))


def group_cells(recipe: Recipe, studies: Sequence[Study]) -> dict[str, dict[str, str]]:
    """Give the cells that studies are grouped by, by column and study id; no empty column."""
    wanted = dict.fromkeys([*USUAL, *(name for one in recipe.evaluate.by for name in one)])
    found = {
        column: {
            study.study_id: cell
            for study in studies
            if not is_blank(cell := study.attributes.get(column, ""))
        }
        for column in wanted
        if column != CLASS
    }
    asked = {name for one in recipe.evaluate.by for name in one}
    return {column: cells for column, cells in found.items() if cells or column in asked}


def require_groups(recipe: Recipe, cohort: Cohort) -> None:
    """Make sure that the data have the columns a recipe groups by.

    Raises:
        StudyError: If one is missing.
    """
    there = dict.fromkeys(name for study in cohort.studies for name in study.attributes)
    for column in (name for one in recipe.evaluate.by for name in one):
        if column != CLASS and column not in there:
            msg = (
                f"{cohort.name}: evaluate.groups names column {column!r}; the columns there "
                f"are {[CLASS, *there]}{did_you_mean(column, [CLASS, *there])}"
            )
            raise StudyError(msg)


def calibration_of(
    predictions: Predictions, readout: Readout, intervals: Intervals
) -> dict[str, Any]:
    """Measure how far probabilities can be taken at their word, and the frozen thresholds.

    Args:
        predictions: Of studies that the readout was not made on.
        readout: Of the same network.
        intervals: How to reach them.

    Returns:
        ``temperature``; the figures of the probabilities as they are (``raw``) and at that
        temperature (``calibrated``); ``thresholds``, one operating point a class and rule.
    """
    cooled = replace(
        predictions,
        probabilities=at_temperature(predictions.probabilities, readout.temperature.value),
    )
    return {
        "temperature": readout.temperature.as_dict(),
        "raw": _reliability(predictions, intervals.level),
        "calibrated": _reliability(cooled, intervals.level),
        "thresholds": [
            operating_point(predictions, threshold, **asdict(intervals)).as_dict()
            for threshold in readout.thresholds
        ],
    }


def threshold_changes(
    pair: Sequence[Predictions], readouts: Sequence[Readout], intervals: Intervals
) -> list[dict[str, Any]]:
    """Compare two networks at their own frozen thresholds, by class and rule, paired."""
    found = []
    for before, after in zip(readouts[0].thresholds, readouts[1].thresholds, strict=True):
        sensitivity, specificity = operating_change(
            (pair[0], before), (pair[1], after), **asdict(intervals)
        )
        found.append(
            {
                "of_class": before.of_class,
                "rule": before.rule,
                "thresholds": [before.value, after.value],
                "sensitivity": sensitivity.as_dict(),
                "specificity": specificity.as_dict(),
            }
        )
    return found


def groups_of(
    pair: Sequence[Predictions], recipe: Recipe, cells: Cells, intervals: Intervals
) -> list[dict[str, Any]]:
    """Compare two networks in every group, by the metric of the verdict and by accuracy."""
    return [
        compare_groups(
            pair[0],
            pair[1],
            cells,
            groupings(recipe, cells),
            metric=metric,
            margin=recipe.evaluate.margin,
            **asdict(intervals),
        ).as_dict()
        for metric in dict.fromkeys([recipe.evaluate.metric, "accuracy"])
    ]


def flips_of(pair: Sequence[Predictions], recipe: Recipe) -> dict[str, Any]:
    """List the studies that changed sides; their images are in the cohort's manifest."""
    plan = recipe.evaluate
    return flips(pair[0], pair[1], healthy=plan.healthy, level=plan.level).as_dict()


def _reliability(predictions: Predictions, level: float) -> dict[str, Any]:
    bins = reliability_bins(predictions, level=level)
    return {
        "ece": expected_calibration_error(bins),
        "bins": [asdict(one) for one in bins],
        "brier": brier_score(predictions),
        "brier_parts": brier_parts(predictions).as_dict(),
        "slope": joint_slope(predictions, level=level).as_dict(),
        "lines": [line.as_dict() for line in calibration_lines(predictions, level=level)],
    }
