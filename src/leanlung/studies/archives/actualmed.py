"""Actualmed COVID-19 chest X-ray data set (agchung/Actualmed-COVID-chestxray-dataset).

::

    metadata.csv          patientid, finding, view, modality, imagename, …
    images/<imagename>

Findings such as ``Inconclusive`` get the label ``other_finding``; blank ones are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.studies.archives.findings import NO_LABEL, label_of
from leanlung.studies.archives.ledger import NOT_THERE, Ledger
from leanlung.studies.archives.places import by_name, files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "actualmed"


def fits(sight: Sight) -> bool:
    """Tell the archive by the column ``imagename`` of its table."""
    return sight.header("metadata.csv") >= {"patientid", "finding", "imagename"}


def read(root: Path, _asked: Asked) -> Ledger:
    """Read the archive; see the module for the names.

    Raises:
        StudyError: If the table is missing.
    """
    table = sight_of(root).need(r"metadata\.csv", "metadata.csv")
    files = by_name(files_below(table.parent))
    ledger = Ledger(NAME)
    for row in rows_of(table, "patientid", "finding", "imagename"):
        name, finding = row["imagename"], row["finding"]
        path = files.pop(name.casefold(), None)
        if finding.casefold() in NO_LABEL:
            ledger.leave(name, f"no finding told: {finding or 'blank'}")
            continue
        if path is None:
            ledger.leave(name, NOT_THERE)
            continue
        ledger.keep(
            name,
            path,
            label_of(finding),
            patient=f"{NAME}-{row['patientid']}" if row["patientid"] else "",
            confidence="exact",
            finding=finding,
            view=row.get("view", ""),
            modality=row.get("modality", "") or "X-ray",
            sex=sex(row.get("sex", "")),
            age=years(row.get("age", "")),
        )
    for path in files.values():
        ledger.leave(path.name, f"no row in {table.name}")
    return ledger
