"""Numbers in, numbers out: estimates with intervals and paired verdicts; no torch here.

`Predictions` come from a model or from a CSV file of any framework; `measure` turns them into
`Estimate`s, `compare` two of them into a `Comparison` with its verdict. SciPy is loaded only
where an exact interval is needed, so that a verdict on two files takes about a second.
"""

from __future__ import annotations

from leanlung.statistics.aggregation import Aggregated, per_patient, study_threshold
from leanlung.statistics.association import Contingency, contingency, cramers_v
from leanlung.statistics.auc import RocCurve, auc, roc_curve
from leanlung.statistics.bca import bca_interval
from leanlung.statistics.brier import BrierParts, brier_parts
from leanlung.statistics.calibration import (
    ReliabilityBin,
    brier_score,
    expected_calibration_error,
    reliability_bins,
)
from leanlung.statistics.calibration_line import CalibrationLine, calibration_lines, joint_slope
from leanlung.statistics.compare import compare, compare_all, largest_change
from leanlung.statistics.compare_groups import compare_groups
from leanlung.statistics.compare_runs import compare_runs
from leanlung.statistics.compare_seeds import compare_seeds
from leanlung.statistics.comparison import Comparison, Verdict, sentence, verdict_of
from leanlung.statistics.confusion import confusion_matrix
from leanlung.statistics.elsewhere import metrics_elsewhere
from leanlung.statistics.estimate import Estimate
from leanlung.statistics.evidence import Evidence
from leanlung.statistics.exemplars import Exemplars, exemplars
from leanlung.statistics.families import METRICS
from leanlung.statistics.flips import Flips, flips
from leanlung.statistics.groups import Group, GroupTable
from leanlung.statistics.holm import holm
from leanlung.statistics.mcnemar import mcnemar_exact, mcnemar_mid_p
from leanlung.statistics.measure import majority_baseline, measure
from leanlung.statistics.metrics import find_metric, metric_names
from leanlung.statistics.operating import OPERATING, Frozen, choose_threshold
from leanlung.statistics.paired_runs import PairedRuns, read_paired_runs
from leanlung.statistics.pairing import paired
from leanlung.statistics.pooling import pooled
from leanlung.statistics.power import Power
from leanlung.statistics.predictions import Predictions
from leanlung.statistics.predictions_table import read_predictions, write_predictions
from leanlung.statistics.predictive_values import (
    OperatingPoint,
    PredictiveValues,
    operating_point,
)
from leanlung.statistics.proportions import clopper_pearson
from leanlung.statistics.readout import Readout
from leanlung.statistics.runs_comparison import RunsComparison, about_runs, runs_sentence
from leanlung.statistics.seeds_comparison import SeedsComparison, seeds_sentence
from leanlung.statistics.tango import tango_interval
from leanlung.statistics.temperature import Temperature, at_temperature, fit_temperature
from leanlung.statistics.thresholds import Threshold, freeze_thresholds
from leanlung.statistics.weigh import Weighed, weigh

__all__ = [
    "METRICS",
    "OPERATING",
    "Aggregated",
    "BrierParts",
    "CalibrationLine",
    "Comparison",
    "Contingency",
    "Estimate",
    "Evidence",
    "Exemplars",
    "Flips",
    "Frozen",
    "Group",
    "GroupTable",
    "OperatingPoint",
    "PairedRuns",
    "Power",
    "Predictions",
    "PredictiveValues",
    "Readout",
    "ReliabilityBin",
    "RocCurve",
    "RunsComparison",
    "SeedsComparison",
    "Temperature",
    "Threshold",
    "Verdict",
    "Weighed",
    "about_runs",
    "at_temperature",
    "auc",
    "bca_interval",
    "brier_parts",
    "brier_score",
    "calibration_lines",
    "choose_threshold",
    "clopper_pearson",
    "compare",
    "compare_all",
    "compare_groups",
    "compare_runs",
    "compare_seeds",
    "confusion_matrix",
    "contingency",
    "cramers_v",
    "exemplars",
    "expected_calibration_error",
    "find_metric",
    "fit_temperature",
    "flips",
    "freeze_thresholds",
    "holm",
    "joint_slope",
    "largest_change",
    "majority_baseline",
    "mcnemar_exact",
    "mcnemar_mid_p",
    "measure",
    "metric_names",
    "metrics_elsewhere",
    "operating_point",
    "paired",
    "per_patient",
    "pooled",
    "read_paired_runs",
    "read_predictions",
    "reliability_bins",
    "roc_curve",
    "runs_sentence",
    "seeds_sentence",
    "sentence",
    "study_threshold",
    "tango_interval",
    "verdict_of",
    "weigh",
    "write_predictions",
]
