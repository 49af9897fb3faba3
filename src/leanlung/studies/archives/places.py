"""Places: where things lie in an archive's folder, however it was unzipped."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from leanlung.foundations.errors import StudyError

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom"})
"""Suffixes of pictures, in small letters."""

_DEPTH = 5
_MANY = 60
_FOLDERS = 1000


def passed_over(name: str) -> bool:
    """Tell what computers leave behind in archives: hidden files and ``__MACOSX``."""
    return name.startswith((".", "__MACOSX"))


@dataclass(frozen=True)
class Sight:
    """What one sees of a folder without walking all of it.

    Attributes:
        root: The folder.
        names: Of files, as paths below the root, five folders deep and in a thousand folders
            at most; of every folder all tables and lists, and of pictures and folders the
            first sixty.
    """

    root: Path
    names: tuple[str, ...]

    def has(self, pattern: str) -> bool:
        """Tell whether the end of a path fits a pattern; capitals do not count."""
        return bool(self._fitting(pattern))

    def find(self, pattern: str) -> Path | None:
        """Give the file whose path ends in a pattern, the least deep one.

        Raises:
            StudyError: If several lie equally deep.
        """
        fitting = sorted(self._fitting(pattern), key=lambda name: (name.count("/"), name))
        if not fitting:
            return None
        depth = fitting[0].count("/")
        if len(fitting) > 1 and fitting[1].count("/") == depth:
            msg = (
                f"{self.root}: {fitting[0]} and {fitting[1]} are there; one of them was "
                "expected; give the folder of the one you mean"
            )
            raise StudyError(msg)
        return self.root / fitting[0]

    def need(self, pattern: str, what: str) -> Path:
        """Give the file as `find` does.

        Args:
            pattern: As of `find`.
            what: It is called in messages.

        Raises:
            StudyError: If there is none.
        """
        found = self.find(pattern)
        if found is None:
            msg = (
                f"{self.root}: no {what} here or below; get the archive again, unzip all of it"
            )
            raise StudyError(msg)
        return found

    def header(self, name: str) -> set[str]:
        """Give the column names of a table, in small letters; none if it is not there."""
        from leanlung.studies.archives.rows import header_of

        found = sorted(self._fitting(re.escape(name)), key=lambda one: one.count("/"))
        return set(header_of(self.root / found[0])) if found else set()

    def _fitting(self, pattern: str) -> list[str]:
        searched = re.compile(rf"(?:^|/)(?:{pattern})$", re.IGNORECASE)
        return [name for name in self.names if searched.search(name)]

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """Paths of the pictures that are seen."""
        return tuple(name for name in self.names if Path(name).suffix.lower() in IMAGES)


def sight_of(root: Path) -> Sight:
    """Look at a folder; of large ones only so much as tells what it is.

    Args:
        root: The folder, or a file of an archive that is one file.
    """
    if root.is_file():
        return Sight(root.parent, (root.name,))
    names: list[str] = []
    level = [""]
    left = _FOLDERS
    for _ in range(_DEPTH + 1):
        deeper: list[str] = []
        for folder in level[:left]:
            with os.scandir(root / folder) as entries:
                found = sorted((e for e in entries if not passed_over(e.name)), key=_name)
            folders = [e.name for e in found if e.is_dir()]
            files = [e.name for e in found if not e.is_dir()]
            pictures = [name for name in files if Path(name).suffix.lower() in IMAGES]
            seen = set(pictures[_MANY:])
            names += [f"{folder}{name}" for name in files if name not in seen]
            deeper += [f"{folder}{name}/" for name in folders[:_MANY]]
        left -= len(level[:left])
        level = deeper
    return Sight(root, tuple(names))


def files_below(root: Path, suffixes: frozenset[str] = IMAGES) -> list[Path]:
    """List the files below a folder, sorted.

    Hidden files and ``__MACOSX`` are passed over; links to folders are followed, once.

    Args:
        root: The folder.
        suffixes: Of the files, in small letters.
    """
    found: list[str] = []
    walked: set[str] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in walked:
            folders.clear()
            continue
        walked.add(real)
        folders[:] = sorted(name for name in folders if not passed_over(name))
        found += [
            os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand of them
            for name in files
            if os.path.splitext(name)[1].lower() in suffixes  # noqa: PTH122
            and not passed_over(name)
        ]
    return [Path(name) for name in sorted(found)]


def by_name(files: list[Path]) -> dict[str, Path]:
    """Index files by their name in small letters; of copies the least deep one."""
    ordered = sorted(files, key=lambda path: -len(path.parts))
    return {path.name.casefold(): path for path in ordered}


def by_stem(files: list[Path]) -> dict[str, Path]:
    """Index files by their name without suffix, in small letters; as `by_name`."""
    ordered = sorted(files, key=lambda path: -len(path.parts))
    return {path.stem.casefold(): path for path in ordered}


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
