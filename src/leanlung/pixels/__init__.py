"""From a decoded image to what a network reads, alike in training and in use."""

from leanlung.pixels.augment import Augmentation, apply, draw
from leanlung.pixels.cache import Prepared, Reader, Source, contents, prepared_images
from leanlung.pixels.clahe import Clahe, levelled
from leanlung.pixels.flips import flipped
from leanlung.pixels.image_set import ImageSet, unit_range
from leanlung.pixels.prepare import prepare, require_image
from leanlung.pixels.spec import PixelSpec
from leanlung.pixels.statistics import PixelStatistics, pixel_statistics, standardise

__all__ = [
    "Augmentation",
    "Clahe",
    "ImageSet",
    "PixelSpec",
    "PixelStatistics",
    "Prepared",
    "Reader",
    "Source",
    "apply",
    "contents",
    "draw",
    "flipped",
    "levelled",
    "pixel_statistics",
    "prepare",
    "prepared_images",
    "require_image",
    "standardise",
    "unit_range",
]
