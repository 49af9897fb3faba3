"""Coverage: how often an interval holds the truth, and a verdict is claimed wrongly.

    python benchmarks/coverage.py [draws]

prints the tables of docs/coverage.md, 10,000 draws a line, in about ten minutes on one core.
Every study drawn has its true loss exactly at the margin, where a claim of non-inferiority is
wrong and so is one of inferiority. Each side of a 95 % interval may miss 2.5 times of 100.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtrit

from leanlung.statistics.bca import bca_interval
from leanlung.statistics.square_and_add import square_and_add
from leanlung.statistics.tango import tango_score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Ends = tuple[Numbers, Numbers]

TAIL = 0.025
REACH = float(ndtri(1.0 - TAIL))
RESAMPLES = 400
WELL, IMAGES, ALIKE = 60, 3, 0.6
"""Patients without the class, images a patient, correlation of a patient's images."""


@dataclass(frozen=True)
class Line:
    """One line of a table: for each method the shares of draws that miss at either side."""

    name: str
    misses: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        """Give the line as Markdown: non-inferior wrongly, inferior wrongly, both."""
        cells = [
            f"{100 * low:.1f} + {100 * high:.1f} = {100 * (low + high):.1f}"
            for low, high in self.misses.values()
        ]
        return " | ".join([f"| {self.name}", *cells]) + " |"


def two_shares(
    generator: np.random.Generator, draws: int, studies: int, discordant: float, loss: float
) -> Line:
    """Tango's interval of shares of studies of one patient each."""
    gained, lost = (discordant - loss) / 2.0, (discordant + loss) / 2.0
    b, c, _ = generator.multinomial(studies, [gained, lost, 1.0 - discordant], size=draws).T
    score = tango_score(b, c, studies, -loss)
    # Where nothing is discordant the rule of three takes its place.
    nothing = (b + c) == 0
    rule = loss > 1.0 - TAIL ** (1.0 / studies)
    plain = (b - c) / studies
    error = np.sqrt(np.maximum(b + c - (b - c) ** 2 / studies, 0.0)) / studies
    claimed = np.where(nothing, rule, score > REACH)
    refused = np.where(nothing, False, score < -REACH)
    return Line(
        f"{studies} studies, {100 * discordant:g} % discordant, loss {loss:g}",
        {
            "Tango score": (claimed.mean(), refused.mean()),
            "Wald": (
                (plain - REACH * error > -loss).mean(),
                (plain + REACH * error < -loss).mean(),
            ),
        },
    )


def scores(
    generator: np.random.Generator, shape: tuple[int, ...], shared: float
) -> tuple[Numbers, Numbers]:
    """Draw normal scores of two models that agree by ``shared``."""
    common, *own = generator.normal(size=(3, *shape))
    one, two = (np.sqrt(shared) * common + np.sqrt(1.0 - shared) * each for each in own)
    return one, two


def separations(area: float, loss: float) -> tuple[float, float]:
    """Give how far apart two normals lie that have these areas."""
    one, two = np.sqrt(2.0) * ndtri(np.clip([area, area - loss], 0.0, 1.0))
    return float(one), float(two)


def one_image_each(
    generator: np.random.Generator,
    draws: int,
    positives: int,
    negatives: int,
    area: float,
    loss: float,
    *,
    shared: float = 0.7,
    levels: int = 0,
) -> Line:
    """Areas of patients with one image each: DeLong's variances with both kinds of limits."""
    tallies = {"score limits": np.zeros(2), "DeLong, normal": np.zeros(2)}
    apart = separations(area, loss)
    for size in _batches(draws, 500):
        ill = scores(generator, (size, positives), shared)
        well = scores(generator, (size, negatives), shared)
        values, sides = [], []
        for up, high, low in zip(apart, ill, well, strict=True):
            top, bottom = (high + up, low) if np.isfinite(up) else (high + 50.0, low)
            if levels:
                top, bottom = (np.round(each * levels / 6.0) for each in (top, bottom))
            won = (top[:, :, None] > bottom[:, None, :]) + 0.5 * (
                top[:, :, None] == bottom[:, None, :]
            )
            parts = won.mean(axis=2), won.mean(axis=1)
            values.append(won.mean(axis=(1, 2)))
            sides.append([each - each.mean(axis=1, keepdims=True) for each in parts])
        for name, ends in _area_ends(values, sides, positives, negatives).items():
            tallies[name] += _missed(ends, loss)
    name = f"{positives} + {negatives} patients, AUC {area:g}, loss {loss:g}"
    return Line(
        name + (f", {levels} levels (ties)" if levels else ""),
        {key: (low / draws, high / draws) for key, (low, high) in tallies.items()},
    )


