"""Figure 1 COVID-19 chest X-ray data set (agchung/Figure1-COVID-chestxray-dataset).

::

    metadata.csv                      ISO-8859-1: patientid, offset, sex, age, finding, view, …
    images/COVID-00001.jpg or .png    named as the patientid; 00003a and 00003b are one patient

Blank findings are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leanlung.studies.archives.findings import NO_LABEL, label_of
from leanlung.studies.archives.ledger import NOT_THERE, Ledger, refuse_names
from leanlung.studies.archives.places import by_stem, files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "figure1"
_ID = re.compile(r"(.*\d)[a-z]?", re.IGNORECASE)


def fits(sight: Sight) -> bool:
    """Tell the archive by a table without file names, and images named as patients."""
    columns = sight.header("metadata.csv")
    unnamed = columns >= {"patientid", "finding"} and not columns & {"filename", "imagename"}
    return unnamed and sight.has(r"images/COVID-\d+[a-z]?\.(jpe?g|png)")


def read(root: Path, _asked: Asked) -> Ledger:
    """Read the archive; see the module for the names.

    Raises:
        StudyError: If the table is missing, or an id or a file has another form.
    """
    table = sight_of(root).need(r"metadata\.csv", "metadata.csv")
    files = by_stem(files_below(table.parent))
    ledger = Ledger(NAME)
    strange = []
    for row in rows_of(table, "patientid", "finding"):
        name, finding = row["patientid"], row["finding"]
        path = files.pop(name.casefold(), None)
        told = _ID.fullmatch(name)
        if told is None:
            strange.append(name)
        elif finding.casefold() in NO_LABEL:
            ledger.leave(name, f"no finding told: {finding or 'blank'}")
        elif path is None:
            ledger.leave(name, NOT_THERE)
        else:
            ledger.keep(
                name,
                path,
                label_of(finding),
                patient=f"{NAME}-{told[1]}",
                confidence="exact",
                finding=finding,
                view=row.get("view", ""),
                modality=row.get("modality", "") or "X-ray",
                sex=sex(row.get("sex", "")),
                age=years(row.get("age", "")),
                offset=row.get("offset", ""),
            )
    refuse_names(
        NAME, [*strange, *files.values()], "COVID-00003a.jpg, with a row in metadata.csv"
    )
    return ledger
