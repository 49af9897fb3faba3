"""A picture within a file: ``scan.nii.gz#z=057,window=lung`` names one slice of a volume.

What follows the last ``#`` is told in words, some with a value, parted by commas::

    z=057          the slice, from 0 at the feet's end; NIfTI only
    window=lung    the window, by name or as level:width; z or window comes first
    mask           pixels above zero are 1, all others 0; mask=3: those of label 3

A file that bears such a name itself is meant as it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PART = re.compile(r"(.+)#((?:z|window)=[^#/\\]+)")


def parted(path: Path) -> tuple[Path, str]:
    """Part a path into the file and what is meant of it.

    Args:
        path: Of a file, or of a picture within one.

    Returns:
        The file, and the words after ``#``; none if the whole file is meant.

    Examples:
        >>> from pathlib import Path
        >>> parted(Path("a/scan.nii.gz#z=057,mask"))[1], parted(Path("a/film#1.png"))[1]
        ('z=057,mask', '')
    """
    found = _PART.fullmatch(path.name)
    if found is None or path.is_file():
        return path, ""
    return path.with_name(found[1]), found[2]


def file_of(path: Path) -> Path:
    """Give the file that a picture lies in, which mostly is the path itself."""
    return parted(path)[0]


def within(file: Path, words: str) -> Path:
    """Name a picture within a file."""
    return file.with_name(f"{file.name}#{words}")
