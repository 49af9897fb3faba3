"""Sifting: frontal radiographs, adults and allowed licences, with a count of all others."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.ledger import Ledger
    from leanlung.studies.study import Study

ADULT = 18
OLDEST = 120
CHILDREN = "children"
"""The ``population`` of an archive, or a source in it, that has children only."""

_FRONTAL = {"pa", "ap", "ap supine", "aps", "ap erect", "frontal"}
_RADIOGRAPHS = {"x-ray", "xray", "cr", "dx"}
_NUMBER = re.compile(r"[\s-]+v?\d+(\.\d+)*$")


def sift(ledger: Ledger, asked: Asked) -> None:
    """Leave out what is not asked for; told by reason.

    Where an archive tells views at all, an image without one is left out with the lateral ones;
    where it tells none, all are taken as frontal, and a note says so. An image whose age is not
    told stays, counted in a note. Ages above 120 years are no ages.

    Args:
        ledger: Of an archive; changed.
        asked: Which images are wanted.
    """
    tells_views = any("view" in study.attributes for study in ledger.studies)
    kept: list[Study] = []
    impossible = unknown = 0
    for each in ledger.studies:
        study = each
        if _age(study) > OLDEST:
            impossible += 1
            study = _without_age(study)
        reason = _reason(study, asked, tells_views=tells_views)
        if reason:
            ledger.leave(study.study_id.removeprefix(f"{ledger.archive}/"), reason)
            continue
        unknown += asked.adults and _age(study) < 0 and "population" not in study.attributes
        kept.append(study)
    ledger.studies[:] = kept
    if impossible:
        ledger.note(f"ages above {OLDEST} years are taken as not told: {impossible} images")
    if unknown:
        ledger.note(f"adults asked for, and the age is not told: {unknown} images, kept")
    if asked.frontal and kept and not tells_views:
        ledger.note("views are not told; all images are taken as frontal")


def allowed(licence: str, names: tuple[str, ...]) -> bool:
    """Tell whether a licence is one of those allowed; spelling and spaces do not count.

    A name without a version stands for all of them; other conditions make another licence.

    Examples:
        >>> allowed("CC BY 3.0", ("cc-by",)), allowed("CC BY-NC-SA 4.0", ("CC BY",))
        (True, False)
    """
    found = _plain(licence)
    return any(
        found == _plain(name) or (_NUMBER.sub("", found) == _plain(name)) for name in names
    )


def _plain(licence: str) -> str:
    plain = licence.casefold().replace("license", "").replace("licence", "")
    return " ".join(re.sub(r"[\s_-]+", " ", plain).split())


def _reason(study: Study, asked: Asked, *, tells_views: bool) -> str:
    facts = study.attributes
    modality, view = facts.get("modality", "X-ray"), facts.get("view", "")
    if asked.frontal:
        if modality.casefold() not in _RADIOGRAPHS:
            return f"no radiograph: {modality}"
        if tells_views and not view:
            return "the view is not told"
        if view and view.casefold() not in _FRONTAL:
            return f"not frontal: {view}"
    if asked.adults:
        if facts.get("population") == CHILDREN:
            return "child: the whole source is children"
        if 0 <= _age(study) < ADULT:
            return f"child: younger than {ADULT} years"
    if asked.licences:
        licence = facts.get("license", "")
        if not licence:
            return "the licence is not told"
        if not allowed(licence, asked.licences):
            return f"licence not allowed: {licence}"
    return ""


def _age(study: Study) -> float:
    try:
        return float(study.attributes.get("age", ""))
    except ValueError:
        return -1.0


def _without_age(study: Study) -> Study:
    facts = {name: cell for name, cell in study.attributes.items() if name != "age"}
    return replace(study, attributes=MappingProxyType(facts))
