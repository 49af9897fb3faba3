"""The key figures: what a reader looks for first, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.reports import numbers

if TYPE_CHECKING:
    from leanlung.reports.seeds import Seed


@dataclass(frozen=True)
class KeyFigure:
    """One figure.

    Attributes:
        name: Of what is measured.
        values: Of the unpruned and the chosen network, or of the unpruned alone; each with
            its interval, if it has one.
        told: What to hold it against.
    """

    name: str
    values: tuple[tuple[str, str], ...]
    told: str


def key_figures(seed: Seed) -> tuple[KeyFigure, ...]:
    """Give sizes with what is left of them, and accuracies with what guessing reaches."""
    majority, _ = numbers.estimate(seed.majority)
    occurring = sum(seed.studies_of(index) > 0 for index in range(len(seed.classes)))
    return (
        _size(seed, "Parameters", "stored"),
        *([_size(seed, "Parameters not zero", "nonzero")] if seed.chosen.masked else []),
        *([_numbers(seed)] if seed.chosen.numbers > seed.chosen.size["stored"] else []),
        _size(seed, "MACs for an image", "macs"),
        _file(seed),
        _metric(seed, "accuracy", majority),
        # Right for one of the classes that occur, wrong for all others.
        _metric(seed, "balanced_accuracy", numbers.share(1 / occurring)),
    )


def _size(seed: Seed, name: str, key: str, unit: str = "") -> KeyFigure:
    sizes = [network.size[key] for network in seed.networks]
    return _left(seed, name, sizes, unit)


def _numbers(seed: Seed) -> KeyFigure:
    numbers_of = [network.numbers for network in seed.networks]
    return _left(seed, "Numbers with the classifier", numbers_of, "")


def _file(seed: Seed) -> KeyFigure:
    return _left(seed, "File", [network.file_bytes for network in seed.networks], "B")


def _left(seed: Seed, name: str, sizes: list[int], unit: str) -> KeyFigure:
    values = tuple((numbers.short(size, unit), "") for size in sizes)
    left = f"{numbers.ratio(sizes[-1], sizes[0])} of it left"
    return KeyFigure(name, values, "nothing removed" if seed.kept else left)


def _metric(seed: Seed, metric: str, guessed: str) -> KeyFigure:
    return KeyFigure(
        numbers.metric(metric).capitalize(),
        tuple(numbers.estimate(network.estimates[metric]) for network in seed.networks),
        f"always the commonest class: {guessed}",
    )
