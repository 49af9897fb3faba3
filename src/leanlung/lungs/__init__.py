"""Lungs on a film: a U-Net that finds them, whether that can be, and the box around them."""

from leanlung.lungs.agreement import Agreement, Overlap, agreement, overlap
from leanlung.lungs.box import MARGIN, LungBox, Lungs, cropped, lungs_from
from leanlung.lungs.fitting import FittedUNet, fit_unet
from leanlung.lungs.making import fit_segmenter, measure_segmenter
from leanlung.lungs.pairs import Pair, PairSet, load_pairs, parted, read_pairs
from leanlung.lungs.plan import SegmenterPlan
from leanlung.lungs.plausible import LIMITS, Limits, clean, problem_of
from leanlung.lungs.segmenter import Segmenter, is_segmenter, load_segmenter, save_segmenter
from leanlung.lungs.segmenting import Segmented, segment_files
from leanlung.lungs.unet import GaussianDropout, UNet, UNetSpec

__all__ = [
    "LIMITS",
    "MARGIN",
    "Agreement",
    "FittedUNet",
    "GaussianDropout",
    "Limits",
    "LungBox",
    "Lungs",
    "Overlap",
    "Pair",
    "PairSet",
    "Segmented",
    "Segmenter",
    "SegmenterPlan",
    "UNet",
    "UNetSpec",
    "agreement",
    "clean",
    "cropped",
    "fit_segmenter",
    "fit_unet",
    "is_segmenter",
    "load_pairs",
    "load_segmenter",
    "lungs_from",
    "measure_segmenter",
    "overlap",
    "parted",
    "problem_of",
    "read_pairs",
    "save_segmenter",
    "segment_files",
]
