"""Confusion: answers by true class, and four figures before and after, on every part kept.

Source: Shahabade and Londhe 2025, figures 2 to 4, which show both networks on the training and
on the test part. Training figures are of studies the networks have learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.answers import Drawn, confusion_table
from leanlung.reports.plots import COLOURS
from leanlung.reports.svg import drawing, inline
from leanlung.reports.tables import Table, figure, heads, label
from leanlung.statistics.flips import healthy_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.seeds import Network, Seed
    from leanlung.statistics import Estimate

TEST, TRAINING = "test part", "training part"
_INK = "#1c2530"
_OF_CLASS = {
    "accuracy": "accuracy",
    "precision": "precision:{}",
    "recall": "sensitivity:{}",
    "F1": "f:{}",
}
_MACRO = {
    "accuracy": "accuracy",
    "precision": "macro_precision",
    "recall": "macro_sensitivity",
    "F1": "macro_f",
}


@dataclass(frozen=True)
class ConfusionPart:
    """One part of the split.

    Attributes:
        title: Which.
        matrices: One a network.
        bars: Accuracy, precision, recall and F1 of every network.
    """

    title: str
    matrices: tuple[Table, ...]
    bars: Drawn


def confusion_parts(seed: Seed, healthy: str = "") -> tuple[ConfusionPart, ...]:
    """Give matrices and bars of the test part, and of the training part where it was kept.

    Args:
        seed: With its networks.
        healthy: The class that is no disease; if empty, the one called normal, if any.
    """
    parts = [_part(seed, TEST, seed.networks, healthy)]
    learnt = [
        replace(network, predictions=network.learnt, estimates=network.training)
        for network in seed.networks
        if network.learnt is not None and network.training is not None
    ]
    if len(learnt) == len(seed.networks):
        parts.append(_part(seed, TRAINING, learnt, healthy))
    return tuple(parts)


def _part(seed: Seed, title: str, networks: Sequence[Network], healthy: str) -> ConfusionPart:
    # The test part's tables keep their captions: a network's name.
    beside = "" if title == TEST else f", {title}"
    matrices = tuple(
        replace(table, caption=f"{table.caption}{beside}")
        for table in map(confusion_table, networks)
    )
    return ConfusionPart(title, matrices, _bars(seed, title, networks, healthy))


def _bars(seed: Seed, title: str, networks: Sequence[Network], healthy: str) -> Drawn:
    followed = _followed(seed.classes, healthy)
    keys = rates(followed)
    sides = tuple(
        Side(
            network.look,
            network.name,
            {word: network.estimates[key] for word, key in keys.items()},
        )
        for network in networks
    )
    part = "test" if title == TEST else "train"
    return bars(title, f"rates-{seed.number}-{part}", sides, followed)


def _followed(classes: Sequence[str], healthy: str) -> str | None:
    """Give the class that is looked for, of two; None where means are told."""
    normal = healthy_class(classes, healthy)
    if len(classes) != 2 or normal is None:
        return None
    return next(name for name in classes if name != normal)


def rates(followed: str | None) -> dict[str, str]:
    """Name the four metrics of the bars, by the word below them.

    Args:
        followed: The class they are of; None for means over the classes.
    """
    names = _MACRO if followed is None else _OF_CLASS
    return {word: key.format(followed) for word, key in names.items()}


@dataclass(frozen=True)
class Side:
    """One network among bars that stand side by side.

    Attributes:
        look: ``unpruned`` or another; it sets colour and hatching.
        name: In the legend.
        estimates: By the word below the bar, alike for all sides.
    """

    look: str
    name: str
    estimates: Mapping[str, Estimate]


def bars(title: str, name: str, sides: Sequence[Side], followed: str | None) -> Drawn:
    """Draw the figures of networks as bars, and tell them in words and as a table.

    Args:
        title: Which part of the data they are of.
        name: Of the drawing, once on a page.
        sides: The networks.
        followed: The class the figures are of; None for means over the classes.
    """
    words = list(sides[0].estimates)
    table = Table(
        f"Figures behind the bars, {title}",
        heads("", *(side.name for side in sides)),
        tuple(
            (label(word), *(figure(side.estimates[word]) for side in sides)) for word in words
        ),
    )
    told = "; ".join(
        f"{side.name}: "
        + ", ".join(f"{word} {numbers.estimate(side.estimates[word])[0]}" for word in words)
        for side in sides
    )
    whose = "mean over the classes" if followed is None else f"of {followed}"
    known = any(one.low is not None for side in sides for one in side.estimates.values())
    about = f"precision, recall and F1 {whose}{'; lines are intervals' if known else ''}"
    legend = (*((side.look, side.name) for side in sides), ("", about))
    svg = _drawn(words, sides, name, f"Bars, {title}: {told}")
    return Drawn(title, svg, legend, table)


def _drawn(words: Sequence[str], sides: Sequence[Side], name: str, told: str) -> str:
    """Draw a group of bars a word, with a line for every interval there is."""
    from matplotlib.figure import Figure

    wide = 0.8 / len(sides)
    with drawing():
        figure_ = Figure(figsize=(3.6, 2.7))
        axes = figure_.add_axes((0.115, 0.1, 0.87, 0.86))
        for place, side in enumerate(sides):
            look = side.look
            known = [
                (n + (place - (len(sides) - 1) / 2) * wide, one, one.value)
                for n, one in enumerate(side.estimates.values())
                if one.value is not None
            ]
            axes.bar(
                [x for x, _, _ in known],
                [value for _, _, value in known],
                width=wide * 0.92,
                color="white" if look == "unpruned" else COLOURS[look],
                edgecolor=COLOURS[look],
                linewidth=1.3,
                # Told apart in grey too.
                hatch="///" if look == "unpruned" else None,
            )
            for x, one, _ in known:
                if one.low is not None and one.high is not None:
                    axes.vlines([x], one.low, one.high, _INK, linewidth=1.1)
        axes.set_ylim(0.0, 1.02)
        axes.set_xlim(-0.5, len(words) - 0.5)
        axes.set_xticks(range(len(words)), words)
        axes.tick_params(axis="x", length=0)
        axes.grid(visible=False, axis="x")
        return inline(figure_, name, told)
