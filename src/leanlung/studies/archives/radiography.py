"""COVID-19 Radiography Database (Qatar, Dhaka), versions 1 to 4.

::

    v1  {COVID-19,NORMAL,Viral Pneumonia}/COVID-19 (1).png
    v2  COVID/COVID (1).png
    v3  {COVID,Lung_Opacity,Normal,Viral Pneumonia}/COVID-1.png
    v4  COVID/images/COVID-1.png   COVID/masks/COVID-1.png
    COVID.metadata.xlsx  …  Viral Pneumonia.matadata.xlsx        [sic] FILE NAME, …, URL

No patient is known: every image counts as one, and 14,863 of them are images of RSNA 2018 under
other names. Where an image comes from, the workbooks tell (``NORMAL-1`` there is
``Normal-1.png`` here): source and class are nearly the same thing, and so is age, as Viral
Pneumonia and some of Normal are Kermany's children. In v4 images are 299 x 299 pixels and masks
256 x 256.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from leanlung.studies.archives.ledger import AGAIN, Ledger, refuse_names
from leanlung.studies.archives.places import files_below, sight_of
from leanlung.studies.archives.sheets import sheet_rows
from leanlung.studies.archives.sifting import CHILDREN

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "radiography"

_LABELS = {
    "covid": "covid",
    "covid-19": "covid",
    "normal": "normal",
    "lung_opacity": "lung_opacity",
    "viral pneumonia": "viral_pneumonia",
}
_NUMBERED = re.compile(
    r"(covid-19|covid|normal|lung_opacity|viral pneumonia)\s*-?\s*\(?(\d+)\)?(?:\.png)?",
    re.IGNORECASE,
)
_WORKBOOK = re.compile(r".*\.m[ae]tadata\.xlsx", re.IGNORECASE)
_SOURCES = (
    ("rsna", "rsna2018"),
    ("chest-xray-pneumonia", "kermany"),
    ("bimcv", "BIMCV"),
    ("covid-cxnet", "COVID-CXNet"),
    ("ml-workgroup", "Hannover"),
    ("ieee8023", "covid_chestxray"),
    ("sirm", "SIRM"),
    ("eurorad", "Eurorad"),
    ("twitter", "Twitter"),
)


def fits(sight: Sight) -> bool:
    """Tell the archive by a numbered picture in a folder of its class."""
    return any(_key(name.split("/")) for name in sight.pictures)


def read(root: Path, _asked: Asked) -> Ledger:
    """Read any version; see the module for the names.

    Raises:
        StudyError: If a file in a class folder has another name, or openpyxl is missing.
    """
    sources = _sources(sight_of(root))
    images: dict[tuple[str, str], Path] = {}
    masks: dict[tuple[str, str], Path] = {}
    ledger = Ledger(NAME)
    strange = []
    for path in sorted(files_below(root), key=lambda one: (len(one.parts), one)):
        key = _key(path.parts)
        if key is None:
            strange.append(path)
            continue
        found = masks if path.parent.name.casefold() == "masks" else images
        if key in found:
            ledger.leave(str(path.relative_to(root)), AGAIN)
            continue
        found[key] = path
    refuse_names(NAME, strange, "COVID-1.png or COVID (1).png in a folder of that class")
    unsourced = 0
    for (label, number), path in sorted(images.items(), key=lambda one: str(one[1])):
        url = sources.get((label, number), "")
        unsourced += not url
        source = source_of(url)
        ledger.keep(
            path.name,
            path,
            label,
            mask=masks.get((label, number)),
            finding=_class_folder(path.parts),
            modality="X-ray",
            url=url,
            source=source or NAME,
            population=CHILDREN if source == "kermany" else "",
        )
    ledger.note("no patient is known; images of RSNA 2018 are here under other names")
    if unsourced:
        ledger.note(
            f"no source is told for {unsourced} images; the .metadata.xlsx files tell them"
        )
    return ledger


def source_of(url: str) -> str:
    """Name the collection that a URL of the workbooks leads to; blank for a blank.

    Examples:
        >>> source_of("https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data")
        'rsna2018'
        >>> source_of("https://example.org/films/1")
        'example.org'
    """
    plain = url.strip().casefold()
    known = (name for part, name in _SOURCES if part in plain)
    return next(known, urlsplit(plain).netloc.removeprefix("www.") or plain)


def _sources(sight: Sight) -> dict[tuple[str, str], str]:
    found = {}
    for name in sight.names:
        if not _WORKBOOK.fullmatch(name):
            continue
        for row in sheet_rows(sight.root / name, "file name", "url"):
            told = _NUMBERED.fullmatch(row["file name"])
            if told:
                found[_LABELS[told[1].casefold()], str(int(told[2]))] = row["url"]
    return found


def _key(parts: list[str] | tuple[str, ...]) -> tuple[str, str] | None:
    """Give label and number of a picture; None if its place or name tells none."""
    told = _NUMBERED.fullmatch(parts[-1])
    label = _LABELS.get(_class_folder(parts).casefold())
    if told is None or label is None or _LABELS[told[1].casefold()] != label:
        return None
    return label, str(int(told[2]))


def _class_folder(parts: list[str] | tuple[str, ...]) -> str:
    inner = len(parts) > 2 and parts[-2].casefold() in {"images", "masks"}
    return parts[-3] if inner else parts[-2] if len(parts) > 1 else ""
