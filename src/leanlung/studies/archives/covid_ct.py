"""COVID-CT (UCSD-AI4H): pictures of CT slices cut out of papers, covid or not.

::

    Images-processed/CT_COVID/*.png          349, unzipped from CT_COVID.zip
    Images-processed/CT_NonCOVID/*.{png,jpg} 397
    Data-split/COVID/{trainCT_COVID,valCT_COVID,testCT_COVID}.txt        one file name a line
    Data-split/NonCOVID/{trainCT_NonCOVID,…}.txt
    COVID-CT-MetaInfo.xlsx                   sheet positive_captions: File name, Patient ID, …

File names hold per cent signs, spaces and commas, so a line of a list is a name as it stands.
The reference code's label 0 is covid: ``covid`` is the first class here too. Patients are told
for covid alone, by the workbook; whether the lists part them is disputed (issue 11 of the
archive), so the confidence is ``derived``. Of the others none is told: every picture counts as
one. The pictures are figures of papers, cropped, in many windows and with letters on them:
class follows source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.ledger import AGAIN, NOT_THERE, Ledger
from leanlung.studies.archives.places import by_stem, files_below, sight_of
from leanlung.studies.archives.sheets import sheet_rows
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "covid_ct"
LICENCE = "see its repository"

_FOLDERS = {"ct_covid": "CT_COVID", "ct_noncovid": "CT_NonCOVID"}
_CLASSES = {"ct_covid": "covid", "ct_noncovid": "no_covid"}
_PARTS = {"train": "train", "val": "validation", "test": "test"}


def fits(sight: Sight) -> bool:
    """Tell the archive by its two folders of pictures, one of them at least."""
    return any(_label(name.split("/")) for name in sight.pictures)


def read(root: Path, _asked: Asked) -> Ledger:
    """List all pictures; see the module.

    Raises:
        StudyError: If the pictures are still packed, or a list is no text.
    """
    ledger = Ledger(NAME)
    sight = sight_of(root)
    files = [path for path in files_below(root) if _label(path.parts)]
    if not files and sight.has(r"CT_(?:Non)?COVID\.zip"):
        msg = (
            f"{root}: CT_COVID.zip or CT_NonCOVID.zip is still packed; unpack it where it "
            "lies, and index the folder again"
        )
        raise StudyError(msg)
    parts = _listed(sight, files, ledger)
    people = _people(sight, ledger)
    unknown = unlisted = 0
    for path in files:
        label = _label(path.parts)
        told = people.get(path.stem.casefold(), {}) if label == "covid" else {}
        patient = told.get("patient id", "")
        unknown += not patient
        unlisted += path not in parts
        ledger.keep(
            f"{path.parent.name}/{path.name}",
            path,
            label,
            patient=f"{NAME}/{patient}" if patient else "",
            confidence="derived",
            finding=path.parent.name,
            modality="CT",
            archive_split=parts.get(path, ""),
            age=years(told.get("age", "")),
            sex=sex(told.get("gender", "")),
            license=LICENCE,
        )
    ledger.note(f"no patient is known for {unknown} of {len(files)} pictures")
    if parts and unlisted:
        ledger.note(f"in no list of Data-split: {unlisted} pictures")
    return ledger


def _label(parts: list[str] | tuple[str, ...]) -> str:
    return _CLASSES.get(parts[-2].casefold(), "") if len(parts) > 1 else ""


def _listed(sight: Sight, files: list[Path], ledger: Ledger) -> dict[Path, str]:
    """Give the part of every picture that a list names; in copies the ending may differ."""
    found: dict[Path, str] = {}
    stems = {
        label: by_stem([path for path in files if _label(path.parts) == label])
        for label in _CLASSES.values()
    }
    for folder, label in _CLASSES.items():
        for word, part in _PARTS.items():
            table = sight.find(rf"{word}{folder}\.txt")
            for name in _lines(table) if table else []:
                path = stems[label].get(_stem(name))
                if path is None:
                    ledger.leave(f"{_FOLDERS[folder]}/{name}", NOT_THERE)
                elif path in found:
                    ledger.leave(name, f"{AGAIN} in a list of Data-split")
                else:
                    found[path] = part
    return found


def _lines(table: Path) -> list[str]:
    try:
        text = table.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"{table}: not a UTF-8 text ({error}); get the archive again"
        raise StudyError(msg) from error
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]


def _stem(name: str) -> str:
    """Give a name without its ending; dots elsewhere are part of it."""
    stem, dot, ending = name.rpartition(".")
    return (stem if dot and len(ending) <= 4 else name).casefold()


def _people(sight: Sight, ledger: Ledger) -> dict[str, dict[str, str]]:
    """Give what the workbook tells, by the stem of the file."""
    workbook = sight.find(r"COVID-CT-MetaInfo\.xlsx")
    if workbook is None:
        ledger.note("COVID-CT-MetaInfo.xlsx, which tells patients, is not there")
        return {}
    rows = sheet_rows(workbook, "file name", sheet="positive_captions")
    if rows and "patient id" not in rows[0]:
        ledger.note(f"{workbook.name} has no column Patient ID")
    return {_stem(row["file name"]): row for row in rows}
