"""Files written whole or not at all: a reader never sees half of one.

Each is written beside its final name, flushed to the disk and renamed over it. A process
killed in between leaves the old file as it was and at most a stray ``.name.partial``, which
the next one writes over.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NOT_TAKEN = {errno.EFBIG, errno.EIO}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path that becomes ``path`` when the block ends well.

    Args:
        path: Final name; missing parent folders are made.

    Yields:
        Where to write. Nothing of it is left if the block raises.

    Raises:
        StorageError: If the disk is full or fails, the folder cannot be written, or something
            else bears its name.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):  # where nothing can be written, nothing was
            partial.unlink(missing_ok=True)
        if problem := _storage_problem(error):
            msg = f"{path}: {problem}"
            raise StorageError(msg) from error
        raise


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``folder`` when the block ends well.

    Args:
        folder: Final name; what is there stays until all is written, and goes then.

    Yields:
        Where to write; made by whoever writes first. Nothing of it is left if the block raises.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    with replacing(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write ``value`` to ``path`` as indented JSON, whole or not at all.

    Raises:
        ValueError: If a number is not finite; an undefined figure is written as null.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_line(path: Path, line: str) -> None:
    """Add one line to a log and flush it to the disk before returning.

    A line that a killed process left half-written is closed first, so that it takes no other
    with it.

    Raises:
        StorageError: As `replacing`; the log is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+", buffering=0) as file:
            end = file.tell()
            file.seek(max(end - 1, 0))
            data = (b"" if file.read(1) in (b"", b"\n") else b"\n") + line.encode() + b"\n"
            try:
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        if problem := _storage_problem(error):
            msg = f"{path}: {problem}"
            raise StorageError(msg) from error
        raise


def _storage_problem(error: BaseException) -> str:
    """Say what is wrong with the disk and what to do; nothing if it is something else."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return (
            "the disk is full; nothing half-written was left behind; free some space and run "
            "the same command again"
        )
    if number in _FORBIDDEN:
        return f"this folder cannot be written ({os.strerror(number)}); choose another --out"
    if number in _NOT_TAKEN:
        trouble = os.strerror(number)
        return f"the disk did not take it ({trouble}); check it or choose another --out"
    if number in _IN_THE_WAY:
        return "a file stands where a folder is needed; choose another --out"
    if number == errno.EISDIR:
        return "a folder stands where this file belongs; move it away or choose another --out"
    return ""
