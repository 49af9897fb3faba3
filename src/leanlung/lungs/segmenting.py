"""Segmenting: the lungs on many films, decoded, segmented and boxed on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.foundations.errors import LeanlungError
from leanlung.lungs.box import MARGIN
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.lungs.box import Lungs
    from leanlung.lungs.segmenter import Segmenter

AT_ONCE = 8
"""Films in a batch: more would fall out of a core's cache."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """What was found on a film.

    Attributes:
        image: The file.
        lungs: Its lungs; None if it could not be read.
        problem: Why it could not; empty if it could.
    """

    image: Path
    lungs: Lungs | None
    problem: str = ""


def segment_files(
    segmenter: Segmenter,
    images: Sequence[Path],
    *,
    margin: float = MARGIN,
    workers: int | None = None,
    device: torch.device | None = None,
    use: Callable[[Segmented, NDArray[np.float32]], None] = lambda *_: None,
) -> Iterator[Segmented]:
    """Find the lungs on image files, in their order.

    Each worker takes some films the whole way, with one thread of its own, so that cores do
    not wait for each other; few are in memory at once.

    Args:
        segmenter: That finds them.
        images: PNG, JPEG, BMP, TIFF or DICOM.
        margin: Added around the lungs, as a share of their box's longer side.
        workers: How many at once; as many as there are cores if not given.
        device: Where the network runs; the CPU if not given.
        use: Handed each film as it was decoded, (H, W), with what was found on it, by the
            worker: to crop it or to draw on it.

    Yields:
        One for each file.
    """
    batches = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
    workers = workers or os.cpu_count() or 1

    def one(batch: Sequence[Path]) -> list[Segmented]:
        films: dict[Path, NDArray[np.float32]] = {}
        problems: dict[Path, str] = {}
        for path in batch:
            try:
                films[path] = decode(path)
            except LeanlungError as error:
                problems[path] = str(error)
        found = segmenter.find(list(films.values()), margin=margin, device=device)
        lungs = dict(zip(films, found, strict=True))
        told = [Segmented(p, lungs.get(p), problems.get(p, "")) for p in batch]
        for segmented in told:
            if segmented.image in films:
                use(segmented, films[segmented.image])
        return told

    segmenter.quick.to(device or torch.device("cpu"))  # once, before workers ask for it
    with _one_thread_each(workers), ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(batches), 2 * workers):
            for told in pool.map(one, batches[start : start + 2 * workers]):
                yield from told


@contextmanager
def _one_thread_each(workers: int) -> Iterator[None]:
    """Keep torch from starting a team of threads in every worker."""
    before = torch.get_num_threads()
    try:
        if workers > 1:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)
