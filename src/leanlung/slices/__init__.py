"""Slices: from volumes and pictures of slices to prepared, labelled pictures on disk."""

from leanlung.slices.cutting import CutSpec, Piece, cut
from leanlung.slices.gathering import gather
from leanlung.slices.labelling import Rule, verdict
from leanlung.slices.regions import CROPS, Region, regions, sides
from leanlung.slices.writing import Written, write_slices

__all__ = [
    "CROPS",
    "CutSpec",
    "Piece",
    "Region",
    "Rule",
    "Written",
    "cut",
    "gather",
    "regions",
    "sides",
    "verdict",
    "write_slices",
]
