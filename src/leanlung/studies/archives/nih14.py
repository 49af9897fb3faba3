"""NIH ChestX-ray14: 112,120 frontal films of 30,805 patients, labels mined from reports.

::

    Data_Entry_2017.csv or Data_Entry_2017_v2020.csv
        Image Index, Finding Labels, Follow-up #, Patient ID, Patient Age, Patient Gender,
        View Position, OriginalImage[Width, Height], OriginalImagePixelSpacing[x, y]
    images/00000001_000.png, or images_001/images/…  to images_012/images/…
    train_val_list.txt   test_list.txt

``Finding Labels`` are parted by ``|``. An image has one label here: ``normal`` (``No
Finding``), its only finding, or ``several_findings``; with ``finding`` one is told from the
others. Ages of the first edition read ``058Y``. The comma within brackets parts header cells;
none of those is read. The first eight digits of the file name are the patient, and must be the
``Patient ID``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.ledger import NOT_THERE, Ledger, refuse_names
from leanlung.studies.archives.places import by_name, files_below, sight_of
from leanlung.studies.archives.rows import lines_of, rows_of
from leanlung.studies.archives.words import one_label, require_finding, sex, snake, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "nih14"
LICENCE = "NIH Clinical Center terms"
FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema",
    "Fibrosis", "Hernia", "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia",
    "Pneumothorax",
)  # fmt: skip

_NONE = "no finding"
_IMAGE = re.compile(r"(\d{8})_(\d{3})\.png", re.IGNORECASE)
_LISTS = {r"train_val_list\.txt": "train", r"test_list\.txt": "test"}


def fits(sight: Sight) -> bool:
    """Tell the archive by its table."""
    return sight.has(r"Data_Entry_2017(_v2020)?\.csv")


def read(root: Path, asked: Asked) -> Ledger:
    """Read either edition; see the module for the names.

    Raises:
        StudyError: If the table is missing, or a name and its patient do not agree.
        UsageError: If there is no such finding.
    """
    wanted = require_finding(asked.finding, FINDINGS, NAME)
    sight = sight_of(root)
    table = sight.need(r"Data_Entry_2017(_v2020)?\.csv", "Data_Entry_2017.csv")
    parts = _parts(sight)
    files = by_name(files_below(root))
    ledger = Ledger(NAME)
    columns = ("image index", "finding labels", "patient id")
    for row in rows_of(table, *columns):
        name = row["image index"]
        path = files.pop(name.casefold(), None)
        if path is None:
            ledger.leave(name, NOT_THERE)
            continue
        ledger.keep(
            name,
            path,
            _label(row["finding labels"], wanted, table),
            patient=_patient(name, row["patient id"], table),
            confidence="exact",
            finding=row["finding labels"],
            view=row.get("view position", ""),
            modality="X-ray",
            sex=sex(row.get("patient gender", "")),
            age=years(row.get("patient age", "")),
            follow_up=row.get("follow-up #", ""),
            license=LICENCE,
            archive_split=parts.get(name.casefold(), ""),
        )
    strange = (path for path in files.values() if not _IMAGE.fullmatch(path.name))
    refuse_names(NAME, strange, "00000001_000.png")
    for path in files.values():
        ledger.leave(path.name, f"no row in {table.name}")
    ledger.note("labels are mined from reports: of films called Pneumonia many show none")
    return ledger


def _label(told: str, wanted: str, table: Path) -> str:
    words = [word.strip() for word in told.split("|") if word.strip()]
    known = {name.casefold() for name in FINDINGS} | {_NONE}
    if strange := [word for word in words if word.casefold() not in known]:
        msg = (
            f"{table}: finding {strange[0]!r}; one of {[*FINDINGS, 'No Finding']} was expected"
        )
        raise StudyError(msg)
    return one_label([snake(word) for word in words if word.casefold() != _NONE], wanted)


def _patient(name: str, told: str, table: Path) -> str:
    found = _IMAGE.fullmatch(name)
    if found is None or not told.isdigit() or int(found[1]) != int(told):
        msg = (
            f"{table}: image {name!r} of patient {told!r}; eight digits of the patient, _, "
            "three digits and .png were expected"
        )
        raise StudyError(msg)
    return f"nih-{found[1]}"


def _parts(sight: Sight) -> dict[str, str]:
    found = {}
    for pattern, part in _LISTS.items():
        path = sight.find(pattern)
        for line in lines_of(path) if path else []:
            found[line.strip().casefold()] = part
    return found
