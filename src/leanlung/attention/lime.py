"""LIME: a class told by superpixels shown and hidden, through the ``lime`` library."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.attention.grad_cam import Cam, chosen_classes
from leanlung.attention.visiting import visiting, watched
from leanlung.foundations.errors import NetworkError, UsageError
from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

SUPERPIXELS = 60
"""About so many in an image."""

SAMPLES = 500
_BATCH = 32
_COMPACTNESS = 10.0
"""Of superpixels, beside lightness from 0 to 100: between squares and outlines."""


def lime_maps(
    network: nn.Module,
    images: Tensor,
    classes: Sequence[int] | Tensor | None = None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Cam:
    """Show which superpixels speak for a class.

    Superpixels (SLIC) are hidden at random by their mean grey; a ridge regression near the
    image tells what each adds to the probability of the class. What is below zero is cut off,
    the rest is divided by its largest value.

    Args:
        network: As for `grad_cam`.
        images: (N, 1 or 3, H, W), as the network reads them, on the network's device.
        classes: One for each image; the one of the highest logit if not given.
        samples: Variants of each image that the network answers.
        seed: Draws them; each image has draws of its own, the same in every batch.

    Returns:
        Maps as `grad_cam` gives them, constant over each superpixel.

    Raises:
        UsageError: If ``lime`` is not installed, or a class or the samples are out of range.
        NetworkError: If the images have neither one nor three channels, or do not fit.

    Source: Ribeiro et al. 2016, KDD; kernel and regression are the library's.
    """
    try:
        from lime.lime_image import LimeImageExplainer
        from lime.wrappers.scikit_image import SegmentationAlgorithm
    except ImportError as error:
        msg = f"LIME needs a library ({error}); install it with: pip install leanlung[explain]"
        raise UsageError(msg) from error
    if images.shape[1] not in (1, 3):
        msg = f"images of {images.shape[1]} channels; LIME hides parts of grey or RGB images"
        raise NetworkError(msg)
    if samples < SUPERPIXELS:
        msg = f"{samples} samples for about {SUPERPIXELS} superpixels; give more, such as 500"
        raise UsageError(msg)
    superpixels = SegmentationAlgorithm(
        "slic", n_segments=SUPERPIXELS, compactness=_COMPACTNESS, sigma=1, start_label=0
    )
    number = Seeds(seed).number("lime") % 2**32
    with visiting(network) as plain, torch.no_grad():
        logits = watched(plain, images, {})
        wanted = chosen_classes(logits, classes).tolist()
        values = np.zeros((len(images), *images.shape[2:]), dtype=np.float32)
        for place, (image, of_class) in enumerate(zip(images, wanted, strict=True)):
            shown, answer = _unit_range(plain, image)
            with redirect_stderr(io.StringIO()):  # the library draws a bar of its own
                found = LimeImageExplainer(random_state=number).explain_instance(
                    shown,
                    answer,
                    labels=(of_class,),
                    top_labels=None,
                    num_samples=samples,
                    batch_size=_BATCH,
                    segmentation_fn=lambda each: _numbered(superpixels(each)),
                    random_seed=number,
                )
            values[place] = _painted(found.segments, found.local_exp[of_class])
    return Cam(
        values,
        np.asarray(wanted, dtype=np.int64),
        logits.double().cpu().numpy(),
        "",
        "lime",
    )


def _unit_range(
    plain: nn.Module, image: Tensor
) -> tuple[NDArray[np.float64], Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Give an image as (H, W, 3) in [0, 1], and what answers for variants of it."""
    low, high = image.min(), image.max()
    spread = (high - low).clamp(min=torch.finfo(image.dtype).tiny)
    shown = ((image - low) / spread).expand(3, -1, -1).permute(1, 2, 0)

    def answer(variants: NDArray[np.float64]) -> NDArray[np.float64]:
        batch = torch.from_numpy(variants).to(image).permute(0, 3, 1, 2)
        batch = (batch * spread + low)[:, : len(image)]
        shares: NDArray[np.float64] = (
            watched(plain, batch, {}).double().softmax(dim=1).cpu().numpy()
        )
        return shares

    return shown.double().cpu().numpy(), answer


def _numbered(segments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number superpixels from 0 without gaps, which the library takes for granted."""
    _, numbers = np.unique(segments, return_inverse=True)
    found: NDArray[np.int64] = numbers.reshape(segments.shape)
    return found


def _painted(
    segments: NDArray[np.int64], weights: Sequence[tuple[int, float]]
) -> NDArray[np.float32]:
    by_number = np.zeros(int(segments.max()) + 1)
    for number, weight in weights:
        by_number[number] = max(0.0, float(weight))
    peak = by_number.max()
    painted: NDArray[np.float32] = (by_number / peak if peak > 0.0 else by_number)[
        segments
    ].astype(np.float32)
    return painted
