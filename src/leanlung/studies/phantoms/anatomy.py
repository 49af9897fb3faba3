"""The anatomy of one made-up patient: outlines in the unit square, before any film is taken.

The square is the film: x runs to the right of the picture, which is the patient's left.
Whatever belongs to the patient is made up here, once, so that all films of a patient show the
same body; and bodies differ enough that no two patients are taken for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.studies.phantoms.curves import (
    MIDLINE,
    both_sides,
    mirrored,
    oval,
    rounded,
    wandering,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.studies.phantoms.curves import Points

BEHIND = 14
"""How many points of a rib come before it turns round the wall to the front."""

_PAIRS_OF_RIBS = 10
_VESSELS = 12
_CELLS = 9


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Outlines and lines of one chest; a single one has shape (points, 2).

    Attributes:
        body: Outline of trunk, neck and shoulders.
        right_lung: Outline as if there were no heart; on the left of the picture.
        left_lung: Likewise, on the right of the picture.
        heart: Outline of heart and great vessels, apex to the right of the picture.
        ribs: Shape (ribs, points, 2): from the spine round the wall and forward.
        clavicles: Shape (2, points, 2).
        scapulae: Shape (2, points, 2), outlines.
        vessels: Shape (vessels, points, 2), from the hilum outward.
        windpipe: From the neck to where it divides.
        spine: Shape (vertebrae, points, 2), outlines.
        hila: Shape (2, points, 2), outlines.
        breasts: Likewise, or shape (0, points, 2).
        stomach: Outline of the air under the left dome.
        tissue: Shape (9, 9): how uneven the soft tissue is, about standard normal.
        bone: How bright the skeleton is, about 1.
        markings: How bright the vessels are, about 1.
        build: Width and height on the film, each about 1.
        place: How far right and down of the middle of the film, each about 0.
    """

    body: Points
    right_lung: Points
    left_lung: Points
    heart: Points
    ribs: Points
    clavicles: Points
    scapulae: Points
    vessels: Points
    windpipe: Points
    spine: Points
    hila: Points
    breasts: Points
    stomach: Points
    tissue: NDArray[np.float32]
    bone: float
    markings: float
    build: NDArray[np.float64]
    place: NDArray[np.float64]


def grow(generator: np.random.Generator, sex: str, age: int) -> Anatomy:
    """Make up the body of a patient.

    Args:
        generator: Of this patient.
        sex: ``F`` or ``M``; women have breast shadows and a narrower chest.
        age: In years; the aorta widens and bone fades with it.

    Returns:
        An anatomy of ordinary proportions.
    """
    aged = float(np.clip((age - 20) / 70, 0.0, 1.0))
    right_dome = generator.normal(0.745, 0.025)
    left_dome = right_dome + generator.uniform(0.012, 0.035)
    wobble = generator.normal(0.0, 0.008, (2, 10, 2))
    return Anatomy(
        body=rounded(_body(generator)),
        right_lung=rounded(mirrored(_lung(right_dome) + wobble[0])),
        left_lung=rounded(_lung(left_dome) + wobble[1]),
        heart=rounded(_heart(generator, left_dome, 0.9 + 0.2 * aged)),
        ribs=_ribs(generator),
        clavicles=_clavicles(generator),
        scapulae=_scapulae(generator),
        vessels=_vessels(generator),
        windpipe=_windpipe(generator),
        spine=_spine(generator),
        hila=both_sides(oval(0.595, 0.455, 0.03, 0.075)),
        breasts=_breasts(generator)[: 2 if sex == "F" else 0],
        stomach=_stomach(generator, left_dome),
        tissue=generator.standard_normal((_CELLS, _CELLS), np.float32),
        bone=generator.normal(1.1 - 0.3 * aged, 0.12),
        markings=generator.normal(0.9 + 0.2 * aged, 0.15),
        build=generator.normal((0.95 if sex == "F" else 1.0, 0.98), (0.06, 0.06)),
        place=generator.normal(0.0, (0.025, 0.03)),
    )


def _lung(dome: float) -> Points:
    """Outline of a left lung, from the apex down the wall and back up the midline."""
    return np.array(
        [
            (0.625, 0.130),
            (0.735, 0.205),
            (0.815, 0.355),
            (0.865, 0.555),
            (0.885, dome + 0.075),
            (0.800, dome + 0.012),
            (0.700, dome),
            (0.590, dome + 0.045),
            (0.550, 0.500),
            (0.548, 0.240),
        ]
    )


def _heart(generator: np.random.Generator, dome: float, girth: float) -> Points:
    """Superior vena cava, right atrium, apex, left ventricle, pulmonary trunk, aortic knob."""
    left = generator.normal(0.225, 0.027) * girth
    right = generator.normal(0.112, 0.014) * girth
    knob = generator.normal(0.078, 0.009) * girth
    apex = dome - generator.uniform(0.01, 0.035)
    return np.array(
        [
            (MIDLINE - 0.055, 0.10),
            (MIDLINE - 0.060, 0.36),
            (MIDLINE - right * 0.85, 0.50),
            (MIDLINE - right, 0.62),
            (MIDLINE - right * 0.80, apex + 0.03),
            (MIDLINE + 0.050, apex + 0.10),
            (MIDLINE + left * 0.85, apex + 0.07),
            (MIDLINE + left, apex - 0.02),
            (MIDLINE + left * 0.83, apex - 0.13),
            (MIDLINE + left * 0.53, 0.455),
            (MIDLINE + 0.064, 0.395),
            (MIDLINE + knob, 0.325),
            (MIDLINE + knob * 0.83, 0.275),
            (MIDLINE + 0.050, 0.10),
        ]
    )


