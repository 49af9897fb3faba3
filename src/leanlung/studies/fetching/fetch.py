"""Fetch an archive: download what is free of it, unpack it, and note what came."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_json
from leanlung.foundations.locks import held
from leanlung.studies.fetching.download import download
from leanlung.studies.fetching.members import is_archive
from leanlung.studies.fetching.revision import require_asked, revision_of
from leanlung.studies.fetching.unpacking import Unpacked, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from leanlung.studies.fetching.catalogue import KnownArchive, RemoteFile
    from leanlung.studies.fetching.download import Downloaded

    Download = Callable[..., Downloaded]

RECORD = "fetched.json"
"""In the archive's folder: what came from where, with the SHA-256 of everything downloaded."""

_LOCK = ".fetching.lock"
_SHORTEST = 7
"""Digits of a commit that name it."""


class Watcher(Protocol):
    """Somebody who wants to know how far it is."""

    def file(self, name: str) -> AbstractContextManager[Callable[[int, int | None], None]]:
        """Begin a file; give what is told how many bytes are there, and of how many."""

    def note(self, text: str) -> None:
        """Say something that stays."""


@dataclass(frozen=True)
class FetchedFile:
    """A file that came.

    Attributes:
        url: Where from.
        name: What it was called.
        bytes: Its size.
        sha256: Of what was downloaded.
        checksum: What the publisher prints, against which it was checked; empty for none.
        fetched: When, UTC.
        unpacked: What came out of it, after which it was removed; None of a file that is kept.
        asked: Revision that was asked for; empty for the newest.
        commit: Of a repository's state: its id, where the file tells it.
        committed: When that was, UTC.
    """

    url: str
    name: str
    bytes: int
    sha256: str
    checksum: str
    fetched: str
    unpacked: Unpacked | None = None
    asked: str = ""
    commit: str = ""
    committed: str = ""


@dataclass(frozen=True)
class Fetched:
    """What is there of an archive.

    Attributes:
        archive: Its name.
        folder: Where.
        files: What was downloaded, now or earlier.
        by_hand: What is not, and how to get it.
        page: Of the publisher.
    """

    archive: str
    folder: Path
    files: tuple[FetchedFile, ...]
    by_hand: str
    page: str

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            **vars(self),
            "folder": str(self.folder),
            "files": [asdict(file) for file in self.files],
        }


def fetch(
    archive: KnownArchive, out: Path, watcher: Watcher, get: Download = download
) -> Fetched:
    """Bring what may be downloaded of an archive.

    What came earlier is found again; what was begun is gone on with.

    Args:
        archive: Whose licence was agreed to.
        out: Everything goes to the folder of the archive's name in it.
        watcher: Told of progress.
        get: Downloads a file, as `download` does.

    Returns:
        What is there.

    Raises:
        StudyError: If a file cannot be had, is not what its checksum says, may not be unpacked,
            something else is in its place, such as another revision, or another process is at
            it.
        StorageError: If the disk is full.
    """
    folder = out / archive.name
    with held(folder / _LOCK, wait=False) as alone:
        if not alone:
            msg = f"{folder}: another process fetches this archive; wait for it to end"
            raise StudyError(msg)
        files = _bring_all(archive, folder, watcher, get)
    return Fetched(archive.name, folder, files, archive.by_hand, archive.page)


def _bring_all(
    archive: KnownArchive, folder: Path, watcher: Watcher, get: Download
) -> tuple[FetchedFile, ...]:
    done = _recorded(folder / RECORD)
    for file in archive.files:
        path = folder / file.name
        before = _earlier(file, done, folder)
        if before and _is_there(before, path):
            watcher.note(f"{file.name}: is there already, sha256 {before.sha256}")
            continue
        if not (before and _is_same(before, path)):
            before = _bring(archive, file, path, watcher, get)
            _record(folder / RECORD, archive, done | {before.url: before})
        if is_archive(file.name):
            watcher.note(f"unpacking {file.name}")
            before = replace(before, unpacked=unpack(path, folder))
            path.unlink()
        done[before.url] = before
        _record(folder / RECORD, archive, done)
    names = {one.name: one for one in done.values()}
    return tuple(names[file.name] for file in archive.files)


def _earlier(
    file: RemoteFile, done: dict[str, FetchedFile], folder: Path
) -> FetchedFile | None:
    """Find what came earlier of a file.

    Raises:
        StudyError: If that is of another revision; two in one folder would be neither.
    """
    if not file.states:
        return done.get(file.url)
    found = next((one for one in done.values() if one.name == file.name), None)
    if found is None or found.url == file.url:
        return found
    asked = file.revision.lower()
    if asked and len(asked) >= _SHORTEST and found.commit.startswith(asked):
        return found
    msg = (
        f"{folder}: holds {file.name} of {_state(found)}, and {file.revision or 'the newest'} "
        "was asked for; choose another --out"
    )
    raise StudyError(msg)


def _state(file: FetchedFile) -> str:
    """Say which state of a repository a file is of."""
    return f"commit {file.commit}" if file.commit else file.asked or "the newest by then"


def _bring(
    archive: KnownArchive, file: RemoteFile, path: Path, watcher: Watcher, get: Download
) -> FetchedFile:
    if path.exists():
        msg = (
            f"{path}: is there, but was not downloaded by this command; move it away, or "
            "choose another --out"
        )
        raise StudyError(msg)
    with watcher.file(file.name) as told:
        came = get(file, path, told, page=archive.page)
    checked = (
        f"checked against {file.checksum}" if file.checksum else "no checksum is published"
    )
    watcher.note(f"{file.name}: {came.bytes:,} bytes, sha256 {came.sha256} ({checked})")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = FetchedFile(file.url, file.name, came.bytes, came.sha256, file.checksum, now)
    if not file.states:
        return found
    revision = revision_of(path)
    try:
        require_asked(file.revision, revision, file.url)
    except StudyError:
        path.unlink()
        raise
    if revision is None:
        watcher.note(f"{file.name}: does not tell its commit")
        return replace(found, asked=file.revision)
    watcher.note(f"{file.name}: commit {revision.commit} of {revision.date or 'no date told'}")
    return replace(found, asked=file.revision, commit=revision.commit, committed=revision.date)


def _is_there(before: FetchedFile, path: Path) -> bool:
    """Tell whether nothing is left to do for a file."""
    if before.unpacked is not None:
        return any(one.name not in {RECORD, _LOCK} for one in path.parent.iterdir())
    return not is_archive(before.name) and _is_same(before, path)


def _is_same(before: FetchedFile, path: Path) -> bool:
    return path.is_file() and fingerprints.of_file(path) == before.sha256


def _record(path: Path, archive: KnownArchive, done: dict[str, FetchedFile]) -> None:
    told = {
        "archive": archive.name,
        "page": archive.page,
        "licence": archive.licence,
        "files": [asdict(file) for file in done.values()],
    }
    write_json(path, told)


def _recorded(path: Path) -> dict[str, FetchedFile]:
    """Read what came earlier.

    Raises:
        StudyError: If the record is damaged.
    """
    if not path.is_file():
        return {}
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        found = [
            FetchedFile(**{**one, "unpacked": _unpacked(one.get("unpacked"))}) for one in files
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path}: not a record of this command ({error}); remove it to begin anew"
        raise StudyError(msg) from error
    return {file.url: file for file in found}


def _unpacked(value: dict[str, Any] | None) -> Unpacked | None:
    if value is None:
        return None
    lists = {name: tuple(value[name]) for name in ("copied", "guessed")}
    return Unpacked(**{**value, **lists})
