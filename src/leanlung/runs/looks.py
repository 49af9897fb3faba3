"""Looks: what is noted of a decoded picture, and which pictures are the same film."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from leanlung.pixels import PixelSpec, Reader, Source, prepared_images
from leanlung.studies.leaks import look_alikes
from leanlung.studies.pictures import decode
from leanlung.studies.pictures.hashes import pixel_sha256
from leanlung.studies.pictures.likeness import Look, look, near_identical_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.pixels import Prepared

_SMALL = PixelSpec(size=32)
"""Looks are of the decoded film; what the cache prepares beside them is as small as can be."""


def describe(image: NDArray[np.float32]) -> dict[str, str]:
    """Note of a decoded image what tells it from others: its hashes and a thumbnail."""
    seen = look(image)
    return {
        "pixel_sha256": pixel_sha256(image),
        "phash": seen.hash,
        "thumbnail": base64.b64encode(seen.thumbnail).decode(),
    }


def described(
    images: Sequence[Path], cache: Path, watch: Callable[[int], None] = lambda _done: None
) -> Prepared:
    """Describe films without preparing them; what was described before is found again.

    Args:
        images: Files.
        cache: Folder of all caches.
        watch: Told how many are done.
    """
    sources = [Source(path) for path in images]
    return prepared_images(sources, _SMALL, cache, Reader(decode, describe), watch)


def alike_of(
    ids: Sequence[str], facts: Mapping[str, Mapping[str, str]]
) -> list[tuple[Any, str, str]]:
    """List pairs of studies with the same or nearly the same picture.

    Args:
        ids: Of the studies.
        facts: What `describe` noted of each, by study id.
    """
    looks = [
        Look(facts[name]["phash"], base64.b64decode(facts[name]["thumbnail"])) for name in ids
    ]
    near = [(ids[a], ids[b]) for a, b in near_identical_pairs(looks)]
    return look_alikes({name: facts[name]["pixel_sha256"] for name in ids}, near)
