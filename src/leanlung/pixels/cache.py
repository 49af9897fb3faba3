"""The cache: prepared images in one memory-mapped array, keyed by what is in the files."""

from __future__ import annotations

import json
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.lib.format import write_array_header_1_0

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import LeanlungError, PixelError
from leanlung.foundations.files import replacing, write_json
from leanlung.foundations.within import parted
from leanlung.pixels.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from leanlung.pixels.spec import PixelSpec

_VERSION = 2
"""Raised whenever the same file would be prepared or described differently."""

_FACTS = "facts.json"
_CONTENTS = "contents.json"
_LONG_AGO_S = 3600
"""A file that a living process fills is younger: it is written to all the time."""


@dataclass(frozen=True)
class Source:
    """An image file, with its lung mask if there is one."""

    image: Path
    mask: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """What became of the sources.

    Attributes:
        images: (M, size, size), uint8, mapped from the disk; readable sources first, black for
            the others.
        rows: Row of each source in ``images``, or None if it could not be used.
        facts: What was noted of each decoded image.
        reasons: Why a source could not be used; empty for those that could.
    """

    images: Tensor
    rows: tuple[int | None, ...]
    facts: tuple[Mapping[str, str], ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """How files become arrays; handed in by whoever knows about files.

    Attributes:
        decode: An image file to (H, W) in [0, 1]; raises a `LeanlungError` if it cannot.
        describe: What to note of a decoded image, before it is prepared.
    """

    decode: Callable[[Path], NDArray[np.float32]]
    describe: Callable[[NDArray[np.float32]], Mapping[str, str]]


@dataclass
class _Stamps:
    """Contents of files by name, size and time, so that unchanged files are not read again."""

    path: Path
    known: dict[str, str] = field(default_factory=dict)

    def load(self) -> _Stamps:
        with suppress(OSError, ValueError):  # not there, or damaged: every file is read again
            self.known = json.loads(self.path.read_text(encoding="utf-8"))
        return self

    def content(self, path: Path) -> str:
        """Fingerprint a file; a picture within one is the file's fingerprint and its name."""
        file, words = parted(path)
        try:
            found = file.stat()
            key = f"{file.resolve()}|{found.st_size}|{found.st_mtime_ns}"
            if key not in self.known:
                self.known[key] = fingerprints.of_file(file)
        except OSError as error:
            return f"unreadable: {error.strerror}"
        return f"{self.known[key]}#{words}" if words else self.known[key]


def prepared_images(
    sources: Sequence[Source],
    spec: PixelSpec,
    folder: Path,
    reader: Reader,
    watch: Callable[[int], None] = lambda _done: None,
) -> Prepared:
    """Decode and prepare images once, and find them again the next time.

    What could not be used is tried again each time: a codec may have been added since.

    Args:
        sources: What to prepare.
        spec: How.
        folder: Of all caches. One is found again as long as the files' contents, their order
            and the specification are the same, wherever the files lie.
        reader: How files become arrays.
        watch: Told how many sources are done.

    Returns:
        The images, mapped from the disk; sources that cannot be used are listed with a reason.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    if spec.crop != "lungs":
        sources = [Source(source.image) for source in sources]
    place = folder / _key(sources, spec, _Stamps(folder / _CONTENTS).load())[:16]
    found = _found(place)
    if found is None or not _still_right(found[1], sources, spec, reader):
        found = _fill(place, sources, spec, reader, watch)
    images, entries = found
    watch(len(sources))
    return Prepared(
        images=torch.from_numpy(images),
        rows=tuple(entry["row"] for entry in entries),
        facts=tuple(entry["facts"] for entry in entries),
        reasons=tuple(entry["reason"] for entry in entries),
    )


def contents(paths: Sequence[Path], folder: Path) -> list[str]:
    """Fingerprint files; those that have not changed since are not read again.

    Args:
        paths: Which.
        folder: Of all caches, where fingerprints are kept.

    Returns:
        One for each; what cannot be read has the reason instead.
    """
    stamps = _Stamps(folder / _CONTENTS).load()
    before = len(stamps.known)
    found = [stamps.content(path) for path in paths]
    if len(stamps.known) > before:
        write_json(stamps.path, stamps.known)
    return found


def _key(sources: Sequence[Source], spec: PixelSpec, stamps: _Stamps) -> str:
    """Fingerprint everything that decides the bytes; standardising comes after them."""
    before = len(stamps.known)
    contents = [
        [stamps.content(source.image), stamps.content(source.mask) if source.mask else ""]
        for source in sources
    ]
    if len(stamps.known) > before:
        write_json(stamps.path, stamps.known)
    return fingerprints.of_value([_VERSION, spec.model_dump(exclude={"standardise"}), contents])


_Found = tuple["NDArray[np.uint8]", list[dict[str, Any]]]


def _found(place: Path) -> _Found | None:
    """Give the images and what was noted of each source; None if they are not whole."""
    try:
        facts = json.loads((place / _FACTS).read_text(encoding="utf-8"))
        return _mapped(place / facts["images"]), facts["sources"]
    except (OSError, ValueError, EOFError, KeyError, TypeError):  # not there, or damaged
        return None


def _mapped(path: Path) -> NDArray[np.uint8]:
    # Copy-on-write: torch wants a writable array, the file stays as it is.
    images: NDArray[np.uint8] = np.load(path, mmap_mode="c")
    return images


def _still_right(
    entries: Sequence[dict[str, Any]],
    sources: Sequence[Source],
    spec: PixelSpec,
    reader: Reader,
) -> bool:
    """Try again what could not be used; if all of it still cannot, renew the reasons."""
    bad = [place for place, entry in enumerate(entries) if entry["reason"]]
    results = _results([sources[place] for place in bad], spec, reader)
    for place, (image, _, reason) in zip(bad, results, strict=True):
        if image is not None:
            return False
        entries[place]["reason"] = reason
    return True


def _fill(
    place: Path,
    sources: Sequence[Source],
    spec: PixelSpec,
    reader: Reader,
    watch: Callable[[int], None],
) -> _Found:
    """Write the array, then the facts, whose presence says that all is there.

    The array gets a name of its own, which the facts tell: runs that fill the same cache at
    once do not meet, and facts never stand beside the array of another filling.
    """
    path = place / f"images-{secrets.token_hex(4)}.npy"
    entries: list[dict[str, Any]] = []
    shape = (len(sources), spec.size, spec.size)
    blank = np.zeros(shape[1:], dtype=np.uint8)
    # Written in sequence rather than through a map: a full disk then raises, and does not kill.
    with replacing(path) as partial, partial.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        write_array_header_1_0(file, header)
        row = 0
        for done, (image, facts, reason) in enumerate(_results(sources, spec, reader), start=1):
            if image is not None:
                file.write(image.tobytes())
            entries.append(
                {"row": None if image is None else row, "facts": facts, "reason": reason}
            )
            row += image is not None
            watch(done)
        for _ in range(len(sources) - row):
            file.write(blank.tobytes())
    images = _mapped(path)
    write_json(place / _FACTS, {"images": path.name, "sources": entries})
    _clear(place, path)
    return images, entries


def _clear(place: Path, keep: Path) -> None:
    """Remove arrays of earlier fillings, and what killed processes left half-written."""
    earlier = [path for path in place.glob("images-*.npy") if path != keep]
    for path in (*earlier, *place.glob(".images-*.partial")):
        with suppress(OSError):  # somebody else cleared it, or still holds it
            if path in earlier or time.time() - path.stat().st_mtime > _LONG_AGO_S:
                path.unlink()


_Result = tuple["NDArray[np.uint8] | None", dict[str, str], str]


def _results(sources: Sequence[Source], spec: PixelSpec, reader: Reader) -> Iterator[_Result]:
    """Prepare in the sources' order, on all cores, few at a time so that memory stays flat."""

    def one(source: Source) -> _Result:
        try:
            image = reader.decode(source.image)
            mask = reader.decode(source.mask) if source.mask else None
            return prepare(image, spec, mask), dict(reader.describe(image)), ""
        except PixelError as error:
            beside = f" with lung mask {source.mask}" if source.mask else ""
            return None, {}, f"{source.image}{beside}: {error}"
        except LeanlungError as error:
            return None, {}, str(error)

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(sources), 8 * workers):
            yield from pool.map(one, sources[start : start + 8 * workers])
