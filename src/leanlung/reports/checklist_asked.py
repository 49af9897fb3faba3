"""What a checklist asks of a run, and what the run tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from leanlung.reports import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.seeds import Seed


class Told(NamedTuple):
    """What a run tells.

    Attributes:
        text: A sentence or less.
        anchor: Of the section that tells more.
    """

    text: str
    anchor: str


class Asked(NamedTuple):
    """What can be asked.

    Attributes:
        facts: Of the run.
        seed: The one the headline is about.
        cautions: Titles of what the first screen warns of.
    """

    facts: ReportFacts
    seed: Seed
    cautions: tuple[str, ...]

    @property
    def recipe(self) -> Mapping[str, Any]:
        """As resolved."""
        return self.facts.recipe

    @property
    def data(self) -> Mapping[str, Any]:
        """As in ``data.json``."""
        return self.facts.data

    @property
    def classes(self) -> str:
        """Names of the classes, for a sentence."""
        return numbers.listed(list(self.seed.classes))
