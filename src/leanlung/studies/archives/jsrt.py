r"""JSRT: 247 films of Japan, 154 with a nodule, and the lung masks of SCR.

::

    JPCLN001.IMG    nodule; patient JPCLN001        raw, read by `leanlung.studies.pictures.raw`
    JPCNN001.IMG    no nodule; patient JPCNN001     (a copy saved as PNG, JPEG or DICOM will do)
    CLNDAT_EN.txt   name, subtlety, size, age, sex, …           parted by tabs
    CNNDAT_EN.txt   name, age, sex, …
    Masks/{left lung,right lung}/JPCLN001.gif       joined here; also left_lung, fold1/masks/…

Masks of the heart and the clavicles are passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.studies.archives.ledger import Ledger, refuse_names
from leanlung.studies.archives.masks import joined
from leanlung.studies.archives.places import IMAGES, by_stem, files_below, sight_of
from leanlung.studies.archives.rows import lines_of
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "jsrt"
LICENCE = "JSRT terms (research)"
_FILM = re.compile(r"JPC([LN])N(\d{3})", re.IGNORECASE)
_LUNG = re.compile(r"(left|right)[ _]?lungs?", re.IGNORECASE)
_OTHER = re.compile(r"heart|(left|right)[ _]?clavicle|masks?|points|landmarks", re.IGNORECASE)
_KINDS = {"L": ("nodule", "nodule"), "N": ("normal", "no nodule")}
_TABLES = {r"CLNDAT_EN\.txt": (3, 4), r"CNNDAT_EN\.txt": (1, 2)}


def fits(sight: Sight) -> bool:
    """Tell the archive by the names of its films."""
    return sight.has(r"JPC[LN]N\d{3}\.(img|png|jpe?g|dcm|tiff?)")


def read(root: Path, asked: Asked) -> Ledger:
    """Read films, ages and masks; see the module for the names.

    Raises:
        StudyError: If a film has another name, or masks cannot be joined.
    """
    films, masks, strange = [], [], []
    for path in files_below(root, IMAGES | {".img", ".gif"}):
        folders = path.relative_to(root).parts[:-1]
        if any(_LUNG.fullmatch(part) for part in folders):
            masks.append(path)
        elif any(_OTHER.fullmatch(part) for part in folders):
            continue
        elif _FILM.fullmatch(path.stem):
            films.append(path)
        else:
            strange.append(path)
    refuse_names(NAME, strange, "JPCLN001.IMG or JPCNN001.IMG")
    people = _people(sight_of(root))
    ledger = Ledger(NAME)
    without = 0
    for stem, path in sorted(by_stem(films).items()):
        own = [mask for mask in masks if mask.stem.casefold() == stem]
        mask = joined(
            own, asked.images / NAME / f"{stem.upper()}.png" if asked.images else None
        )
        without += mask is None
        label, finding = _KINDS[stem[3].upper()]
        age, told_sex = people.get(stem, ("", ""))
        ledger.keep(
            stem.upper(),
            path,
            label,
            patient=f"{NAME}-{stem.upper()}",
            confidence="derived",
            mask=mask,
            finding=finding,
            view="PA",
            modality="X-ray",
            sex=told_sex,
            age=age,
            license=LICENCE,
        )
    if without:
        ledger.note(f"films without a lung mask: {without} of {len(ledger.studies)}")
    if not people:
        ledger.note("sex and age are in CLNDAT_EN.txt and CNNDAT_EN.txt, which are not here")
    return ledger


def _people(sight: Sight) -> dict[str, tuple[str, str]]:
    """Give age and sex by film; rows that do not tell them are passed over."""
    found = {}
    for pattern, (age, place) in _TABLES.items():
        table = sight.find(pattern)
        for line in lines_of(table) if table else []:
            cells = [cell.strip() for cell in line.split("\t")]
            film = _FILM.match(cells[0])
            if film and len(cells) > place:
                found[film[0].casefold()] = (years(cells[age]), sex(cells[place]))
    return found
