"""An archive: how its folder is known, how it is read, and where it is to be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.ledger import Ledger
    from leanlung.studies.archives.places import Sight


@dataclass(frozen=True)
class Archive:
    """A public archive.

    Attributes:
        read: From its folder, and what is asked of it, to a ledger of all its images. No pixel
            is read. Its module says what every file name means.
        fits: Tells a folder by a look at its file names.
        about: One line for a listing.
        licence: Under which it is published, as far as one line can say.
        where: It is to be had.
        expected: What lies in its folder, for a message that nothing was found.
        takes: Fields of `Asked` that go for it beyond those for all.
        films: Whether it holds films, of which frontal ones can be asked for; else CT.
    """

    read: Callable[[Path, Asked], Ledger]
    fits: Callable[[Sight], bool]
    about: str
    licence: str
    where: str
    expected: str
    takes: frozenset[str] = frozenset()
    films: bool = True
