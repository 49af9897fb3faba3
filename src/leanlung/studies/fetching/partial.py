"""A partial file: what of a download is there, and of which file it is."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StorageError
from leanlung.foundations.files import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_BLOCK = 1 << 20
_SPARE = 1 << 20
"""Bytes a disk keeps free for everything else."""


@dataclass(frozen=True)
class Begun:
    """Which file a partial one is the beginning of.

    Attributes:
        url: Where it comes from.
        validator: The server knows it by this; without one it cannot be gone on with.
        total: Bytes of the whole file, if they are known.
    """

    url: str
    validator: str
    total: int | None


class PartialFile:
    """The beginning of a file, with the digests of what is there.

    Attributes:
        path: ``<name>.partial`` beside the final one; ``<name>.partial.json`` tells what it is.
        size: Bytes that are there.
        begun: Which file it is the beginning of; None where there is nothing.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._note = path.with_name(path.name + ".json")
        self.size = 0
        self.begun: Begun | None = None
        self._digests = _digests()

    def go_on(self, url: str) -> None:
        """Read what is there, if it is a beginning of this address's file; else forget it."""
        begun = _read(self._note)
        if begun is None or begun.url != url or not begun.validator:
            self.forget()
            return
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self._count(block)
        self.begun = begun
        if begun.total is not None and self.size > begun.total:
            self.forget()

    def forget(self) -> None:
        """Begin anew, with nothing."""
        self._file.seek(0)
        self._file.truncate()
        self._note.unlink(missing_ok=True)
        self.size, self.begun, self._digests = 0, None, _digests()

    def note(self, begun: Begun) -> None:
        """Write down which file it is, before the first of its bytes.

        Raises:
            StorageError: If the disk has no room for the rest of it.
        """
        if begun.total is not None:
            free = shutil.disk_usage(self.path.parent).free
            if begun.total - self.size > free - _SPARE:
                msg = (
                    f"{self.path.parent}: {begun.total - self.size:,} bytes are still to come, "
                    f"and {free:,} are free; free some space or choose another --out"
                )
                raise StorageError(msg)
        if begun != self.begun:
            write_json(self._note, asdict(begun))
        self.begun = begun

    def add(self, block: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: If the disk is full; what is there can be gone on with.
        """
        left = memoryview(block)
        try:
            while left:  # a disk that fills up takes a part first
                left = left[self._file.write(left) :]
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                with suppress(OSError):
                    self._file.truncate(self.size)
                    self._file.seek(self.size)
                msg = (
                    f"{self.path}: the disk is full; free some space and run the same command "
                    f"again, it goes on after {self.size:,} bytes"
                )
                raise StorageError(msg) from error
            raise
        self._count(block)

    def digest(self, kind: str) -> str:
        """Give the ``sha256`` or ``md5`` of what is there, in hexadecimal."""
        return self._digests[kind].hexdigest()

    def become(self, final: Path) -> None:
        """Take the final name, once everything is there and on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.path.replace(final)
        self._note.unlink(missing_ok=True)

    def _count(self, block: bytes) -> None:
        self.size += len(block)
        for digest in self._digests.values():
            digest.update(block)


@contextmanager
def partial_of(final: Path) -> Iterator[PartialFile]:
    """Open the partial file of a final one; one process at a time may.

    Raises:
        StorageError: If the folder cannot be written.
    """
    path = final.with_name(final.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}); choose another --out"
        raise StorageError(msg) from error
    with file:
        yield PartialFile(path, file)


def _digests() -> dict[str, hashlib._Hash]:
    return {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}


def _read(note: Path) -> Begun | None:
    try:
        begun = Begun(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    sound = isinstance(begun.url, str) and isinstance(begun.validator, str)
    return begun if sound and isinstance(begun.total, int | None) else None
