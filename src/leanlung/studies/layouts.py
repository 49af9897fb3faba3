"""Layouts: how a folder or a file becomes a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
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
        layout: One of `LAYOUTS`, or ``auto``: a manifest where there is one, else folders.

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


def _read(root: Path, manifest: str, layout: str) -> Cohort:
    if not root.exists():
        msg = f"{root}: no such file or folder; give the images' folder with --data"
        raise StudyError(msg)
    if layout not in {"auto", *LAYOUTS}:
        known = sorted({"auto", *LAYOUTS})
        msg = f"no layout {layout!r}; there are {known}{did_you_mean(layout, known)}"
        raise StudyError(msg)
    place = root / manifest if manifest else root
    if layout != "folders":
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


LAYOUTS: dict[str, Layout] = {
    "manifest": Layout(read_manifest, "a CSV file with one row an image"),
    "folders": Layout(
        lambda place, _root: read_folders(place), "one folder a class, images or patients in it"
    ),
}
