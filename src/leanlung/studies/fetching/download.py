"""Download a file: gone on with after an interruption; whole and right, or not at all."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.fetching.asking import (
    AnotherFileError,
    InterruptedAnswerError,
    asking,
)
from leanlung.studies.fetching.partial import Begun, partial_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.fetching.catalogue import RemoteFile
    from leanlung.studies.fetching.partial import PartialFile

    Watch = Callable[[int, int | None], None]
    """Told how many bytes are there, and of how many."""

ATTEMPTS = 6
"""Tries in a row that bring nothing worth the name before it is given up."""

WORTH = 1 << 20
"""Bytes of a try that count as progress, after which tries are counted anew."""

_CHECKSUM = re.compile(r"(sha256):([0-9a-f]{64})|(md5):([0-9a-f]{32})")


@dataclass(frozen=True)
class Downloaded:
    """A file that is there, whole.

    Attributes:
        path: Where.
        url: Where it came from.
        bytes: Its size.
        sha256: Of what was downloaded.
        checksum: What it was checked against; empty if the publisher prints none.
        resumed_at: Byte from which it was gone on with; 0 if it came in one piece.
    """

    path: Path
    url: str
    bytes: int
    sha256: str
    checksum: str
    resumed_at: int


def download(
    file: RemoteFile,
    path: Path,
    watch: Watch = lambda _done, _total: None,
    *,
    page: str = "",
    attempts: int = ATTEMPTS,
    wait: Callable[[float], None] = time.sleep,
) -> Downloaded:
    """Download a file.

    Bytes go to ``<path>.partial``, which takes the final name only when as many are there as
    the server told and the checksum is right. An interrupted download goes on where it stopped
    if the server still has the same file (If-Range); otherwise it begins anew.

    Args:
        file: Where it is, and its checksum.
        path: Where it goes; an existing file is replaced. One process at a time may.
        watch: Told of progress.
        page: Of the publisher, for messages.
        attempts: As `ATTEMPTS`.
        wait: Sleeps so many seconds between two tries: 1, 2, 4 …, 30 at most.

    Returns:
        What is there.

    Raises:
        StudyError: If it cannot be had, or is not what its checksum says.
        StorageError: If the disk is full; what is there stays to be gone on with.
    """
    kind, wanted = checksum_of(file.checksum)
    with partial_of(path) as partial:
        partial.go_on(file.url)
        resumed = _fill(partial, file.url, watch, page, attempts, wait)
        if wanted and partial.digest(kind) != wanted and resumed:
            partial.forget()  # two files in one: what the first half belonged to has changed
            resumed = _fill(partial, file.url, watch, page, attempts, wait)
        if wanted and (found := partial.digest(kind)) != wanted:
            partial.forget()
            msg = (
                f"{file.url}: the {kind} of what came is {found}, {wanted} was expected; it "
                f"was thrown away. Its publisher may have changed it: see {page or 'its page'}"
            )
            raise StudyError(msg)
        partial.become(path)
        sha256 = partial.digest("sha256")
        return Downloaded(path, file.url, partial.size, sha256, file.checksum, resumed)


def checksum_of(text: str) -> tuple[str, str]:
    """Take ``sha256:…`` or ``md5:…`` apart into kind and digits; both empty for none.

    Raises:
        StudyError: If it is neither.
    """
    if not text:
        return "", ""
    found = _CHECKSUM.fullmatch(text.lower())
    if found is None:
        msg = f"{text!r}: a checksum like sha256:… (64 digits) or md5:… (32) was expected"
        raise StudyError(msg)
    return found[1] or found[3], found[2] or found[4]


def _fill(
    partial: PartialFile,
    url: str,
    watch: Watch,
    page: str,
    attempts: int,
    wait: Callable[[float], None],
) -> int:
    """Bring all that is missing; give the byte from which the last answer went on."""
    failed = 0
    first = partial.size
    while not _is_whole(partial):
        before, after = partial.size, 0.0
        try:
            first = _once(partial, url, watch, page)
        except AnotherFileError:
            partial.forget()
            before, reason = 0, "the server goes on with another file than it began"
        except InterruptedAnswerError as error:
            reason, after = str(error), error.after
        else:
            break
        failed = 1 if partial.size - before >= WORTH else failed + 1
        if failed >= attempts:
            msg = (
                f"{url}: {reason}, {failed} times in a row; {partial.size:,} bytes are there. "
                "Run the same command again later"
            )
            raise StudyError(msg)
        wait(max(after, min(2.0 ** (failed - 1), 30.0)))
    return first


def _is_whole(partial: PartialFile) -> bool:
    begun = partial.begun
    return begun is not None and begun.total is not None and partial.size == begun.total


def _once(partial: PartialFile, url: str, watch: Watch, page: str) -> int:
    """Ask once, and take what comes."""
    begun = partial.begun
    validator = begun.validator if begun else ""
    with asking(url, partial.size, validator, page=page) as answer:
        total = answer.total
        if answer.first and begun and total is not None and begun.total not in {None, total}:
            raise AnotherFileError
        if not answer.ends:
            msg = (
                f"{url}: the server does not tell how long the file is, so that a cut "
                f"connection would not show; download it by hand: {page or url}"
            )
            raise StudyError(msg)
        if answer.first != partial.size:
            partial.forget()
        partial.note(Begun(url, answer.validator, total))
        watch(partial.size, total)
        for block in answer.blocks():
            partial.add(block)
            watch(partial.size, total)
        if total is not None and partial.size != total:
            reason = f"the connection ended after {partial.size:,} of {total:,} bytes"
            raise InterruptedAnswerError(reason)
        return answer.first
