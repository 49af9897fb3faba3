"""Cautions: what a reader must know before believing a figure, told on the first screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leanlung.reports import numbers
from leanlung.reports.sizes import NO_FASTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.seeds import Seed

# From here on the source of an image is taken to tell its class.
_STRONG_ASSOCIATION = 0.3
_TOLD_ABOVE_MAJORITY = 0.1

SHARED = {
    "patient": "a patient",
    "identical": "the same picture",
    "near_identical": "nearly the same picture",
}


@dataclass(frozen=True)
class Caution:
    """One caution.

    Attributes:
        kind: ``stamp`` for what undoes the figures, ``box`` for what bends them, ``note`` for
            what is not known.
        title: In a few words.
        text: In a few sentences.
        anchor: Of the section that tells more.
    """

    kind: Literal["stamp", "box", "note"]
    title: str
    text: str
    anchor: str


def cautions(facts: ReportFacts, seed: Seed) -> tuple[Caution, ...]:
    """Find what has to be said first.

    Args:
        facts: Of the run.
        seed: The one the headline is about.
    """
    found = [
        as_published(facts.recipe.get("as_published", ())),
        made_up(facts.data),
        _leaks(facts.data),
        _openings(facts),
        _perhaps_opened(facts),
        *_audit(facts.audit),
        _losses(seed),
        _group(seed),
        _mask(seed),
        _sources(facts, seed),
    ]
    return tuple(one for one in found if one is not None)


def as_published(flaws: Sequence[str]) -> Caution | None:
    """Stamp a run that repeats flaws of its source on purpose.

    Args:
        flaws: A sentence each; none of an ordinary run.
    """
    if not flaws:
        return None
    return Caution(
        "stamp",
        "AS PUBLISHED, FLAWS INCLUDED",
        f"{' '.join(flaws)} This run repeats what its source did, to show what that does to "
        "the figures. None of them tells how well a network would do.",
        "recipe",
    )


def source_tells(table: Mapping[str, Any]) -> bool:
    """Say whether the source of an image gives its class away.

    Args:
        table: Sources beside classes, as in ``data.json``.
    """
    associated = (table["cramers_v"] or 0.0) >= _STRONG_ASSOCIATION
    gained = table["told_by_source"] - table["majority"]
    # So that 0.9 - 0.8 is a tenth.
    return associated or gained >= _TOLD_ABOVE_MAJORITY - 1e-9


def made_up(data: Mapping[str, Any]) -> Caution | None:
    """Stamp a page whose images were all drawn."""
    if not data["made_up"]:
        return None
    return Caution(
        "stamp",
        "MADE-UP IMAGES",
        "Every image was drawn, none was taken of a patient. No figure on this page says "
        "anything about real patients.",
        "data",
    )


def _leaks(data: Mapping[str, Any]) -> Caution | None:
    leaks = data["leaks_allowed"]
    if not leaks:
        return None
    kinds = Counter(leak["kind"] for leak in leaks)
    shared = [f"{SHARED[kind]} ({times})" for kind, times in kinds.items()]
    return Caution(
        "stamp",
        f"{len(leaks)} {'LEAK' if len(leaks) == 1 else 'LEAKS'} ALLOWED",
        f"{numbers.counted(len(leaks), 'pair', 'pairs')} of studies in different parts share "
        f"{numbers.listed(shared)}, and the run was told to go on. Figures on this page may be "
        "too good.",
        "data",
    )


def _openings(facts: ReportFacts) -> Caution | None:
    choices = sum(not opening["again"] for opening in facts.openings)
    if choices <= len(facts.seeds):
        return None
    return Caution(
        "stamp",
        "TEST PART OPENED MORE THAN ONCE",
        f"It was opened for {choices} different choices where {len(facts.seeds)} would do. "
        "Whoever chose again may have seen the earlier answer; figures on this page may be too "
        "good.",
        "openings",
    )


def _perhaps_opened(facts: ReportFacts) -> Caution | None:
    if not facts.unreadable:
        return None
    lines = numbers.listed([str(line) for line in facts.unreadable])
    one = len(facts.unreadable) == 1
    return Caution(
        "stamp",
        "TEST PART PERHAPS OPENED MORE OFTEN",
        f"{'Line' if one else 'Lines'} {lines} of the book of openings cannot be read. "
        f"{'It' if one else 'Each'} may stand for an opening that is not told here; figures on "
        "this page may be too good.",
        "openings",
    )


def _audit(audit: Mapping[str, Any] | None) -> tuple[Caution, ...]:
    if audit is None:
        return ()
    found = []
    if audit["leaks"]:
        between = audit["leakage"]["between"]
        found.append(
            Caution(
                "stamp",
                f"{len(between)} {'LEAK' if len(between) == 1 else 'LEAKS'} FOUND BY THE AUDIT",
                f"{between[0]}{' …' if len(between) > 1 else '.'} "
                "No figure on this page counts until that is mended.",
                "audit",
            )
        )
    if audit["alarm"]:
        found.append(
            Caution(
                "stamp",
                "THE CLASS IS TOLD WITHOUT THE LUNGS",
                f"{_sentence(audit['reasons'][0])} What the networks answer may be something "
                "other than the disease.",
                "audit",
            )
        )
    elif audit["verdict"] == "caution":
        found.append(
            Caution(
                "box",
                "The audit asks for care",
                " ".join(map(_sentence, audit["cautions"])),
                "audit",
            )
        )
    return tuple(found)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _losses(seed: Seed) -> Caution | None:
    # Where the verdict is bad news itself, the forest is enough.
    if seed.outcome == "inferior" or not seed.losses:
        return None
    lost = [
        f"{numbers.metric(one.metric)} {' '.join(numbers.estimate(one.difference))}"
        for one in seed.losses
    ]
    margin = numbers.plain(seed.comparison.margin)
    return Caution(
        "box",
        "The verdict is about one metric; others fell",
        f"Beyond the margin of {margin}: {numbers.listed(lost)}. "
        "The smaller network does not answer as the whole one does: do not put it in its place "
        "on the strength of the verdict alone.",
        "lost",
    )


def _group(seed: Seed) -> Caution | None:
    """Warn of a group that lost more, by an interval that holds for all groups together."""
    for table in seed.groups[:1]:  # by the metric of the verdict
        difference = table["worst_difference"]
        if seed.outcome != "inferior" and difference and _below(difference, table["margin"]):
            return Caution(
                "box",
                "In one group more is lost",
                f"{table['told'][:1].upper()}{table['told'][1:]}: more than the margin of "
                f"{numbers.plain(table['margin'])}. "
                "The verdict is about all patients together.",
                "groups",
            )
    return None


def _below(difference: Mapping[str, Any], margin: float) -> bool:
    return difference["high"] is not None and difference["high"] < -margin


def _mask(seed: Seed) -> Caution | None:
    if not seed.chosen.masked:
        return None
    return Caution("note", "Masked, not removed", NO_FASTER, "sizes")


def _sources(facts: ReportFacts, seed: Seed) -> Caution | None:
    whole, test = facts.data["confounding"], seed.confounding
    if len(whole["sources"]) < 2:
        [source] = whole["sources"]
        origin = (
            "Where the images come from is not recorded"
            if source == "unknown"
            else f"All images come from one source ({source})"
        )
        return Caution(
            "note",
            "Source not examined",
            f"{origin}, so nothing can be said about sources being mistaken for classes.",
            "sources",
        )
    if not (source_tells(whole) or source_tells(test)):
        return None
    reach = "The network reaches" if len(seed.networks) == 1 else "The networks reach"
    reached = [
        f"{numbers.percent(network.estimates['accuracy'].value)} ({network.name})"
        for network in seed.networks
    ]
    return Caution(
        "box",
        "The source of an image tells its class",
        f"Whoever knew only where an image comes from, and never looked at it, would answer "
        f"{numbers.percent(test['told_by_source'])} of the test studies rightly; always "
        f"answering the commonest class, {numbers.percent(test['majority'])}. "
        f"{reach} {numbers.listed(reached)}. How much of that is the source "
        "and not the disease, these images cannot tell. "
        f"(Cramér’s V of source and class: {numbers.share(test['cramers_v'])} in the test "
        f"part, {numbers.share(whole['cramers_v'])} in all images; 0 is none, 1 is complete.)",
        "sources",
    )
