"""From a decoded image to what a network reads, alike in training and in use."""

from leanlung.pixels.augment import Augmentation, apply, draw
from leanlung.pixels.cache import Prepared, Reader, Source, prepared_images
from leanlung.pixels.image_set import ImageSet, unit_range
from leanlung.pixels.prepare import prepare
from leanlung.pixels.spec import PixelSpec
from leanlung.pixels.statistics import PixelStatistics, pixel_statistics, standardise

__all__ = [
    "Augmentation",
    "ImageSet",
    "PixelSpec",
    "PixelStatistics",
    "Prepared",
    "Reader",
    "Source",
    "apply",
    "draw",
    "pixel_statistics",
    "prepare",
    "prepared_images",
    "standardise",
    "unit_range",
]
