"""Files that stand for images, for the tests of the cache."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.pixels import PixelSpec, Prepared, Reader, Source, prepared_images

if TYPE_CHECKING:
    from pathlib import Path

SMALL = PixelSpec(size=16)


class Archive:
    """Files that hold one grey value, how often each was decoded, and what may go wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.decoded: Counter[str] = Counter()
        self.codec = True
        self._lock = threading.Lock()
        folder.mkdir(exist_ok=True)

    def another(self, folder: Path) -> Archive:
        """An archive elsewhere, with a cache of its own."""
        return Archive(folder)

    def image(self, name: str, content: str) -> Path:
        (self.folder / name).write_text(content)
        return self.folder / name

    def images(self, *contents: str) -> list[Source]:
        return [Source(self.image(f"{n}.png", text)) for n, text in enumerate(contents)]

    def decode(self, path: Path) -> np.ndarray:
        with self._lock:
            self.decoded[path.name] += 1
        if not path.is_file():
            msg = f"{path}: cannot be read"
            raise StudyError(msg)
        text = path.read_text()
        if text == "damaged" or (text.startswith("rare ") and not self.codec):
            msg = f"{path}: no codec" if text != "damaged" else f"{path}: damaged"
            raise StudyError(msg)
        if text.startswith("mask"):
            mask = np.zeros((20, 20), np.float32)
            mask[5:15, 5:15] = text == "mask"
            return mask
        image = np.zeros((40, 40), np.float32)
        image[10:30, 10:30] = float(text.removeprefix("rare "))
        return image

    def describe(self, image: np.ndarray) -> dict[str, str]:
        return {"brightest": f"{image.max():.2f}"}

    def prepared(self, sources: list[Source], spec: PixelSpec = SMALL, **told) -> Prepared:
        reader = Reader(self.decode, self.describe)
        return prepared_images(sources, spec, self.cache, reader, **told)

    def decodes(self, sources: list[Source], spec: PixelSpec = SMALL) -> int:
        """How many files are decoded to prepare these."""
        before = self.decoded.total()
        self.prepared(sources, spec)
        return self.decoded.total() - before


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")
