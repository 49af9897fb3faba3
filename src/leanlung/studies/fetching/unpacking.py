"""Unpacking: files of an archive onto the disk, never outside their folder or without end."""

from __future__ import annotations

import errno
import filecmp
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StorageError, StudyError
from leanlung.studies.fetching.members import Member, members_of

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

MOST_BYTES = 1 << 40
"""Of everything in one archive; the largest known holds half as much."""

MOST_FILES = 2_000_000
_RATIO = 200
_FREE_OF_RATIO = 1 << 30
"""An archive may grow by so many times; the first gigabyte in any case."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Unpacked:
    """What came out of an archive.

    Attributes:
        files: How many, copies in the place of links included.
        bytes: Of all of them.
        copied: Links within the archive; each became a copy of what it led to.
        guessed: Names that were not written in UTF-8 and were read as well as may be.
    """

    files: int
    bytes: int
    copied: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


def unpack(
    archive: Path, folder: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
) -> Unpacked:
    """Unpack a zip or tar file; all of it, or nothing.

    It is unpacked into a hidden folder first and moved from there, so that what is seen in
    ``folder`` is whole. No link is made: one that leads to a file of the archive becomes a copy
    of it. Files get the rights that new files have here, none of the archive's.

    Args:
        archive: The file.
        folder: Where its members go, beside what is there.
        most_bytes: More than that is refused, whatever the archive says it holds.
        most_files: Likewise.

    Returns:
        What came out.

    Raises:
        StudyError: If it is damaged, encrypted, too large, a member would leave the folder, or
            another file of its name is there.
        StorageError: If the disk is full.
    """
    hidden = folder / f".unpacking-{archive.name}"
    shutil.rmtree(hidden, ignore_errors=True)
    limit = min(most_bytes, max(_FREE_OF_RATIO, _RATIO * archive.stat().st_size))
    try:
        hidden.mkdir(parents=True)
        found = _Writer(archive, hidden, limit, most_files).all()
        _move(hidden, folder)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            msg = f"{folder}: the disk is full; nothing of {archive.name} was left behind"
            raise StorageError(msg) from error
        what = error.strerror or error
        msg = f"{archive}: a member cannot be written ({what}: {error.filename})"
        raise StudyError(msg) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return found


class _Writer:
    """Writes members, and counts what it writes."""

    def __init__(self, archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
        self._archive = archive
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._files = self._bytes = 0

    def all(self) -> Unpacked:
        links: list[Member] = []
        guessed: list[str] = []
        with members_of(self._archive) as members:
            for number, member in enumerate(members, start=1):
                if number > self._most_files:
                    msg = f"{self._archive}: more than {self._most_files:,} members; refused"
                    raise StudyError(msg)
                if member.guessed:
                    guessed.append(str(member.path))
                if member.kind == "link":
                    links.append(member)
                elif member.kind == "folder":
                    (self._folder / member.path).mkdir(parents=True, exist_ok=True)
                else:
                    self._write(member)
        for link in links:
            self._copy(link)
        copied = tuple(str(link.path) for link in links)
        return Unpacked(self._files, self._bytes, copied, tuple(guessed))

    def _write(self, member: Member) -> None:
        if member.open is None:
            return
        if self._bytes + member.size > self._most_bytes:
            raise self._too_large()
        path = self._new(member.path)
        written = 0
        with member.open() as content, path.open("xb") as file:
            while block := content.read(_BLOCK):
                written += len(block)
                if self._bytes + written > self._most_bytes:
                    raise self._too_large()
                file.write(block)
        if written != member.size:
            msg = (
                f"{self._archive}: {str(member.path)!r} has {written:,} bytes instead of "
                f"{member.size:,}; the archive is cut off or damaged; fetch it again"
            )
            raise StudyError(msg)
        self._count(written)

    def _copy(self, link: Member) -> None:
        """Put a copy where a link would be."""
        source = self._folder / (link.target or "")
        if not source.is_file():
            msg = (
                f"{self._archive}: the link {str(link.path)!r} leads to {str(link.target)!r}, "
                "which is no file of the archive; nothing was unpacked"
            )
            raise StudyError(msg)
        size = source.stat().st_size
        if self._bytes + size > self._most_bytes:
            raise self._too_large()
        shutil.copyfile(source, self._new(link.path))
        self._count(size)

    def _new(self, inner: PurePosixPath) -> Path:
        path = self._folder / inner
        if path.exists():
            msg = (
                f"{self._archive}: {str(inner)!r} is in it twice (or differs from another name "
                "in capitals alone); nothing was unpacked"
            )
            raise StudyError(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _count(self, size: int) -> None:
        self._files += 1
        self._bytes += size

    def _too_large(self) -> StudyError:
        return StudyError(
            f"{self._archive}: unpacked, it has more than {self._most_bytes:,} bytes, which no "
            "collection of films packed into so few has; refused, nothing was unpacked"
        )


def _move(hidden: Path, folder: Path) -> None:
    """Move everything to its place; folders that are there already are filled.

    The same file may be there: of an unpacking that was interrupted while it moved.
    """
    pairs = [(p, folder / p.relative_to(hidden)) for p in sorted(hidden.rglob("*"))]
    for path, place in pairs:
        if place.exists() and not _alike(path, place):
            msg = (
                f"{place}: something else is there already; move it away, or choose another "
                "--out"
            )
            raise StudyError(msg)
    for path, place in pairs:
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            path.replace(place)


def _alike(path: Path, place: Path) -> bool:
    if path.is_dir() or place.is_dir():
        return path.is_dir() and place.is_dir()
    return filecmp.cmp(path, place, shallow=False)
