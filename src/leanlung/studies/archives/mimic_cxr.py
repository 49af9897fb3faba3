"""MIMIC-CXR-JPG 2: films of Boston, labels mined from reports, study by study.

::

    mimic-cxr-2.0.0-metadata.csv(.gz)   dicom_id, subject_id, study_id, ViewPosition, StudyDate
    mimic-cxr-2.0.0-chexpert.csv(.gz)   subject_id, study_id, findings       or -negbio
    mimic-cxr-2.0.0-split.csv(.gz)      dicom_id, …, split
    files/p10/p10000032/s50414267/<dicom_id>.jpg
    patients.csv(.gz)                   of MIMIC-IV, if it is there: sex and age

The patient is the ``subject_id``. Findings are read as those of `chexpert`; the labels are
those of the chexpert table, or of negbio where it is the only one. Sex and age are not in the
archive; the age is ``anchor_age`` plus the years from ``anchor_year`` to the film, which are
shifted alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.studies.archives import stanford
from leanlung.studies.archives.ledger import NOT_THERE, Ledger
from leanlung.studies.archives.places import sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.words import sex

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "mimic_cxr"
LICENCE = "PhysioNet credentialed health data licence"
_TABLE = r"mimic-cxr-2\.\d\.\d-{}\.csv(\.gz)?"
_PARTS = {"train": "train", "validate": "validation", "test": "test"}
_UNREAD = "no labels are told for its study"


def fits(sight: Sight) -> bool:
    """Tell the archive by its table of images."""
    return sight.has(_TABLE.format("metadata"))


def read(root: Path, asked: Asked) -> Ledger:
    """Read the archive; see the module for the names.

    Raises:
        StudyError: If a table is missing.
        UsageError: If a finding is -1 and nobody said what that means.
    """
    policy = stanford.policy_of(asked, NAME)
    sight = sight_of(root)
    images = sight.need(_TABLE.format("metadata"), "mimic-cxr-2.0.0-metadata.csv")
    labels = sight.find(_TABLE.format("chexpert"))
    labels = labels or sight.need(_TABLE.format("negbio"), "mimic-cxr-2.0.0-chexpert.csv")
    found = {row["study_id"]: row for row in rows_of(labels, "study_id", *stanford.COLUMNS)}
    parts = _parts(sight)
    people = _people(sight)
    ledger = Ledger(NAME)
    for row in rows_of(images, "dicom_id", "subject_id", "study_id", "viewposition"):
        image, subject, study = row["dicom_id"], row["subject_id"], row["study_id"]
        name = f"p{subject[:2]}/p{subject}/s{study}/{image}.jpg"
        if study not in found:
            ledger.leave(name, _UNREAD)
            continue
        label, reason, words = stanford.judged(found[study], policy, f"{labels}, study {study}")
        path = images.parent / "files" / name
        if reason or not path.is_file():
            ledger.leave(name, reason or NOT_THERE)
            continue
        person = people.get(subject, {})
        ledger.keep(
            name,
            path,
            label,
            patient=f"mimic-{subject}",
            confidence="exact",
            finding=words,
            view=row["viewposition"],
            modality="X-ray",
            sex=sex(person.get("gender", "")),
            age=_age(person, row.get("studydate", "")),
            support_devices=found[study].get("support devices", "").removesuffix(".0"),
            license=LICENCE,
            archive_split=parts.get(image, ""),
        )
    if not people:
        ledger.note("sex and age are not told; put patients.csv of MIMIC-IV beside the tables")
    return ledger


def _parts(sight: Sight) -> dict[str, str]:
    table = sight.find(_TABLE.format("split"))
    rows = rows_of(table, "dicom_id", "split") if table else []
    return {row["dicom_id"]: _PARTS.get(row["split"], "") for row in rows}


def _people(sight: Sight) -> dict[str, dict[str, str]]:
    table = sight.find(r"patients\.csv(\.gz)?")
    columns = ("subject_id", "gender", "anchor_age", "anchor_year")
    return {row["subject_id"]: row for row in rows_of(table, *columns)} if table else {}


def _age(person: dict[str, str], day: str) -> str:
    told = (person.get("anchor_age", ""), person.get("anchor_year", ""), day[:4])
    if not all(number.isdigit() for number in told):
        return ""
    age, anchor, year = map(int, told)
    return str(age + year - anchor)
