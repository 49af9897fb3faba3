"""Layouts: how a folder or a file becomes a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.studies.archives import ARCHIVES
from leanlung.studies.archives.indexing import guess, index
from leanlung.studies.archives.rows import header_of
from leanlung.studies.folders import read_folders
from leanlung.studies.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.study import Cohort


class Layout(NamedTuple):
    """A way images lie on a disk.

    Attributes:
        read: From the path given with ``--data`` and the root of relative paths to a cohort.
        about: One line for a listing.
    """

    read: Callable[[Path, Path], Cohort]
    about: str


MANIFESTS = ("cohort.csv", "manifest.csv", "metadata.csv")
_USUAL = "cohort.csv, manifest.csv or metadata.csv"


def read_cohort(root: Path, manifest: str = "", layout: str = "auto") -> Cohort:
    """Read the images below a folder.

    Args:
        root: What ``--data`` gave: a folder, or a manifest itself.
        manifest: Path of the manifest, or of its folder, below ``root``.
        layout: One of `LAYOUTS`, or ``auto``: a manifest where there is one, else a known
            archive, else folders.

    Returns:
        The cohort.

    Raises:
        StudyError: If there is nothing to read, it may not be read, or the layout is unknown.
    """
    try:
        return _read(root, manifest, layout)
    except OSError as error:
        msg = f"{error.filename or root}: cannot be read ({error.strerror}); ask its owner"
        raise StudyError(msg) from error


def require_layout(name: str) -> str:
    """Give a layout's name back, or refuse it.

    Args:
        name: ``auto`` or one of `LAYOUTS`.

    Raises:
        StudyError: If there is no such layout.
    """
    known = sorted({"auto", *LAYOUTS})
    if name not in known:
        msg = f"no layout {name!r}; there are {known}{did_you_mean(name, known)}"
        raise StudyError(msg)
    return name


def _read(root: Path, manifest: str, layout: str) -> Cohort:
    if not root.exists():
        msg = f"{root}: no such file or folder; give the images' folder with --data"
        raise StudyError(msg)
    require_layout(layout)
    place = root / manifest if manifest else root
    if layout == "auto" and not manifest:
        layout = _archive_at(place) or layout
    if layout in {"auto", "manifest"}:
        place = next((place / name for name in MANIFESTS if (place / name).is_file()), place)
    if layout == "auto":
        layout = "manifest" if place.is_file() or manifest else "folders"
    if layout == "manifest" and place.is_dir():
        msg = (
            f"{place}: no manifest in this folder; {_USUAL} was expected, or one named by "
            "data.manifest in the recipe"
        )
        raise StudyError(msg)
    return LAYOUTS[layout].read(place, root if root.is_dir() else root.parent)


def _archive_at(place: Path) -> str:
    """Name the archive in a folder; blank where a manifest or nothing known is."""
    if not place.is_dir() or any((place / name).is_file() for name in MANIFESTS[:2]):
        return ""
    # Of the usual names metadata.csv is one that archives have too, without paths of images.
    own = place / MANIFESTS[2]
    if own.is_file() and {"image_path", "path"} & set(header_of(own)):
        return ""
    found = guess(place)
    return found[0] if len(found) == 1 else ""


def _of_archive(name: str) -> Layout:
    return Layout(lambda place, _root: index(place, name).cohort, ARCHIVES[name].about)


LAYOUTS: dict[str, Layout] = {
    "manifest": Layout(read_manifest, "a CSV file with one row an image"),
    "folders": Layout(
        lambda place, _root: read_folders(place), "one folder a class, images or patients in it"
    ),
} | {name: _of_archive(name) for name in ARCHIVES}