def _area_ends(
    values: list[Numbers], sides: list[list[Numbers]], positives: int, negatives: int
) -> dict[str, Ends]:
    def covariance(one: list[Numbers], two: list[Numbers]) -> list[Numbers]:
        return [
            (x * y).sum(axis=1) / (x.shape[1] - 1) / x.shape[1]
            for x, y in zip(one, two, strict=True)
        ]

    before, after = values
    first, second, both = (
        covariance(*pair)
        for pair in (
            (sides[0], sides[0]),
            (sides[1], sides[1]),
            (sides[0], sides[1]),
        )
    )
    of_side = [x + y - 2.0 * z for x, y, z in zip(first, second, both, strict=True)]
    total = sum(of_side)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = total**2 / (
            of_side[0] ** 2 / (positives - 1) + of_side[1] ** 2 / (negatives - 1)
        )
    seen = total > 1e-18
    fewest = min(positives, negatives)
    error = np.sqrt(np.maximum(total, 0.0))
    low, high = square_and_add(
        before,
        after,
        (sum(first), sum(second)),
        sum(both),
        stdtrit(np.where(seen, freedom, 1.0), 1.0 - TAIL),
        fewest=fewest,
    )
    room = 1.0 - TAIL ** (1.0 / fewest)
    difference = after - before
    return {
        "score limits": (
            np.where(seen, low, difference - room),
            np.where(seen, high, difference + room),
        ),
        "DeLong, normal": (difference - REACH * error, difference + REACH * error),
    }


def several_images_each(
    generator: np.random.Generator,
    draws: int,
    positives: int,
    figure: str,
    value: float,
    loss: float,
) -> Line:
    """Areas and sensitivities of patients with three images each, by the bootstrap."""
    tallies = {key: np.zeros(2) for key in ("score limits", "BCa", "percentile")}
    for _ in range(draws):
        points, resampled, left_out, concerned = _clustered(
            generator, positives, figure, value, loss
        )
        for name, ends in _resampled_ends(points, resampled, left_out, concerned).items():
            tallies[name] += _missed(ends, loss)
    return Line(
        f"{figure} {value:g}, {positives} patients of the class, loss {loss:g}",
        {key: (low / draws, high / draws) for key, (low, high) in tallies.items()},
    )


def _clustered(
    generator: np.random.Generator, positives: int, figure: str, value: float, loss: float
) -> tuple[Numbers, Numbers, Numbers, int]:
    patients = positives + WELL
    drawn = generator.integers(patients, size=(RESAMPLES, patients))
    offsets = np.arange(RESAMPLES)[:, None] * patients
    weights = np.bincount((drawn + offsets).ravel(), minlength=RESAMPLES * patients)
    weights = weights.reshape(RESAMPLES, patients).astype(np.float64)
    weights = np.concatenate([np.ones((1, patients)), weights, 1.0 - np.eye(patients)])
    of_patient = scores(generator, (patients, 1), 0.7)
    of_image = scores(generator, (patients, IMAGES), 0.7)
    found = []
    for side, (owner, image) in enumerate(zip(of_patient, of_image, strict=True)):
        evidence = np.sqrt(ALIKE) * owner + np.sqrt(1.0 - ALIKE) * image
        ill, well = evidence[:positives], evidence[positives:]
        with np.errstate(divide="ignore", invalid="ignore"):
            if figure == "AUC":
                up = separations(value, loss)[side]
                won = (ill[:, None, :, None] + up > well[None, :, None, :]).mean(axis=(2, 3))
                pairs = weights[:, :positives].sum(axis=1) * weights[:, positives:].sum(axis=1)
                of_class = weights[:, :positives] @ won
                found.append((of_class * weights[:, positives:]).sum(axis=1) / pairs)
            else:
                called = (ill < ndtri(value - side * loss)).mean(axis=1)
                of_class = weights[:, :positives]
                found.append(of_class @ called / of_class.sum(axis=1))
    table = np.array(found)
    return (
        table[:, 0],
        table[:, 1 : RESAMPLES + 1],
        table[:, RESAMPLES + 1 :],
        min(positives, WELL) if figure == "AUC" else positives,
    )


