r"""Kermany paediatric radiographs: children of 1 to 5 years, Guangzhou, in two distributions.

::

    chest_xray/{train,val,test}/{NORMAL,PNEUMONIA}/*.jpeg      Kaggle; its zip holds a second
                                                              copy in chest_xray/chest_xray
    chest_xray/{train,test}/{NORMAL,PNEUMONIA}/*.jpeg          Mendeley v2 and v3

    person(\d+)_(bacteria|virus)_(\d+).jpeg        Kaggle     patient: subtype and number
    IM-(\d{4})-\d{4}(-\d{4})?.jpeg                 Kaggle     patient: IM and number
    NORMAL2-IM-(\d{4})-\d{4}(-\d{4})?.jpeg         Kaggle     patient: N2 and number
    (NORMAL|BACTERIA|VIRUS)-(\d+)-(\d{4}).jpeg     Mendeley   patient: class and number

Persons are counted anew for every subtype: ``person1_bacteria`` and ``person1_virus`` are two
children. ``IM-0115`` is the number of a study rather than of a patient; so every id is derived,
never exact. The two distributions hold the same films under other names; take one of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leanlung.studies.archives.ledger import AGAIN, Ledger, refuse_names
from leanlung.studies.archives.places import files_below
from leanlung.studies.archives.sifting import CHILDREN

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "kermany"
LICENCE = "CC BY 4.0"

_PERSON = re.compile(r"person(\d+)_(bacteria|virus)_(\d+)\.jpe?g", re.IGNORECASE)
_STUDY = re.compile(r"(NORMAL2-)?IM-(\d{4})-\d{4}(-\d{4})?\.jpe?g", re.IGNORECASE)
_MENDELEY = re.compile(r"(NORMAL|BACTERIA|VIRUS)-(\d+)-(\d{4})\.jpe?g", re.IGNORECASE)
_EXPECTED = (
    "person1_bacteria_2.jpeg, person1_virus_6.jpeg, IM-0115-0001.jpeg, "
    "NORMAL2-IM-0027-0001.jpeg or BACTERIA-7422-0001.jpeg, in a folder NORMAL or PNEUMONIA"
)
_PARTS = {"train": "train", "val": "validation", "test": "test"}
_LABELS = {
    "normal": "normal",
    "bacteria": "bacterial_pneumonia",
    "virus": "viral_pneumonia",
}


class Named(NamedTuple):
    """What a file name tells.

    Attributes:
        kind: ``normal``, ``bacteria`` or ``virus``.
        patient: Subtype and number.
    """

    kind: str
    patient: str


def fits(sight: Sight) -> bool:
    """Tell the archive by a picture in a class folder whose name tells a patient."""
    return any(
        named(name.rpartition("/")[2]) and _folder(name.split("/")) for name in sight.pictures
    )


def named(name: str, *, merge: bool = False) -> Named | None:
    """Read a file name.

    Args:
        name: Of the file.
        merge: Whether NORMAL2-IM-0027 is the patient of IM-0027.

    Returns:
        What it tells; None if it is no name of the archive.

    Examples:
        >>> named("person12_virus_47.jpeg")
        Named(kind='virus', patient='virus-12')
    """
    if found := _PERSON.fullmatch(name):
        kind = found[2].lower()
        return Named(kind, f"{kind}-{int(found[1])}")
    if found := _STUDY.fullmatch(name):
        series = "N2" if found[1] and not merge else "IM"
        return Named("normal", f"{series}-{found[2]}")
    if found := _MENDELEY.fullmatch(name):
        return Named(found[1].lower(), f"{found[1].upper()}-{found[2]}")
    return None


def read(root: Path, asked: Asked) -> Ledger:
    """Read either distribution; see the module for the names.

    Raises:
        StudyError: If a file has another name, or lies in another class than it tells.
    """
    ledger = Ledger(NAME)
    strange = []
    seen: set[tuple[str, str, str]] = set()
    parts_of: dict[str, set[str]] = {}
    # Least deep first, so that of two copies the one further in is left out.
    for path in sorted(files_below(root), key=lambda one: (len(one.parts), one)):
        inside = path.relative_to(root).parts
        if any(part.upper().startswith("OCT") for part in inside[:-1]):
            ledger.leave("/".join(inside), "an OCT scan of the retina, no chest")
            continue
        told = named(path.name, merge=asked.merge_series)
        folder = _folder(path.parts)
        if told is None or folder != ("NORMAL" if told.kind == "normal" else "PNEUMONIA"):
            strange.append(path)
            continue
        part = _PARTS.get(path.parts[-3].lower(), "")
        if (part, folder, path.name.lower()) in seen:
            ledger.leave("/".join(inside), AGAIN)
            continue
        seen.add((part, folder, path.name.lower()))
        patient = f"{NAME}-{told.patient}"
        if part:
            parts_of.setdefault(patient, set()).add(part)
        ledger.keep(
            "/".join(filter(None, (part, folder, path.name))),
            path,
            _LABELS[told.kind],
            patient=patient,
            confidence="derived",
            finding=folder if told.kind == "normal" else f"{folder} ({told.kind})",
            view="AP",
            modality="X-ray",
            population=CHILDREN,
            license=LICENCE,
            archive_split=part,
        )
    refuse_names(NAME, strange, _EXPECTED)
    ledger.studies.sort(key=lambda study: study.study_id)
    ledger.note("all are children of 1 to 5 years: no fair normal class for adults")
    if straddling := sum(len(parts) > 1 for parts in parts_of.values()):
        ledger.note(f"patients in several of the archive's own parts: {straddling}")
    return ledger


def _folder(parts: list[str] | tuple[str, ...]) -> str:
    folder = parts[-2].upper() if len(parts) > 1 else ""
    return folder if folder in {"NORMAL", "PNEUMONIA"} else ""