def _body(generator: np.random.Generator) -> Points:
    shoulder = generator.normal(0.135, 0.025)
    armpit = generator.normal(0.045, 0.018)
    half = np.array(
        [
            (0.60, -0.10),
            (0.615, 0.035),
            (0.76, 0.075),
            (0.92, shoulder),
            (1.06, shoulder + 0.13),
            (1.05, 0.36),
            (1 - armpit, 0.47),
            (1 - armpit, 0.62),
            (1 - armpit - 0.01, 0.80),
            (1 - armpit - 0.02, 1.10),
        ]
    )
    return np.concatenate([half, mirrored(half)[::-1]])


def _ribs(generator: np.random.Generator) -> Points:
    order = np.arange(_PAIRS_OF_RIBS)
    spacing, first = generator.normal(0.0655, 0.004), generator.normal(0.135, 0.015)
    start = first + spacing * order + generator.normal(0.0, 0.003, _PAIRS_OF_RIBS)
    reach = np.interp(order, [0, 1, 3, 6, 9], [0.205, 0.275, 0.345, 0.385, 0.385])
    slope = generator.normal(0.245, 0.045)
    # Out from the spine behind, round the wall at 0.6, and back to the front, lower.
    along = np.linspace(0.0, 1.0, 22)
    knots = [0, 0.1, 0.3, 0.5, 0.6, 0.7, 0.85, 1]
    out = np.interp(along, knots, [0, 0.2, 0.66, 0.95, 1, 0.96, 0.77, 0.5])
    down = np.interp(along, knots, [0, -0.06, -0.02, 0.22, 0.38, 0.56, 0.80, 0.98])
    x = MIDLINE + 0.028 + reach[:, None] * out
    y = start[:, None] + slope * down * (0.75 + 0.04 * order[:, None])
    return both_sides(np.stack([x, y], axis=-1)).reshape(-1, len(along), 2)


def _clavicles(generator: np.random.Generator) -> Points:
    rise = generator.normal(0.045, 0.018)
    along = np.linspace(0.0, 1.0, 12)
    x = MIDLINE + 0.038 + 0.345 * along
    y = 0.180 - rise * along - 0.011 * np.sin(2 * np.pi * along)
    return both_sides(np.stack([x, y], axis=-1))


def _scapulae(generator: np.random.Generator) -> Points:
    corners = np.array([(0.80, 0.165), (0.945, 0.175), (0.90, 0.30), (0.845, 0.44)])
    return both_sides(corners + generator.normal(0.0, 0.015, (4, 2)))


def _vessels(generator: np.random.Generator) -> Points:
    """Trunks that fan out of both hila, each with a branch that leaves half way."""
    fan = np.linspace(-1.25, 1.45, _VESSELS)
    heading = fan + generator.normal(0.0, 0.12, (2, _VESSELS))
    length = generator.uniform(0.16, 0.34, (2, _VESSELS)) * (1 - 0.17 * np.abs(fan))
    hilum = np.broadcast_to((0.585, 0.435), (2, _VESSELS, 2))
    trunks = wandering(generator, hilum, heading, length)
    aside = generator.choice([-0.55, 0.55], (2, _VESSELS))
    branches = wandering(generator, trunks[:, :, 5], heading + aside, length * 0.55)
    left, other = np.concatenate([trunks, branches], axis=1)
    return np.concatenate([left, mirrored(other)])


def _windpipe(generator: np.random.Generator) -> Points:
    bent = MIDLINE + generator.normal(-0.006, 0.005)
    return np.array([(MIDLINE, -0.05), (bent, 0.2), (bent, 0.36)])


def _spine(generator: np.random.Generator) -> Points:
    half = generator.normal(0.042, 0.003)
    vertebra = np.array([(-half, 0.0), (half, 0.0), (half, 0.058), (-half, 0.058)])
    down = np.arange(0.02, 1.0, 0.078)
    sideways = MIDLINE + generator.normal(0.0, 0.008) * np.sin(np.pi * down)  # a slight curve
    return vertebra + np.stack([sideways, down], axis=-1)[:, None]


def _breasts(generator: np.random.Generator) -> Points:
    size, height = generator.normal(0.15, 0.02), generator.normal(0.66, 0.03)
    return both_sides(oval(MIDLINE + 0.235, height, size, 0.85 * size))


def _stomach(generator: np.random.Generator, dome: float) -> Points:
    wide, high = generator.uniform(0.03, 0.075), generator.uniform(0.02, 0.04)
    return oval(0.68, dome + 0.035 + high, wide, high)