def _resampled_ends(
    points: Numbers, resampled: Numbers, left_out: Numbers, concerned: int
) -> dict[str, Ends]:
    difference = points[1] - points[0]
    change = resampled[1] - resampled[0]
    known = change[~np.isnan(change)]
    if known.size < 2 or np.ptp(known) < 1e-12:
        room = 1.0 - TAIL ** (1.0 / concerned)
        return dict.fromkeys(
            ("score limits", "BCa", "percentile"), (difference - room, difference + room)
        )
    freedom = max(1, concerned - 1)
    defined = ~np.isnan(resampled).any(axis=0)
    covariances = np.cov(resampled[:, defined]) * concerned / freedom
    limits = square_and_add(
        points[0],
        points[1],
        (covariances[0, 0], covariances[1, 1]),
        covariances[0, 1],
        stdtrit(freedom, 1.0 - TAIL),
        fewest=concerned,
    )
    ends = {"score limits": limits}
    bca = bca_interval(difference, change, left_out[1] - left_out[0], 1.0 - 2.0 * TAIL)
    ends["BCa"] = bca or limits
    ends["percentile"] = tuple(np.quantile(known, [TAIL, 1.0 - TAIL]))
    return ends


def _missed(ends: Ends, loss: float) -> Numbers:
    """Count draws whose interval lies above minus the loss, and those where it lies below."""
    low, high = ends
    slack = 1e-9
    return np.array([np.sum(low > -loss + slack), np.sum(high < -loss - slack)], dtype=float)


def _batches(draws: int, size: int) -> Iterator[int]:
    for begin in range(0, draws, size):
        yield min(size, draws - begin)


def tables(draws: int) -> Iterator[str]:
    """Give every table, a line at a time."""
    generator = np.random.default_rng(0)

    def table(title: str, lines: list[Callable[[], Line]]) -> Iterator[str]:
        yield f"\n### {title}\n"
        for place, line in enumerate(lines):
            found = line()
            if not place:
                yield " | ".join(["| ", *found.misses]) + " |"
                yield "|---" * (1 + len(found.misses)) + "|"
            yield str(found)

    yield from table(
        "Shares of studies, one a patient",
        [
            lambda n=n, d=d, loss=loss: two_shares(generator, draws, n, d, loss)
            for n, d, loss in (
                (5, 0.3, 0.1),
                (10, 0.3, 0.1),
                (27, 0.1, 0.05),
                (27, 0.3, 0.05),
                (100, 0.1, 0.05),
                (500, 0.05, 0.02),
                (2000, 0.05, 0.02),
            )
        ],
    )
    yield from table(
        "Areas, one image a patient",
        [
            lambda m=m, n=n, area=area, levels=levels: one_image_each(
                generator, draws, m, n, area, 0.05 if area < 1 else 0.0, levels=levels
            )
            for m, n, area, levels in (
                (5, 100, 0.8, 0),
                (5, 100, 0.95, 0),
                (10, 100, 0.8, 0),
                (10, 100, 0.95, 0),
                (27, 100, 0.95, 0),
                (50, 100, 0.8, 0),
                (50, 100, 0.95, 0),
                (50, 50, 0.8, 5),
                (100, 100, 0.8, 0),
                (100, 100, 0.95, 0),
                (20, 50, 1.0, 0),
            )
        ],
    )
    yield from table(
        f"Patients with {IMAGES} images each, {WELL} without the class",
        [
            lambda m=m, figure=figure, value=value: several_images_each(
                generator, draws, m, figure, value, 0.05
            )
            for figure, value in (("AUC", 0.8), ("AUC", 0.95), ("sensitivity", 0.8))
            for m in (5, 10, 25, 50)
        ],
    )


def main() -> None:
    """Print the tables."""
    for line in tables(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000):
        print(line, flush=True)


if __name__ == "__main__":
    main()
