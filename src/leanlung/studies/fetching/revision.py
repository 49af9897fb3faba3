"""A revision: which state of a repository is asked for, and which one came."""

from __future__ import annotations

import re
import struct
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.fetching.catalogue import ARCHIVES

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.fetching.catalogue import KnownArchive

_NAME = re.compile(r"(?!.*\.\.)\w[\w.+/-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TIMES = 0x5455
"""Kind of a zip member's extra field that holds the time it was changed, in UTC."""


@dataclass(frozen=True)
class Revision:
    """A state of a repository.

    Attributes:
        commit: Its id, 40 hexadecimal digits.
        date: When it was committed, UTC, ISO 8601; empty if the file does not tell.
    """

    commit: str
    date: str


def at_revision(archive: KnownArchive, revision: str) -> KnownArchive:
    """Give an archive as it was at a revision of its repository.

    Args:
        archive: That lies in one.
        revision: A commit or a tag.

    Raises:
        UsageError: If it lies in none, or no revision can have such a name.
    """
    if not any(file.states for file in archive.files):
        there = [name for name, one in ARCHIVES.items() if any(f.states for f in one.files)]
        msg = (
            f"{archive.name} lies in no git repository, so it has no revisions; leave out "
            f"--revision, which is for {', '.join(there)}"
        )
        raise UsageError(msg)
    if not _NAME.fullmatch(revision):
        msg = f"--revision {revision!r}: a git commit or a tag was expected, such as 1a2b3c4"
        raise UsageError(msg)
    files = tuple(
        replace(file, url=file.states.replace("{revision}", quote(revision)), revision=revision)
        if file.states
        else file
        for file in archive.files
    )
    return replace(archive, files=files)


def revision_of(path: Path) -> Revision | None:
    """Read which commit a zip file is of.

    ``git archive``, which hosts of repositories pack with, writes the commit into the file's
    comment, and the time of the commit beside every member.

    Returns:
        The revision; None of a file that tells none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            comment = archive.comment.decode("ascii", "replace").strip()
            extra = next((one.extra for one in archive.infolist()), b"")
    except (OSError, zipfile.BadZipFile):
        return None
    return Revision(comment, _date(extra)) if _COMMIT.fullmatch(comment) else None


def require_asked(asked: str, came: Revision | None, url: str) -> None:
    """Make sure that what came is the commit that was asked for.

    Raises:
        StudyError: If it is another.
    """
    if came and _COMMIT.fullmatch(asked.lower()) and came.commit != asked.lower():
        msg = f"{url}: commit {came.commit} came, and {asked} was asked for; fetch it again"
        raise StudyError(msg)


def _date(extra: bytes) -> str:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _TIMES and len(field) >= 5 and field[0] & 1:
            [seconds] = struct.unpack("<i", field[1:5])
            return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return ""
