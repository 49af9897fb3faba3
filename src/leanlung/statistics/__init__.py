"""Numbers in, numbers out: estimates with intervals and paired verdicts; no torch here.

`Predictions` come from a model or from a CSV file of any framework; `measure` turns them into
`Estimate`s, `compare` two of them into a `Comparison` with its verdict. SciPy is loaded only
where an exact interval is needed, so that a verdict on two files takes about a second.
"""

from __future__ import annotations

from leanlung.statistics.association import Contingency, contingency, cramers_v
from leanlung.statistics.auc import RocCurve, auc, roc_curve
from leanlung.statistics.calibration import (
    ReliabilityBin,
    brier_score,
    expected_calibration_error,
    reliability_bins,
)
from leanlung.statistics.compare import compare, compare_all
from leanlung.statistics.comparison import Comparison, Verdict, sentence, verdict_of
from leanlung.statistics.confusion import confusion_matrix
from leanlung.statistics.elsewhere import metrics_elsewhere
from leanlung.statistics.estimate import Estimate
from leanlung.statistics.measure import majority_baseline, measure
from leanlung.statistics.metrics import METRICS, find_metric, metric_names
from leanlung.statistics.pairing import paired
from leanlung.statistics.predictions import Predictions, read_predictions, write_predictions
from leanlung.statistics.proportions import clopper_pearson

__all__ = [
    "METRICS",
    "Comparison",
    "Contingency",
    "Estimate",
    "Predictions",
    "ReliabilityBin",
    "RocCurve",
    "Verdict",
    "auc",
    "brier_score",
    "clopper_pearson",
    "compare",
    "compare_all",
    "confusion_matrix",
    "contingency",
    "cramers_v",
    "expected_calibration_error",
    "find_metric",
    "majority_baseline",
    "measure",
    "metric_names",
    "metrics_elsewhere",
    "paired",
    "read_predictions",
    "reliability_bins",
    "roc_curve",
    "sentence",
    "verdict_of",
    "write_predictions",
]
