"""CheXpert's findings, each 1, 0, -1 (uncertain) or blank, as one label; MIMIC has them too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.archives.words import one_label, require_finding, snake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.studies.archives.asked import Asked, Uncertain

FINDINGS = (
    "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Pleural Other", "Fracture",
)  # fmt: skip
"""Without ``No Finding`` and ``Support Devices``, which are no findings of the patient."""

COLUMNS = tuple(name.casefold() for name in ("No Finding", *FINDINGS))
UNTOLD = "no finding is told, and none is ruled out"
UNCERTAIN = "uncertain (-1), and --uncertain ignore"

_VALUES = {"": None, "1": 1, "0": 0, "-1": -1}


@dataclass(frozen=True)
class Policy:
    """How rows of findings become one label.

    Attributes:
        wanted: The finding to tell from the others, in snake case; blank if none is.
        uncertain: What -1 means; None if nobody has said so.
    """

    wanted: str
    uncertain: Uncertain | None


def policy_of(asked: Asked, archive: str) -> Policy:
    """Take the policy out of what is asked.

    Raises:
        UsageError: If the archive has no such finding.
    """
    return Policy(require_finding(asked.finding, FINDINGS, archive), asked.uncertain)


def judged(row: Mapping[str, str], policy: Policy, where: str) -> tuple[str, str, str]:
    """Make one label of a row.

    Args:
        row: By column names in small letters.
        policy: How.
        where: The row is, for messages.

    Returns:
        The label, or why there is none, and the archive's own words: ``(label, "", words)`` or
        ``("", reason, words)``.

    Raises:
        StudyError: If a value is none of 1, 0, -1 and blank.
        UsageError: If a value that counts is -1 and no policy was told.
    """
    values = {name: _value(row[name], where) for name in COLUMNS}
    marked = (_marked(name, values[name.casefold()]) for name in ("No Finding", *FINDINGS))
    words = "|".join(filter(None, marked))
    counts = [name for name in COLUMNS if not policy.wanted or snake(name) == policy.wanted]
    if any(values[name] == -1 for name in counts):
        if policy.uncertain is None:
            msg = (
                f"{where}: a finding is -1, uncertain; say what that means: `leanlung data "
                "index` takes --uncertain ones, zeros or ignore"
            )
            raise UsageError(msg)
        if policy.uncertain == "ignore":
            return "", UNCERTAIN, words
    made = 1 if policy.uncertain == "ones" else 0
    sure = {name: made if value == -1 else value for name, value in values.items()}
    found = [snake(name) for name in COLUMNS[1:] if sure[name] == 1]
    if not found and sure[COLUMNS[0]] != 1:
        ruled_out = policy.wanted and any(sure[name] == 0 for name in counts)
        return ("other_finding", "", words) if ruled_out else ("", UNTOLD, words)
    return one_label(found, policy.wanted), "", words


def _value(cell: str, where: str) -> int | None:
    plain = cell.removesuffix(".0")
    if plain not in _VALUES:
        msg = f"{where}: {cell!r}; 1, 0, -1 or blank was expected under every finding"
        raise StudyError(msg)
    return _VALUES[plain]


def _marked(name: str, value: int | None) -> str:
    return {1: name, -1: f"{name}?"}.get(value or 0, "")
