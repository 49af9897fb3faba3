"""Members of an archive: what a zip or tar file says it holds, checked before it is used."""

from __future__ import annotations

import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Literal

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Kind = Literal["file", "folder", "link"]

_DRIVE = re.compile(r"^[A-Za-z]:")
_ENCRYPTED, _UTF8 = 0x1, 0x800
"""Flags of a zip file's members."""
_LONGEST_PATH = 4096

BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
)
"""What the libraries raise on an archive that is damaged or packed as they do not know."""


@dataclass(frozen=True)
class Member:
    """One entry.

    Attributes:
        path: Relative, within the archive.
        kind: What it is; of links, those within the archive alone.
        size: Bytes that it says it has.
        open: Opens its content; None of a folder.
        target: What a link leads to, within the archive.
        guessed: Whether its name was not written in UTF-8.
    """

    path: PurePosixPath
    kind: Kind
    size: int
    open: Callable[[], IO[bytes]] | None = None
    target: PurePosixPath | None = None
    guessed: bool = False


@contextmanager
def members_of(archive: Path) -> Iterator[Iterator[Member]]:
    """Open a zip or tar file.

    Yields:
        Its members in the order they lie in; each has to be read before the next is asked for.

    Raises:
        StudyError: If it is neither, damaged, encrypted, or holds what may not be unpacked: a
            path or a link that leads outside, a device.
    """
    try:
        if _begins(archive) == b"PK":
            with zipfile.ZipFile(archive) as opened:
                yield _of_zip(archive, opened)
        else:
            with tarfile.open(archive, mode="r|*", errors="surrogateescape") as tape:
                yield _of_tar(archive, tape)
    except BROKEN as error:
        msg = f"{archive}: not a whole zip or tar file ({error}); fetch it again"
        raise StudyError(msg) from error


def _begins(archive: Path) -> bytes:
    with archive.open("rb") as file:
        return file.read(2)


def is_archive(name: str) -> bool:
    """Tell from its name whether a file is to be unpacked."""
    return name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz"))


def _of_zip(archive: Path, opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        name, guessed = info.filename, False
        if not info.flag_bits & _UTF8 and not name.isascii():
            name, guessed = _renamed(info.orig_filename), True
        if info.flag_bits & _ENCRYPTED:
            msg = (
                f"{archive}: {name!r} is encrypted; unpack it by hand, with the password that "
                "its publisher gives"
            )
            raise StudyError(msg)
        path = inside(archive, name)
        mode = info.external_attr >> 16
        if info.is_dir():
            yield Member(path, "folder", 0, guessed=guessed)
        elif stat.S_ISLNK(mode) and info.file_size <= _LONGEST_PATH:
            target = opened.read(info).decode("utf-8", "surrogateescape")
            yield Member(path, "link", 0, None, _led_to(archive, path, target), guessed)
        elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            raise _no_file(archive, name)
        else:
            yield Member(path, "file", info.file_size, _opening(opened, info), None, guessed)


def _opening(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: opened.open(info)


def _of_tar(archive: Path, tape: tarfile.TarFile) -> Iterator[Member]:
    for info in tape:
        name, guessed = _readable(info.name)
        path = inside(archive, name)
        if info.isdir():
            yield Member(path, "folder", 0, guessed=guessed)
        elif info.issym():
            target = _led_to(archive, path, _readable(info.linkname)[0])
            yield Member(path, "link", 0, None, target, guessed)
        elif info.islnk():
            target = inside(archive, _readable(info.linkname)[0])
            yield Member(path, "link", 0, None, target, guessed)
        elif info.isreg() and (content := tape.extractfile(info)) is not None:
            yield Member(path, "file", info.size, _given(content), None, guessed)
        else:
            raise _no_file(archive, name)


def _given(content: IO[bytes]) -> Callable[[], IO[bytes]]:
    return lambda: content


def inside(archive: Path, name: str) -> PurePosixPath:
    """Take a member's name as a path below the folder that is unpacked into.

    Backslashes part folders too, as archives made on Windows have them.

    Raises:
        StudyError: If it leads outside, or is no name of a file.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        msg = f"{archive}: {name!r} leads outside the folder it is unpacked into; nothing was"
        raise StudyError(msg)
    if any(ord(letter) < 32 for letter in name):
        msg = f"{archive}: {name!r} is no name of a file; nothing was unpacked"
        raise StudyError(msg)
    return path


def _led_to(archive: Path, path: PurePosixPath, target: str) -> PurePosixPath:
    """Follow a symbolic link by its letters alone."""
    parts: list[str] = list(path.parent.parts)
    led = PurePosixPath(target.replace("\\", "/"))
    outside = led.is_absolute() or bool(_DRIVE.match(target))
    for part in led.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            outside = True
    if outside:
        msg = (
            f"{archive}: the link {str(path)!r} leads outside, to {target!r}; nothing was "
            "unpacked"
        )
        raise StudyError(msg)
    return PurePosixPath(*parts)


def _no_file(archive: Path, name: str) -> StudyError:
    return StudyError(
        f"{archive}: {name!r} is neither file nor folder nor link but a device or the like; "
        "nothing was unpacked"
    )


def _renamed(name: str) -> str:
    """Read a zip file's name that is not said to be UTF-8; most are all the same."""
    written = name.encode("cp437", "surrogateescape")
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return name


def _readable(name: str) -> tuple[str, bool]:
    """Read a tar file's name; what is not UTF-8 is taken for Latin-1."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1"), True
    return name, False
