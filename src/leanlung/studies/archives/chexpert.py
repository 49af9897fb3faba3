r"""CheXpert: 224,316 films of Stanford, labels mined from reports.

::

    train.csv  valid.csv     Path, Sex, Age, Frontal/Lateral, AP/PA, and fourteen findings
    CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg

``Path`` starts with the name of the archive's folder; the patient is its ``patient\d+``.
Findings are 1, 0, -1 or blank; what -1 means must be said (`stanford`). An image has one label
here: ``normal`` (``No Finding``), its only finding, or ``several_findings``; with ``finding``
one is told from the others. ``Support Devices`` is an attribute and no finding. Age 0 is not
told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives import stanford
from leanlung.studies.archives.ledger import NOT_THERE, Ledger
from leanlung.studies.archives.places import sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "chexpert"
LICENCE = "Stanford research use agreement"
_PATH = re.compile(r"(?:.*/)?(train|valid|test)/patient(\d+)/study\d+/view\d+_[a-z]+\.\w+")
_PARTS = {"train": "train", "valid": "validation", "test": "test"}


def fits(sight: Sight) -> bool:
    """Tell the archive by the columns of a table."""
    told = {"path", "frontal/lateral", "ap/pa"}
    return sight.header("train.csv") >= told or sight.header("valid.csv") >= told


def read(root: Path, asked: Asked) -> Ledger:
    """Read train.csv and valid.csv, whichever are there; see the module for the names.

    Raises:
        StudyError: If no table is there, or a path has another form.
        UsageError: If a finding is -1 and nobody said what that means.
    """
    policy = stanford.policy_of(asked, NAME)
    sight = sight_of(root)
    tables = [table for name in ("train", "valid") if (table := sight.find(rf"{name}\.csv"))]
    if not tables:
        tables = [sight.need(r"train\.csv", "train.csv or valid.csv")]
    ledger = Ledger(NAME)
    for table in tables:
        for row in rows_of(table, "path", "frontal/lateral", "ap/pa", *stanford.COLUMNS):
            told = _PATH.fullmatch(row["path"])
            if told is None:
                msg = (
                    f"{table}: path {row['path']!r}; CheXpert-v1.0-small/train/patient00001/"
                    "study1/view1_frontal.jpg or the like was expected"
                )
                raise StudyError(msg)
            name = row["path"][told.start(1) :]
            label, reason, words = stanford.judged(row, policy, f"{table}, {name}")
            path = table.parent / name
            if reason or not path.is_file():
                ledger.leave(name, reason or NOT_THERE)
                continue
            lateral = row["frontal/lateral"].casefold() == "lateral"
            ledger.keep(
                name,
                path,
                label,
                patient=f"{NAME}-{told[2]}",
                confidence="exact",
                finding=words,
                view="lateral" if lateral else row["ap/pa"] or "frontal",
                modality="X-ray",
                sex=sex(row.get("sex", "")),
                age=years(row.get("age", "")).removeprefix("0"),
                support_devices=row.get("support devices", "").removesuffix(".0"),
                license=LICENCE,
                archive_split=_PARTS[told[1]],
            )
    return ledger
