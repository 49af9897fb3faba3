"""Series of runs: networks pre-trained, chosen, fitted to tasks, pruned and combined."""

from leanlung.runs.series.folder import SeriesFolder, open_series
from leanlung.runs.series.reading import read_series
from leanlung.runs.series.recipe import Series
from leanlung.runs.series.reproducing import STAGES, reproduce

__all__ = [
    "STAGES",
    "Series",
    "SeriesFolder",
    "open_series",
    "read_series",
    "reproduce",
]
