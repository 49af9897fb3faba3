"""What is asked of an archive: which of its images, and how its own words are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Uncertain = Literal["ones", "zeros", "ignore"]


@dataclass(frozen=True)
class Asked:
    """Which images of an archive are wanted.

    The first three go for every archive, the others for those that say so (`Archive.takes`).

    Attributes:
        frontal: Only frontal radiographs; False keeps lateral views and CT too.
        adults: Only patients of 18 years or more.
        licences: Only images under one of these; all if empty.
        revision: Of covid-chestxray: a git commit, or a date up to which films count.
        mapping: Of RSNA 2018 and COVIDx: the JSON file that tells the NIH image of each.
        uncertain: What CheXpert's -1 means: a finding, none, or an image left out.
        finding: Of archives with several findings an image: the one to tell from the others.
        lists: Of COVIDx: the lists of images, where several versions lie together.
        label: Of a plain folder: the class of all its images.
        source: Of a plain folder: where they come from.
        merge_series: Of Kermany: whether NORMAL2-IM-0027 is the patient of IM-0027.
        infected_pixels: Of CT volumes: a slice with so many pixels of infection, or more, is
            infected; one with fewer, but not without, is left out.
        images: Folder for pictures that have to be written: joined masks, images out of an
            archive file.
    """

    frontal: bool = True
    adults: bool = False
    licences: tuple[str, ...] = ()
    revision: str = ""
    mapping: Path | None = None
    uncertain: Uncertain | None = None
    finding: str = ""
    lists: tuple[str, ...] = ()
    label: str = ""
    source: str = ""
    merge_series: bool = False
    infected_pixels: int = 1
    images: Path | None = None


FOR_ALL = frozenset({"frontal", "adults", "licences", "images"})
"""What goes for every archive; ``images`` is simply not needed by most."""


_OPTIONS = {"infected_pixels": "infected-pixels"}
"""What options are called that are not called as their field, in the singular."""


def require_taken(name: str, asked: Asked, takes: Mapping[str, frozenset[str]]) -> None:
    """Refuse what an archive does not take.

    Args:
        name: Of the archive.
        asked: Of it.
        takes: What every archive takes, by its name.

    Raises:
        UsageError: Naming the option, and the archives that take it.
    """
    unasked = Asked()
    for field in fields(Asked):
        given = getattr(asked, field.name) != getattr(unasked, field.name)
        if given and field.name not in FOR_ALL | takes[name]:
            those = sorted(one for one, taken in takes.items() if field.name in taken)
            option = "--" + _OPTIONS.get(
                field.name, field.name.replace("_", "-").removesuffix("s")
            )
            msg = f"{option} does not go for {name}; it goes for {', '.join(those)}"
            raise UsageError(msg)
