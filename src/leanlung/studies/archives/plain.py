"""A plain folder: pictures of one class, such as the COVID-19 films collected from Twitter.

::

    root/any/depth/any-name.{png,jpg,dcm,…}

Nothing is told but what the user tells: the label, and where the pictures come from. No patient
is known, so every image counts as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import UsageError
from leanlung.studies.archives.ledger import Ledger
from leanlung.studies.archives.places import files_below
from leanlung.studies.archives.words import snake

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "plain"


def fits(_sight: Sight) -> bool:
    """Tell nothing: any folder of pictures may be one, so it has to be named."""
    return False


def read(root: Path, asked: Asked) -> Ledger:
    """List every picture below a folder under the label that is asked for.

    Raises:
        UsageError: If no label is given.
    """
    if not asked.label:
        msg = (
            f"{root}: a plain folder tells no class; index it with `leanlung data index plain "
            "FOLDER --label covid` or the like"
        )
        raise UsageError(msg)
    source = asked.source or root.resolve().name
    ledger = Ledger(NAME)
    for path in files_below(root):
        ledger.keep(
            f"{source}/{path.relative_to(root).as_posix()}",
            path,
            snake(asked.label),
            finding=asked.label,
            source=source,
        )
    ledger.note("no patient is known; look for the same film twice with `leanlung data check`")
    return ledger
