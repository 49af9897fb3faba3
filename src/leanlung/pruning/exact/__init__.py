"""Exact removal: units that never vary leave, and nothing of the answer goes with them."""

from leanlung.pruning.exact.certificate import Certificate, answers_of, largest_change
from leanlung.pruning.exact.constants import Constants, read_constants
from leanlung.pruning.exact.images_needed import ImagesNeeded, images_needed
from leanlung.pruning.exact.lossless import ExactRemoval, remove_constants

__all__ = [
    "Certificate",
    "Constants",
    "ExactRemoval",
    "ImagesNeeded",
    "answers_of",
    "images_needed",
    "largest_change",
    "read_constants",
    "remove_constants",
]
