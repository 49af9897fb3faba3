"""Calibration: reliability diagrams and their figures, before and after pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.answers import Drawn
from leanlung.reports.plots import reliability_plot
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import (
    Estimate,
    ReliabilityBin,
    brier_score,
    expected_calibration_error,
    reliability_bins,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.reports.seeds import Network, Seed

_PARTS = {
    "reliability": ("reliability", "distance of probabilities from what happened; 0 is best"),
    "resolution": ("resolution", "how far answers tell studies apart; more is better"),
    "uncertainty": ("uncertainty", "what the classes leave open; the same for all"),
    "within_bins": ("within bins", "what the binning hides"),
}
_LINES = {
    "slope": "1 is right; below, too sure",
    "intercept": "of the same line; 0 is right",
    "in_the_large": "slope held at 1; above 0, commoner than said",
}


def calibration_drawings(seed: Seed, level: float) -> tuple[Drawn, ...]:
    """Draw the reliability diagrams: as answered, and at the temperature where there is one.

    Args:
        seed: With its networks.
        level: Of the intervals, where a run does not tell of them.
    """
    drawn = []
    for network in seed.networks:
        found = network.calibration
        if found is None:
            bins = reliability_bins(network.predictions, level=level)
            error = expected_calibration_error(bins)
            brier = brier_score(network.predictions)
            drawn.append(_diagram(seed, network, "", (bins, error, brier), ""))
            continue
        warmth = f", temperature {found['temperature']['value']:.2f}"
        for kind, told in (("raw", ""), ("calibrated", warmth)):
            entry = found[kind]
            bins = tuple(ReliabilityBin(**one) for one in entry["bins"])
            value, interval = numbers.estimate(Estimate.from_dict(entry["slope"]))
            slope = f", slope {value} {interval}".rstrip()
            drawn.append(
                _diagram(seed, network, told, (bins, entry["ece"], entry["brier"]), slope)
            )
    return tuple(drawn)


def calibration_table(seed: Seed) -> Table | None:
    """Give all figures of calibration, as answered and at the temperature.

    Returns:
        None where a run does not tell of them.
    """
    found = [network.calibration for network in seed.networks]
    if any(one is None for one in found):
        return None
    every = [one[kind] for one in found if one for kind in ("raw", "calibrated")]
    names = [
        f"{network.name}{kind}"
        for network in seed.networks
        for kind in (", as answered", ", at its temperature")
    ]
    rows = [
        _temperatures([one["temperature"] for one in found if one]),
        _plain("ECE", "mean distance of confidence from being right", every, "ece"),
        _plain("Brier score", "in [0, 2]", every, "brier"),
        *(
            _plain(f"Brier: {name}", told, [one["brier_parts"] for one in every], key)
            for key, (name, told) in _PARTS.items()
        ),
        _estimates("slope, all classes", _LINES["slope"], [one["slope"] for one in every]),
    ]
    for place, name in enumerate(seed.classes):
        lines = [one["lines"][place] for one in every]
        rows.append((Cell(name, kind="group", columns=len(every) + 1),))
        for key, told in _LINES.items():
            title = key.replace("_", " ").replace("in the large", "intercept in the large")
            rows.append(_estimates(title, told, [line[key] for line in lines]))
    caveats = [
        f"{network.name}: {one['temperature']['caveat']}"
        for network, one in zip(seed.networks, found, strict=True)
        if one and one["temperature"]["caveat"]
    ]
    return Table(
        "Figures of calibration",
        heads("", *names),
        tuple(rows),
        notes=(
            (
                "",
                "ECE and Brier score are errors: lower is better. The temperature was fitted "
                "on the validation part. " + ". ".join(caveats),
            ),
        ),
    )


def _diagram(
    seed: Seed,
    network: Network,
    told: str,
    found: tuple[Sequence[ReliabilityBin], float, float],
    slope: str,
) -> Drawn:
    bins, error, brier = found
    summary = f"ECE {numbers.share(error)}, Brier score {numbers.share(brier)}{slope}"
    title = f"{network.name}{told}"
    warm = "-warm" if told else ""
    svg = reliability_plot(
        bins,
        network.look,
        f"reliability-{seed.number}-{network.look}{warm}",
        f"Reliability diagram of {title}; {summary}",
    )
    return Drawn(title, svg, (("", summary),), _bins_table(bins, told))


def _bins_table(bins: Sequence[ReliabilityBin], told: str) -> Table:
    return Table(
        f"Figures behind the diagram{told}",
        heads("confidence, mean", "studies", "answered rightly", labels=0),
        tuple(
            (
                number(numbers.share(one.confidence)),
                number(numbers.count(one.count)),
                Cell(
                    numbers.share(one.accuracy),
                    f"[{numbers.share(one.low)}, {numbers.share(one.high)}]",
                ),
            )
            for one in bins
        ),
    )


def _temperatures(found: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    cells = [
        cell
        for one in found
        for cell in (number(numbers.NOTHING), number(numbers.share(one["value"])))
    ]
    return label("temperature", "above 1, probabilities were too sure"), *cells


def _plain(
    name: str, told: str, every: Sequence[Mapping[str, Any]], key: str
) -> tuple[Cell, ...]:
    return label(name, told), *(number(numbers.share(one[key])) for one in every)


def _estimates(name: str, told: str, every: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    return label(name, told), *(figure(Estimate.from_dict(one)) for one in every)
