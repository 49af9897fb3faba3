"""Features: how many were chosen and why, what is left of the network, and the certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.plots import COLOURS
from leanlung.reports.svg import drawing, inline
from leanlung.reports.tables import Table, heads, label, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.seeds import Seed

_NETWORKS = {
    "unpruned": "unpruned",
    "without_constants": "without constant units",
    "features": "chosen features with their classifier",
}
_INK = "#1c2530"


@dataclass(frozen=True)
class FeatureBox:
    """What the page tells of features that were chosen.

    Attributes:
        told: How many of how many, found how.
        certificate: One sentence on the units that left.
        curve: The search, drawn.
        metric: That it went by, in words.
        table: The three networks, counted alike.
        layers: Widths before and after constant units left; None where none did.
        published: How the source counts, beside it.
    """

    told: str
    certificate: str
    curve: str
    metric: str
    table: Table
    layers: Table | None
    published: str


def feature_box(seed: Seed, metric: str) -> FeatureBox | None:
    """Tell how the features of a seed were chosen; None in a run that chooses none.

    Args:
        seed: With its candidates.
        metric: Of the choice among candidates, for the table.
    """
    found = seed.features
    if found is None:
        return None
    by = numbers.metric(found["metric"])
    chosen = found["chosen"]
    told = (
        f"{numbers.counted(chosen, 'feature', 'features')} of "
        f"{numbers.count(found['features'])} are read by a classifier "
        f"({found['classifier']['kind']}), the best by the F-test on the training part; "
        f"{numbers.count(found['constant'])} of the others were constant. "
        f"How many was searched on the validation part alone: {by} {found['score']:.4f}."
    )
    return FeatureBox(
        told,
        certificate_sentence(found["constants"]),
        search_curve(seed.number, found),
        by,
        _counted(seed, found, metric),
        _layers(found["constants"].get("widths", {})),
        _published(found["counts"]),
    )


def certificate_sentence(certificate: Mapping[str, Any]) -> str:
    """Write a certificate as one sentence."""
    left = sum(certificate[kind] for kind in ("zero", "folded", "approximated"))
    images = numbers.counted(certificate["images"], "training image", "training images")
    told = (
        f"{numbers.count(left)} of {numbers.count(certificate['units'])} units left that never "
    )
    told += f"vary over {images}"
    if left:
        told += (
            f" ({numbers.count(certificate['zero'])} were zero, "
            f"{numbers.count(certificate['folded'])} were folded into biases exactly, "
            f"{numbers.count(certificate['approximated'])} but for borders)"
        )
    change = max(certificate["largest_change_float32"], certificate["largest_change_float64"])
    if certificate["kept"]:
        told += f"; {numbers.count(certificate['kept'])} that never vary either were kept"
    return f"{told}; no logit of these images changes by more than {change:.1e} of the largest."


def search_curve(seed: int, found: Mapping[str, Any]) -> str:
    """Draw the score of the search over the number of features.

    Args:
        seed: Its number, for the drawing's name.
        found: ``search``, ``chosen``, ``score`` and ``metric``.
    """
    from matplotlib.figure import Figure

    points: Sequence[Mapping[str, Any]] = found["search"]
    by = numbers.metric(found["metric"])
    with drawing():
        figure = Figure(figsize=(5.1, 3.2))
        axes = figure.add_axes((0.175, 0.15, 0.805, 0.82))
        for phase, size, colour in (
            ("fine", 2.5, COLOURS["unpruned"]),
            ("coarse", 5.0, COLOURS["chosen"]),
        ):
            those = sorted(
                (one["features"], one["score"]) for one in points if one["phase"] == phase
            )
            if those:
                x, y = zip(*those, strict=True)
                axes.plot(x, y, color=colour, marker="o", markersize=size, linewidth=1.2)
        axes.plot(
            [found["chosen"]],
            [found["score"]],
            "o",
            markersize=13,
            markeredgecolor=_INK,
            fillstyle="none",
        )
        axes.set_xlabel("features, best first")
        axes.set_ylabel(f"{by} on validation")
        axes.margins(x=0.06, y=0.2)
        return inline(
            figure,
            f"features-{seed}",
            f"{by} on the validation part over the number of features, "
            f"{len(points)} numbers tried; {found['chosen']} are chosen",
        )


def _counted(seed: Seed, found: Mapping[str, Any], metric: str) -> Table:
    """Count the three networks alike."""
    counts = found["counts"]
    vectors = found["classifier"].get("support_vectors", 0)
    rows = []
    for place, (key, name) in enumerate(_NETWORKS.items()):
        one = counts[key]
        reads = key == "features"
        candidate = next((c for c in seed.candidates if c["round"] == place), None)
        value = None if candidate is None else candidate["validation"].get(metric)
        cells = (
            numbers.count(one["parameters"]),
            numbers.share(one["share"]),
            numbers.count(one["numbers"]),
            numbers.share(one["share_with_classifier"]),
            _megabytes(one["bytes"]),
            _megabytes(one["bytes_with_classifier"]),
            numbers.count(vectors) if reads else numbers.NOTHING,
            numbers.share(value),
        )
        rows.append((label(name), *(number(text, strong=reads) for text in cells)))
    note = (
        "MB are millions of bytes of the files, weights without an optimiser on both sides. A "
        "network that answers by itself has its classifier among its weights."
    )
    return Table(
        "The networks, counted alike",
        heads(
            "",
            "parameters",
            "share",
            "with classifier",
            "share",
            "MB, weights only",
            "MB, with classifier",
            "support vectors",
            f"{numbers.metric(metric)} on validation",
        ),
        tuple(rows),
        notes=(("", note),),
    )


def _layers(widths: Mapping[str, Sequence[int]]) -> Table | None:
    changed = {name: both for name, both in widths.items() if both[0] != both[1]}
    if not changed:
        return None
    return Table(
        "Units of each layer, before and after those that never vary left",
        heads("", "before", "after"),
        tuple(
            (label(name), number(numbers.count(before)), number(numbers.count(after)))
            for name, (before, after) in changed.items()
        ),
    )


def _published(counts: Mapping[str, Any]) -> str:
    one = counts["as_published"]
    return (
        f"Counted as García-Ramírez et al. 2023 do, without the classifier and with the "
        f"optimiser’s two moments of each weight on the original’s side alone, it would be "
        f"{numbers.percent(one['share'])} of the parameters, and {_megabytes(one['bytes'])} MB "
        f"instead of {_megabytes(one['original_bytes'])} MB."
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.2f}"
