"""The ieee8023/covid-chestxray-dataset: films and CT slices out of papers and web pages.

::

    metadata.csv   images/   volumes/*.nii.gz   annotations/lungVAE-masks/<stem>_mask.png

Three tables are in the wild: of March 2020 (``Patientid`` with a capital, `` url`` with a
space), of June 2020 (flat findings such as ``COVID-19, ARDS``), and the final one (findings by
levels such as ``Pneumonia/Viral/COVID-19``, with a last column that has no name). Capitals and
spaces of column names do not count, so all are read alike.

``todo``, ``Unknown`` and blank findings are left out. ``patientid`` is text (``324a``); patient
63 is many people pooled, so each of its images counts as one. ``license`` is told row by row.
``offset`` (days since symptoms or admission) is kept as it is written.

With ``revision``: a date leaves out films that were *taken* later (the table does not tell when
they were added); a git commit is compared with that of the folder where it is a clone, or was
fetched by ``leanlung data fetch``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives.findings import NO_LABEL, label_of
from leanlung.studies.archives.ledger import NOT_THERE, Ledger
from leanlung.studies.archives.places import by_name, by_stem, files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.words import OTHER, sex, years

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "covid_chestxray"
POOLED = {"63"}
"""Patients of the table who are many people (the archive's issue 18)."""

_KEPT = ("offset", "survival", "location", "doi", "url", "date")
_COMMIT = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR = re.compile(r"\b(19|20)\d{2}\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CT = {"axial", "coronal", "sagittal"}


def fits(sight: Sight) -> bool:
    """Tell the archive by the columns of its table."""
    columns = sight.header("metadata.csv")
    return columns >= {"patientid", "finding", "view", "filename", "doi"}


def read(root: Path, asked: Asked) -> Ledger:
    """Read any revision; see the module for the names.

    Raises:
        StudyError: If the table is missing, or the folder is of another commit.
        UsageError: If the revision is neither a date nor a commit.
    """
    table = sight_of(root).need(r"metadata\.csv", "metadata.csv")
    until, revision = _revision(asked.revision, table.parent)
    below = files_below(table.parent)
    files = by_name([path for path in below if "annotations" not in path.parts])
    masks = by_stem([path for path in below if path.parent.name.casefold() == "lungvae-masks"])
    ledger = Ledger(NAME)
    undated = 0
    odd: Counter[str] = Counter()
    listed: set[str] = set()
    for row in rows_of(table, "patientid", "finding", "view", "filename"):
        name, finding = row["filename"], row["finding"]
        listed.add(name.casefold())
        if finding.casefold() in NO_LABEL:
            ledger.leave(name, f"no finding told: {finding or 'blank'}")
            continue
        if row.get("folder", "").casefold() == "volumes" or ".nii" in name.casefold():
            ledger.leave(name, "no radiograph: a CT volume")
            continue
        if until is not None:
            day = earliest(row.get("date", ""))
            undated += day is None
            if day is not None and day > until:
                ledger.leave(name, f"taken after {until.isoformat()}")
                continue
        path = files.get(name.casefold())
        if path is None:
            ledger.leave(name, NOT_THERE)
            continue
        label = label_of(finding)
        odd.update([finding] if label == OTHER else [])
        ct = row["view"].casefold() in _CT
        ledger.keep(
            name,
            path,
            label,
            patient=_patient(row["patientid"]),
            confidence="exact",
            mask=masks.get(f"{path.stem}_mask".casefold()),
            finding=finding,
            view=row["view"],
            modality=row.get("modality") or ("CT" if ct else "X-ray"),
            sex=sex(row.get("sex", "")),
            age=years(row.get("age", "")),
            license=row.get("license", ""),
            revision=revision,
            **{column: row.get(column, "") for column in _KEPT},
        )
    for name in sorted(files.keys() - listed):
        ledger.leave(files[name].name, f"no row in {table.name}")
    if odd:
        told = ", ".join(f"{word!r} ({count})" for word, count in odd.most_common())
        ledger.note(f"findings without a label of their own are {OTHER}: {told}")
    if undated:
        ledger.note(f"films without a date that can be read stay: {undated}")
    if not revision:
        ledger.note("which revision this is, is not known; give --revision with the git commit")
    return ledger


def earliest(text: str) -> date | None:
    """Read a date as people write it; of a year or a month alone the first day.

    Examples:
        >>> earliest("January 22, 2020"), earliest("2020-03"), earliest("Mar 2020")
        (datetime.date(2020, 1, 22), datetime.date(2020, 3, 1), datetime.date(2020, 3, 1))
    """
    year = _YEAR.search(text)
    if year is None:
        return None
    rest = (text[: year.start()] + " " + text[year.end() :]).casefold()
    words = re.findall(r"[a-z]+", rest)
    months = [_MONTHS.index(word[:3]) + 1 for word in words if word[:3] in _MONTHS]
    numbers = [int(digits) for digits in re.findall(r"\d+", rest)]
    if not months and numbers:
        months = [numbers.pop(0)]  # 2020-01-22, and 01/22/2020 as the archive writes it
    try:
        return date(int(year[0]), months[0] if months else 1, numbers[0] if numbers else 1)
    except ValueError:
        return None


def _patient(told: str) -> str:
    number = told.removesuffix(".0")
    return f"{NAME}-{number}" if number and number not in POOLED else ""


def _revision(asked: str, folder: Path) -> tuple[date | None, str]:
    """Give the last day that counts, and what to write down as the revision."""
    head = _commit(folder)
    if not asked:
        return None, head
    if _DAY.fullmatch(asked):
        try:
            return date.fromisoformat(asked), f"films until {asked}"
        except ValueError:
            pass
    elif _COMMIT.fullmatch(asked):
        if head and not head.startswith(asked.lower()):
            msg = (
                f"{folder}: is at commit {head[:12]}, and {asked} was asked for; run "
                f"`git checkout {asked}` there first, or `leanlung data fetch {NAME} "
                f"--revision {asked}` to another folder"
            )
            raise StudyError(msg)
        return None, head or f"{asked.lower()} (as told)"
    msg = f"--revision {asked!r}: a day such as 2020-06-30 or a git commit was expected"
    raise UsageError(msg)


def _commit(folder: Path) -> str:
    """Give the commit of a clone, or of what was fetched; blank if it is not known."""
    fetched = folder.parent / "fetched.json"  # beside the one folder that a zip file holds
    try:
        files = json.loads(fetched.read_text(encoding="utf-8"))["files"]
        return next(str(file["commit"]) for file in files if file["commit"])
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        pass
    git = folder / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head
        if (git / name).is_file():
            return (git / name).read_text(encoding="utf-8").strip()
        packed = (git / "packed-refs").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
