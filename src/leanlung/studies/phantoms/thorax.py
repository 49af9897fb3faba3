"""A made-up chest in three dimensions: Hounsfield units, lungs and lesions.

An ellipse of fat and muscle with spine, ribs and heart on a scanner's table; two lungs with
vessels and a windpipe; and, in the sick, ground glass and consolidation near the pleura. Slices
stand upright: from the feet's end up, rows from front to back, columns from the patient's right
to the left. It looks like a chest to a threshold and to a network, not to a radiologist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leanlung.foundations.seeds import Seeds

    Field = NDArray[np.float32]
    Mask = NDArray[np.bool_]

AIR, LUNG, FAT, TISSUE, BONE, TABLE = -1000.0, -850.0, -100.0, 40.0, 450.0, -150.0
"""Hounsfield units of what is drawn."""

LEFT, RIGHT = 1, 2
"""Labels of the lungs, as in the public archive."""

_FIELD_MM = 400.0
_HEIGHT_MM = 240.0
_NOISE_HU = 18.0
_SMALLEST, _LARGEST = 32, 1024


@dataclass(frozen=True)
class ThoraxSpec:
    """What to make up.

    Attributes:
        patients: How many.
        slices: Fewest and most of a patient.
        size: Rows and columns of a slice.
        sick: Share of the patients who have lesions, in [0, 1].
        seed: Root of all that is made up.

    Raises:
        StudyError: If one of them is impossible.
    """

    patients: int = 6
    slices: tuple[int, int] = (16, 28)
    size: int = 128
    sick: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        fewest, most = self.slices
        for fits, name, wanted in (
            (self.patients >= 1, "patients", "at least 1"),
            (2 <= fewest <= most, "slices", "fewest and most, from 2 on"),
            (_SMALLEST <= self.size <= _LARGEST, "size", f"from {_SMALLEST} to {_LARGEST}"),
            (0 <= self.sick <= 1, "sick", "a share in [0, 1]"),
            (0 <= self.seed < 2**63, "seed", "a whole number in [0, 2**63)"),
        ):
            if not fits:
                msg = f"made-up CT with {name} = {getattr(self, name)}; expected {wanted}"
                raise StudyError(msg)


@dataclass(frozen=True, eq=False)
class Thorax:
    """A made-up scan and what is on it; all arrays (slices, rows, columns), upright.

    Attributes:
        hounsfield: int16.
        lungs: uint8: 0 elsewhere, `LEFT`, `RIGHT`.
        infection: Where the lesions are, inside the lungs.
        spacing: Millimetres from slice to slice, row to row, column to column.
    """

    hounsfield: NDArray[np.int16]
    lungs: NDArray[np.uint8]
    infection: Mask
    spacing: tuple[float, float, float]


def draw_thorax(seeds: Seeds, patient: int, spec: ThoraxSpec) -> Thorax:
    """Draw the scan of one patient.

    Everything hangs on the seed and the patient's number, so that no scan changes when another
    is added.

    Args:
        seeds: The root of everything drawn.
        patient: From 0.
        spec: How large, how sick.
    """
    body = seeds.generator("thorax", patient, "body")
    disease = seeds.generator("thorax", patient, "disease")
    grain = seeds.generator("thorax", patient, "grain")
    count = int(body.integers(spec.slices[0], spec.slices[1], endpoint=True))
    z, y, x = _millimetres(count, spec.size)
    there = _posed(body, y, x)
    wide, deep = body.normal((1.0, 1.0), (0.08, 0.09))
    y, x = there[0] / deep, there[1] / wide
    inside, muscle, ribs = _wall(x, y, fat=body.uniform(0.86, 0.97), turn=body.uniform(0, 6))
    right, left = (_lung(x, y, z, side=side, generator=body) for side in (-1, 1))
    at, half = body.normal((20, -28, -45), (9, 9, 8)), body.normal((58, 48, 62), (8, 7, 8))
    heart = _ball(x, y, z, tuple(at), tuple(half))
    spine = ((x / body.normal(20, 2)) ** 2 + ((y - 62) / body.normal(20, 3)) ** 2) < 1
    left, right = left & ~heart & ~spine, right & ~heart & ~spine
    lungs = left | right
    values = np.full((count, spec.size, spec.size), AIR, np.float32)
    table = _millimetres(count, spec.size)[1:]
    low = np.abs(table[0] - body.normal(132, 6) + table[1] ** 2 / 900) < 5
    values[:, (low & (np.abs(table[1]) < 190))[0]] = TABLE
    for where, hounsfield in ((inside, FAT), (muscle, TISSUE), (ribs, BONE), (spine, BONE)):
        values[np.broadcast_to(where, values.shape)] = hounsfield
    values[lungs] = LUNG
    values[_ball(x, y, z, (0, 10, 90), (9, 9, 90))] = AIR
    _vessels(values, lungs, body, (z, y, x))
    infection = np.zeros(values.shape, np.bool_)
    if disease.random() < spec.sick:
        infection = _lesions(values, lungs, disease, (z, y, x))
    for plane in values:
        cv2.GaussianBlur(plane, (0, 0), spec.size / 400, dst=plane)
    values += grain.normal(0.0, _NOISE_HU, values.shape).astype(np.float32)
    labels = np.where(left, np.uint8(LEFT), np.where(right, np.uint8(RIGHT), np.uint8(0)))
    across = _FIELD_MM / spec.size
    return Thorax(
        np.rint(np.clip(values, -1024, 3071)).astype(np.int16),
        labels,
        infection,
        (_HEIGHT_MM / count, across, across),
    )


def _millimetres(count: int, size: int) -> tuple[Field, Field, Field]:
    """Give the places of voxels from the middle: up, to the back, to the patient's left."""
    z = ((np.arange(count) + 0.5) / count - 0.5) * _HEIGHT_MM
    along = ((np.arange(size) + 0.5) / size - 0.5) * _FIELD_MM
    return (
        z.astype(np.float32)[:, None, None],
        along.astype(np.float32)[None, :, None],
        along.astype(np.float32)[None, None, :],
    )


