r"""Montgomery, Shenzhen, and both together as Kaggle's lung segmentation set.

::

    MontgomerySet/CXR_png/MCUCXR_0001_0.png            138; the last digit is the class
    MontgomerySet/ManualMask/{leftMask,rightMask}/MCUCXR_0001_0.png      joined here
    MontgomerySet/ClinicalReadings/MCUCXR_0001_0.txt
    ChinaSet_AllFiles/CXR_png/CHNCXR_0001_0.png        662
    ChinaSet_AllFiles/ClinicalReadings/CHNCXR_0001_0.txt
    mask/mask/CHNCXR_0001_0_mask.png                   566, from elsewhere
    Lung Segmentation/CXR_png/…  masks/CHNCXR_0001_0_mask.png  masks/MCUCXR_0001_0.png
    Lung Segmentation/test/…                           no masks, passed over

``0`` is normal, ``1`` shows tuberculosis. The four digits number cases, one film each; nobody
says that no person has two, so the patient is derived. Readings tell sex and age, as
``Patient's Age: 027Y`` or as ``male 45yrs``; their text stays in ``finding``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.studies.archives.ledger import Ledger, refuse_names
from leanlung.studies.archives.masks import joined
from leanlung.studies.archives.places import by_stem, files_below
from leanlung.studies.archives.rows import lines_of
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

MONTGOMERY, SHENZHEN, BOTH = "montgomery", "shenzhen", "lung_segmentation"
LICENCE = "NLM terms (public, to be acknowledged)"

_CASE = re.compile(r"(MCUCXR|CHNCXR)_(\d{4})_([01])", re.IGNORECASE)
_LABELS = {"0": "normal", "1": "tuberculosis"}
_SETS = {"mcucxr": MONTGOMERY, "chncxr": SHENZHEN}
_MASKS = {"leftmask", "rightmask", "mask", "masks", "manualmask"}
_SEX = re.compile(r"\b(male|female|femal|m|f)\b", re.IGNORECASE)
_AGE = re.compile(r"\d+\s*-?\s*(y|m|w|d)", re.IGNORECASE)


def fits_montgomery(sight: Sight) -> bool:
    """Tell Montgomery by the names of its films, where none of Shenzhen is there."""
    return sight.has(r"MCUCXR_\d{4}_[01]\.png") and not sight.has(r"CHNCXR_\d{4}_[01]\.png")


def fits_shenzhen(sight: Sight) -> bool:
    """Tell Shenzhen likewise."""
    return sight.has(r"CHNCXR_\d{4}_[01]\.png") and not sight.has(r"MCUCXR_\d{4}_[01]\.png")


def fits_both(sight: Sight) -> bool:
    """Tell the combined set by films of both."""
    return sight.has(r"CHNCXR_\d{4}_[01]\.png") and sight.has(r"MCUCXR_\d{4}_[01]\.png")


def read_montgomery(root: Path, asked: Asked) -> Ledger:
    """Read Montgomery; left and right masks are joined into one file below ``asked.images``.

    Raises:
        StudyError: If a file has another name, or masks cannot be joined.
    """
    return _read(root, asked, MONTGOMERY)


def read_shenzhen(root: Path, asked: Asked) -> Ledger:
    """Read Shenzhen, with masks where there are some.

    Raises:
        StudyError: If a file has another name.
    """
    return _read(root, asked, SHENZHEN)


def read_both(root: Path, asked: Asked) -> Ledger:
    """Read the combined set; studies and patients are named as in the two archives.

    Raises:
        StudyError: If a file has another name.
    """
    return _read(root, asked, BOTH)


def _read(root: Path, asked: Asked, name: str) -> Ledger:
    films, masks = [], []
    for path in files_below(root):
        folders = {part.casefold() for part in path.relative_to(root).parts[:-1]}
        if folders & _MASKS:
            masks.append(path)
        elif not (name == BOTH and "test" in folders):
            films.append(path)
    strange = [
        path
        for path in films
        if not (case := _CASE.fullmatch(path.stem))
        or name not in (_SETS[case[1].casefold()], BOTH)
    ]
    refuse_names(name, strange, "MCUCXR_0001_0.png or CHNCXR_0001_0.png of the set asked for")
    readings = by_stem(files_below(root, frozenset({".txt"})))
    ledger = Ledger(name)
    without = untold = 0
    for stem, path in sorted(by_stem(films).items()):
        case = _CASE.fullmatch(path.stem)
        own = [one for one in masks if one.stem.casefold().removesuffix("_mask") == stem]
        mask = joined(own, asked.images / name / f"{path.stem}.png" if asked.images else None)
        without += mask is None
        reading = lines_of(readings[stem]) if stem in readings else []
        told = _told(reading)
        untold += "age" not in told
        kind = _SETS[case[1].casefold()] if case else name
        ledger.keep(
            path.stem,
            path,
            _LABELS[case[3]] if case else "",
            patient=f"{kind}-{case[2]}" if case else "",
            confidence="derived",
            mask=mask,
            view="PA",
            modality="X-ray",
            license=LICENCE,
            source=kind,
            **told,
        )
    if without:
        ledger.note(f"films without a lung mask: {without} of {len(ledger.studies)}")
    if untold:
        ledger.note(f"films whose age no clinical reading tells: {untold}")
    return ledger


def _told(reading: list[str]) -> dict[str, str]:
    """Take sex, age and text out of a clinical reading; what is not told is left away."""
    # Montgomery tells sex and age in a line each, Shenzhen both in the first.
    lines = 2 if len(reading) > 1 and "age" in reading[1].casefold() else 1
    head = " ".join(reading[:lines])
    found_sex, found_age = _SEX.search(head), _AGE.search(head)
    told = {
        "sex": sex(found_sex[0]) if found_sex else "",
        "age": years(found_age[0].replace("-", "")) if found_age else "",
        "finding": " ".join(line.strip() for line in reading[lines:]),
    }
    return {name: cell for name, cell in told.items() if cell}
