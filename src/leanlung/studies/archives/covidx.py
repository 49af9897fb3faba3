"""COVIDx lists (COVID-Net): text files that put images of other collections together.

::

    patientid filename label [source]      train*.txt, test*.txt, val*.txt; parted by spaces
    train/  test/  val/                    images, in data/ or not

Ids and names of SIRM hold a space (``COVID 949 COVID(949).png positive sirm``), so lines are
read from the right: a known source if there is one, a known label, the file name; what remains
is the patient. Labels are ``normal``, ``pneumonia``, ``COVID-19``, or ``negative``,
``positive``, or ``level1``, ``level2``. Sources are ``cohen``, ``fig1``, ``actmed``, ``sirm``,
``ricord``, ``rsna`` (in places ``rnsa``), ``bimcv`` and ``stonybrook``; rows of RSNA have none
in some versions.

A patient of cohen is that of `covid_chestxray`, one of RSNA is an image (with the mapping the
NIH patient), so joined archives keep people together. The first version lists many films
several times; each counts once. In versions 8 and 9 the source tells the class of every test
film.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives.ledger import AGAIN, NOT_THERE, Ledger
from leanlung.studies.archives.places import files_below, sight_of
from leanlung.studies.archives.rows import lines_of
from leanlung.studies.archives.rsna2018 import MAPPING_AT, nih_patient, read_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight
    from leanlung.studies.study import Confidence

NAME = "covidx"
LABELS = {
    "normal": "normal",
    "pneumonia": "pneumonia",
    "covid-19": "covid",
    "positive": "covid",
    "negative": "no_covid",
    "level1": "severity_level1",
    "level2": "severity_level2",
}
SOURCES = {
    "cohen": "covid_chestxray",
    "fig1": "figure1",
    "actmed": "actualmed",
    "sirm": "SIRM",
    "ricord": "RICORD",
    "rsna": "rsna2018",
    "rnsa": "rsna2018",
    "bimcv": "BIMCV",
    "stonybrook": "Stony Brook",
}

UNLISTED = "in none of the lists that are read"

_LIST = r"(train|test|val)[^/]*\.txt"
_PARTS = {"train": "train", "test": "test", "val": "validation"}
_IMAGE_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


class Line(NamedTuple):
    """A line of a list.

    Attributes:
        patient: As written; it may hold spaces.
        name: Of the file.
        label: The archive's word.
        source: The archive's word; blank if none is told.
    """

    patient: str
    name: str
    label: str
    source: str


def fits(sight: Sight) -> bool:
    """Tell the archive by a list whose first line can be read."""
    return any(_first(path) is not None for path in _lists(sight))


def parsed(line: str) -> Line | None:
    """Read a line from the right; None if it is not of such a list.

    Examples:
        >>> parsed("COVID 949 COVID(949).png positive sirm")
        Line(patient='COVID 949', name='COVID(949).png', label='positive', source='sirm')
    """
    words = line.split()
    source = words.pop() if words and words[-1].casefold() in SOURCES else ""
    if len(words) < 3 or words[-1].casefold() not in LABELS:
        return None
    return Line(" ".join(words[:-2]), words[-2], words[-1], source)


def read(root: Path, asked: Asked) -> Ledger:
    """Read the lists of one version; see the module for their lines.

    Raises:
        StudyError: If there is no list, or a line cannot be read.
        UsageError: If lists of several versions are there and none is named.
    """
    mapping = read_mapping(asked.mapping)
    files: dict[str, list[Path]] = {}
    for path in files_below(root):
        files.setdefault(path.name.casefold(), []).append(path)
    ledger = Ledger(NAME)
    seen: set[tuple[str, str]] = set()
    used: set[Path] = set()
    where: dict[str, set[str]] = {}
    for table in _asked_lists(root, asked):
        part = _part(table)
        for number, text in enumerate(lines_of(table), start=1):
            line = parsed(text)
            if line is None:
                msg = (
                    f"{table}, line {number}: {text!r}; `patientid filename label [source]` "
                    f"was expected, with a label of {list(LABELS)}"
                )
                raise StudyError(msg)
            if (part, line.name) in seen:
                ledger.leave(line.name, AGAIN)
                continue
            seen.add((part, line.name))
            image = _file(files.get(line.name.casefold(), []), part)
            if image is None:
                ledger.leave(line.name, NOT_THERE)
                continue
            used.add(image)
            patient, confidence = _patient(line, mapping)
            where.setdefault(patient or line.name, set()).add(part)
            ledger.keep(
                f"{part}/{line.name}",
                image,
                LABELS[line.label.casefold()],
                patient=patient,
                confidence=confidence,
                finding=line.label,
                modality="X-ray",
                source=SOURCES.get(line.source.casefold(), NAME),
                archive_split=_PARTS[part],
            )
    for path in (one for same in files.values() for one in same):
        if path not in used and path.parent.name.casefold() in _PARTS:
            ledger.leave(path.name, UNLISTED)
    _note(ledger, where)
    return ledger


def _note(ledger: Ledger, where: dict[str, set[str]]) -> None:
    if both := sum(len(parts) > 1 for parts in where.values()):
        ledger.note(f"patients or films in several of the archive's own parts: {both}")
    labels: dict[str, Counter[str]] = {}
    for study in ledger.studies:
        if study.attributes["archive_split"] == "test":
            labels.setdefault(study.attributes["source"], Counter())[study.label] += 1
    if len(labels) > 1 and all(len(found) == 1 for found in labels.values()):
        told = ", ".join(f"{name} is all {next(iter(one))}" for name, one in labels.items())
        ledger.note(f"in the archive's test part the source tells the class: {told}")
    if any(
        study.attributes["source"] == "rsna2018" and study.patient_id_confidence == "image_only"
        for study in ledger.studies
    ):
        ledger.note(f"ids of RSNA are images, not patients; --mapping with {MAPPING_AT} tells")


def _patient(line: Line, mapping: dict[str, str]) -> tuple[str, Confidence]:
    source = SOURCES.get(line.source.casefold(), "")
    if source == "rsna2018" or (not source and _IMAGE_ID.fullmatch(line.patient)):
        return nih_patient(mapping.get(line.patient.casefold(), "")), "exact"
    if source == "figure1":
        # Figure 1 names images as patients, with a letter where there are several.
        return f"figure1-{re.sub(r'(?<=[0-9])[a-z]$', '', line.patient)}", "exact"
    stem = line.name.rpartition(".")[0]
    if source == "SIRM" or re.sub(r"\W", "", line.patient) == re.sub(r"\W", "", stem):
        return "", "image_only"
    if source:
        return f"{source.casefold().replace(' ', '_')}-{line.patient}", "exact"
    return f"{NAME}-{line.patient}", "derived"


def _lists(sight: Sight) -> list[Path]:
    pattern = re.compile(rf"(?:^|.*/){_LIST}", re.IGNORECASE)
    return [sight.root / name for name in sight.names if pattern.fullmatch(name)]


def _first(path: Path) -> Line | None:
    lines = lines_of(path)
    return parsed(lines[0]) if lines else None


def _asked_lists(root: Path, asked: Asked) -> list[Path]:
    found = [path for path in _lists(sight_of(root)) if _first(path) is not None]
    if asked.lists:
        chosen = []
        for name in asked.lists:
            fitting = [path for path in found if path.as_posix().endswith(f"/{name}")]
            if len(fitting) != 1:
                known = [str(path.relative_to(root)) for path in found]
                msg = (
                    f"--list {name}: {len(fitting)} such lists below {root}; there are {known}"
                )
                raise UsageError(msg)
            chosen += fitting
        return chosen
    if not found:
        msg = f"{root}: no list such as train_COVIDx9A.txt here or below"
        raise StudyError(msg)
    if len({_part(path) for path in found}) < len(found):
        known = [str(path.relative_to(root)) for path in found]
        msg = f"{root}: lists of several versions: {known}; name yours with --list, one by one"
        raise UsageError(msg)
    return found


def _part(path: Path) -> str:
    return next(part for part in _PARTS if path.name.casefold().startswith(part))


def _file(files: list[Path], part: str) -> Path | None:
    """Of files of one name take the one in the part's folder."""
    inside = [path for path in files if path.parent.name.casefold() == part]
    return next(iter([*inside, *files]), None)
