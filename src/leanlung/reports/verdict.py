"""The verdict: one word, what it means, and how every seed fared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.power import power_lines
from leanlung.reports.seeds import worst
from leanlung.reports.tables import Cell, Table, figure, heads, label, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.reports.seeds import Outcome, Seed

WORDS: dict[Outcome, str] = {
    "non_inferior": "Non-inferior",
    "inferior": "Inferior",
    "inconclusive": "Inconclusive",
    "kept": "Whole network kept",
}


@dataclass(frozen=True)
class Headline:
    """What the page says first.

    Attributes:
        outcome: Of the worst seed.
        word: The outcome, in large print.
        gloss: What it means, in plain words.
        sentence: As the run gave it; empty where there was nothing to compare.
        evidence: Bound, p-values and power beside it, a line each; likewise.
        seed: Number of the seed it is about.
        seeds: A row a seed; None where there is one.
    """

    outcome: Outcome
    word: str
    gloss: str
    sentence: str
    evidence: tuple[str, ...]
    seed: int
    seeds: Table | None


def headline(seeds: Sequence[Seed], resamples: int = 2000) -> Headline:
    """Find the headline of one or more seeds: the worst of their outcomes.

    Args:
        seeds: Of a run.
        resamples: Of every bootstrap.
    """
    seed = worst(seeds)
    several = len(seeds) > 1
    return Headline(
        seed.outcome,
        WORDS[seed.outcome],
        (_tally(seeds) if several else "") + gloss(seed),
        "" if seed.kept else seed.sentence,
        () if seed.kept else _evidence(seed, resamples),
        seed.number,
        _table(seeds) if several else None,
    )


def gloss(seed: Seed) -> str:
    """Say in plain words what an outcome means, never more than its interval does."""
    comparison = seed.comparison
    metric = numbers.metric(comparison.metric)
    loss = f"more than {numbers.plain(comparison.margin)} of {metric}"
    level = f"{numbers.plain(100 * comparison.difference.level)} %"
    match seed.outcome:
        case "non_inferior":
            return f"A loss of {loss} is ruled out by the {level} interval."
        case "inferior":
            return f"A loss of {loss} is shown by the {level} interval."
        case "inconclusive":
            return f"Whether {loss} is lost, these studies cannot tell."
        case _:
            return (
                "No smaller network was chosen, so there is nothing to compare. The reason: "
                f"{seed.reason}."
            )


def _evidence(seed: Seed, resamples: int) -> tuple[str, ...]:
    pair = seed.unpruned.predictions, seed.chosen.predictions
    return power_lines(pair, seed.comparison, resamples, seed.bootstrap_seed)


def _tally(seeds: Sequence[Seed]) -> str:
    found = Counter(seed.outcome for seed in seeds)
    if len(found) == 1:
        return f"The same in all {len(seeds)} seeds. "
    each = [f"{times} {WORDS[outcome].lower()}" for outcome, times in found.items()]
    return f"The worst of {len(seeds)} seeds ({numbers.listed(each)}). "


def _table(seeds: Sequence[Seed]) -> Table:
    metric = numbers.metric(seeds[0].comparison.metric)
    return Table(
        "Every seed, trained and pruned anew",
        heads(
            "seed", "verdict", "chosen", f"difference in {metric}", "parameters left", labels=3
        ),
        tuple(
            (
                label(str(seed.number)),
                Cell(WORDS[seed.outcome], kind="words", strong=True),
                Cell(seed.chosen.name, kind="words"),
                number(numbers.NOTHING) if seed.kept else figure(seed.comparison.difference),
                number(numbers.ratio(seed.chosen.size["stored"], seed.unpruned.size["stored"])),
            )
            for seed in seeds
        ),
    )