def _posed(generator: np.random.Generator, y: Field, x: Field) -> tuple[Field, Field]:
    """Turn and move the patient on the table."""
    turn = np.deg2rad(generator.normal(0.0, 5.0))
    right, back = x - generator.normal(0, 10), y - generator.normal(0, 8)
    down = back * np.cos(turn) - right * np.sin(turn)
    return down, right * np.cos(turn) + back * np.sin(turn)


def _wall(x: Field, y: Field, *, fat: float, turn: float) -> tuple[Mask, Mask, Mask]:
    """Give the body, what of it lies under its fat, and the ring of ribs."""
    round_ = np.sqrt((x / 165) ** 2 + (y / 112) ** 2)
    angle = np.arctan2(y, x)
    ribs = (np.abs(round_ - 0.84) < 0.025) & (np.sin(angle * 12 + turn) > -0.2)
    return round_ < 1, round_ < fat, ribs


def _lung(x: Field, y: Field, z: Field, *, side: int, generator: np.random.Generator) -> Mask:
    """Give a lung: widest at its middle, with a dome of the diaphragm below."""
    out, back = generator.normal((72, 2), (5, 6))
    half, long = generator.normal((55, 78), (5, 6))
    top, dome_top = generator.normal((0.9, -0.4), (0.03, 0.06))
    lean = generator.normal(0.0, 0.15)
    up = z / (_HEIGHT_MM / 2)
    # Above the apex and below the base there is none, so that some slices show no lung.
    narrow = np.clip(1 - ((up - 0.05) / top) ** 2, 0, None) ** 0.5
    across = (x - side * out - lean * y) / (half * narrow + 1e-3)
    down = (y - back) / (long * narrow + 1e-3)
    dome = np.exp(-(((x - side * 70) / 45) ** 2) - ((y + 10) / 50) ** 2)
    inner = x * side > 14
    wall = (x / 165) ** 2 + (y / 112) ** 2 < 0.8**2
    lung: Mask = (across**2 + down**2 < 1) & (up > dome_top - 0.35 + 0.35 * dome) & inner & wall
    lung &= narrow > 0.15
    return lung


def _ball(x: Field, y: Field, z: Field, at: tuple[float, ...], half: tuple[float, ...]) -> Mask:
    far = ((x - at[0]) / half[0]) ** 2 + ((y - at[1]) / half[1]) ** 2
    ball: Mask = far + ((z - at[2]) / half[2]) ** 2 < 1
    return ball


def _vessels(
    values: Field, lungs: Mask, generator: np.random.Generator, at: tuple[Field, Field, Field]
) -> None:
    """Draw short tubes of soft tissue, thinner away from the midline."""
    z, y, x = at
    for _ in range(60):
        side = generator.choice([-1, 1])
        out = generator.uniform(30, 115)
        place = (side * out, generator.normal(0, 35), generator.uniform(-90, 80))
        thick = 5.5 - 3.0 * out / 115
        half = (thick * generator.uniform(1, 5), thick, generator.uniform(4, 10))
        values[_ball(x, y, z, place, half) & lungs] = TISSUE


def _lesions(
    values: Field, lungs: Mask, generator: np.random.Generator, at: tuple[Field, Field, Field]
) -> Mask:
    """Draw ground glass and, less often, consolidation, mostly at the back and low down."""
    z, y, x = at
    found = np.zeros(values.shape, np.bool_)
    for _ in range(int(generator.integers(2, 6))):
        side = generator.choice([-1, 1])
        place = (
            side * generator.uniform(70, 115),
            generator.uniform(0, 60),
            generator.uniform(-60, 30),
        )
        half = tuple(generator.uniform(12, 30, 3))
        here = _ball(x, y, z, place, half) & lungs
        dense = generator.random() < 0.3
        values[here] = generator.uniform(-120, -20) if dense else generator.uniform(-650, -480)
        found |= here
    return found
