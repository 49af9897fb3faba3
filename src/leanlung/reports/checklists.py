"""Checklists of reporting guidelines, filled in as far as a run tells, the rest missing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from leanlung.reports import checklist_methods, checklist_results
from leanlung.reports.checklist_asked import Asked

if TYPE_CHECKING:
    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.seeds import Seed

FACTS = {**checklist_methods.FACTS, **checklist_results.FACTS}
"""All that a run can tell, by the name that an item of ``checklists.toml`` gives."""

_NOT_TOLD = "this run does not tell"


@dataclass(frozen=True)
class Item:
    """One item.

    Attributes:
        number: In its guideline.
        asks: What it asks for, in our words.
        told: What the run tells; empty if nothing.
        anchor: Of the section that tells more.
        missing: What is still to be written; empty if nothing.
    """

    number: str
    asks: str
    told: str
    anchor: str
    missing: str


@dataclass(frozen=True)
class Checklist:
    """One guideline.

    Attributes:
        name: Of the guideline.
        items: How many it has, in words.
        source: Where it stands in full.
        parts: Items by part, each under its name.
    """

    name: str
    items: str
    source: str
    parts: tuple[tuple[str, tuple[Item, ...]], ...]

    @property
    def summary(self) -> str:
        """How much of it a run fills in."""
        every = [item for _, items in self.parts for item in items]
        full = sum(bool(item.told) and not item.missing for item in every)
        partly = sum(bool(item.told) and bool(item.missing) for item in every)
        return (
            f"{full} filled in from this run, {partly} in part, "
            f"{len(every) - full - partly} missing"
        )


def checklists(
    facts: ReportFacts, seed: Seed, cautions: tuple[str, ...]
) -> tuple[Checklist, ...]:
    """Fill in all checklists.

    Args:
        facts: Of the run.
        seed: The one the headline is about.
        cautions: Titles of what the first screen warns of.
    """
    asked = Asked(facts, seed, cautions)
    return tuple(
        Checklist(
            one["name"],
            one["items"],
            one["source"],
            tuple(
                (part["name"], tuple(_item(asked, *item) for item in part["items"]))
                for part in one["parts"]
            ),
        )
        for one in _guidelines()
    )


@cache
def _guidelines() -> tuple[dict[str, Any], ...]:
    text = files("leanlung.reports").joinpath("checklists.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["checklist"])


def _item(asked: Asked, number: str, asks: str, fact: str, missing: str) -> Item:
    told = FACTS[fact](asked) if fact else None
    if told is None:
        return Item(number, asks, "", "", missing or _NOT_TOLD)
    return Item(number, asks, told.text, told.anchor, missing)
