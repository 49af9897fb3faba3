"""Features: the penultimate layer ranked and searched, and a classifier that reads the best.

`penultimate` reads the features of images, `rank_features` puts them in order,
`search_features` says on the validation part how many are enough; `fit_classifier` and
`calibrate` make the `FeatureClassifier` that reads them, `FeatureReader` joins it to a network.
"""

from __future__ import annotations

from leanlung.features.calibration import calibrate
from leanlung.features.classifier import FeatureClassifier, fit_classifier
from leanlung.features.kernels import memory_of
from leanlung.features.penultimate import penultimate
from leanlung.features.plan import FeaturePlan
from leanlung.features.ranking import Ranking, rank_features
from leanlung.features.reading import FeatureReader
from leanlung.features.scaling import Scaling
from leanlung.features.search import Point, Search, greedy, search_features
from leanlung.features.storing import bytes_of, restore_classifier, store_classifier
from leanlung.networks.outputs import last_layer

__all__ = [
    "FeatureClassifier",
    "FeaturePlan",
    "FeatureReader",
    "Point",
    "Ranking",
    "Scaling",
    "Search",
    "bytes_of",
    "calibrate",
    "fit_classifier",
    "greedy",
    "last_layer",
    "memory_of",
    "penultimate",
    "rank_features",
    "restore_classifier",
    "search_features",
    "store_classifier",
]
