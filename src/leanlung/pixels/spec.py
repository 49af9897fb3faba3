"""What is done to every image before a network sees it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from leanlung.foundations.shares import Share
from leanlung.pixels.clahe import Clahe


class PixelSpec(BaseModel, extra="forbid", frozen=True):
    """How an image is prepared, alike in training and in use.

    The order is fixed: CLAHE, crop to the lungs, resize, median filter, bytes; then, for each
    batch, standardise.

    Attributes:
        size: Height and width after resizing, in pixels. Images are stretched to a square.
        crop: ``lungs`` cuts the box around the lung mask where a study has one.
        margin: Added on each side of that box, as a share of its longer side.
        outside: What is in the box and no lung: ``keep``, or ``black``, along the mask.
        clahe: How the contrast of the whole image is levelled, tile by tile; None leaves it.
        median: Whether to run a 3 x 3 median filter.
        standardise: ``training`` subtracts the training part's mean and divides by its standard
            deviation; ``symmetric`` maps [0, 1] to [-1, 1]; ``imagenet_mean`` subtracts the
            mean red, green and blue of ImageNet from values of 0 to 255, as VGG's own weights
            want it; ``imagenet_mean_bgr`` does so for weights that read blue first (Caffe's,
            and keras's VGGs).

    Source: Rajaraman et al. 2020, section II-B; Simonyan & Zisserman 2015, section 2.1, for the
        mean: a grey film has the same value in red, green and blue, so that the order of the
        channels decides the means alone; Shahabade and Londhe 2025, III-A, for CLAHE.
    """

    size: int = Field(224, ge=16, le=4096)
    crop: Literal["none", "lungs"] = "none"
    margin: Share = 0.05
    outside: Literal["keep", "black"] = "keep"
    clahe: Clahe | None = None
    median: bool = False
    standardise: Literal["training", "symmetric", "imagenet_mean", "imagenet_mean_bgr"] = (
        "training"
    )

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that older versions read it too."""
        told: dict[str, Any] = written(self)
        if told.get("outside") == "keep":
            del told["outside"]
        if "clahe" in told and told["clahe"] is None:
            del told["clahe"]
        return told
