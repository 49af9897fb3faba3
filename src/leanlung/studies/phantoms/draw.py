"""Draw one made-up chest film with its masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.studies.phantoms import shadows
from leanlung.studies.phantoms.anatomy import grow
from leanlung.studies.phantoms.hospital import HOSPITALS, develop
from leanlung.studies.phantoms.lesions import LESIONS, outlined

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import TypeVar

    from numpy.typing import NDArray

    from leanlung.foundations.seeds import Seeds
    from leanlung.studies.phantoms.anatomy import Anatomy
    from leanlung.studies.phantoms.canvas import Canvas, Layer

    Pixels = TypeVar("Pixels", Canvas, Layer)

SMALLEST, LARGEST = 64, 2048


@dataclass(frozen=True, eq=False)
class Phantom:
    """A film and what is on it.

    Attributes:
        image: Shape (size, size), 8-bit grey.
        lungs: Shape (size, size), true in the lungs, the heart left out.
        lesion: Shape (size, size), true in the lesion, inside the lungs; all false if normal.
    """

    image: NDArray[np.uint8]
    lungs: NDArray[np.bool_]
    lesion: NDArray[np.bool_]


def draw(
    seeds: Seeds,
    patient: int,
    image: int = 0,
    *,
    label: str = "normal",
    hospital: str = "A",
    size: int = 256,
    contrast: tuple[float, float] = (0.3, 1.0),
    sex: str = "F",
    age: int = 50,
) -> Phantom:
    """Draw one film of one patient.

    The body and the disease hang on the seed and the patient, the position, the breath and
    the grain on the image too: films of one patient show the same chest, and no film changes
    when another is added.

    Args:
        seeds: The root of everything drawn.
        patient: Number of the patient, from 0.
        image: Number of the film of this patient, from 0.
        label: One of `LESIONS`.
        hospital: One of `HOSPITALS`.
        size: Side in pixels, from 64 to 2048.
        contrast: Least and most of the lesion's contrast, in (0, 1]; this patient's lies
            somewhere between.
        sex: ``F`` or ``M``.
        age: In years.

    Returns:
        The film and its masks.

    Raises:
        StudyError: If there is no such class or hospital, or the size is out of range.
    """
    require_one_of("class", label, LESIONS)
    require_one_of("hospital", hospital, HOSPITALS)
    if not SMALLEST <= size <= LARGEST:
        msg = f"phantoms of {size} pixels; from {SMALLEST} to {LARGEST} was expected"
        raise StudyError(msg)
    anatomy = grow(seeds.generator("phantom", patient, "body"), sex, age)
    disease = seeds.generator("phantom", patient, "disease")
    lungs = shadows.lungs_of(anatomy, size)
    opacity = LESIONS[label](disease, lungs, disease.uniform(*contrast))
    film = seeds.generator("phantom", patient, "image", image)
    pose = _pose(film, anatomy, size)
    shadow = _posed(shadows.cast(anatomy, lungs, opacity), pose)
    in_lungs = _posed(cv2.max(lungs.right, lungs.left), pose) > 127
    in_lesion = _posed(outlined(opacity, lungs), pose) > 127
    picture = develop(shadow, HOSPITALS[hospital], film)
    return Phantom(picture, in_lungs, in_lungs & in_lesion)


def require_one_of(what: str, name: str, names: Collection[str]) -> None:
    """Refuse a name that is none of those known.

    Raises:
        StudyError: If it is not; it tells the nearest.
    """
    if name not in names:
        msg = f"no phantom {what} {name!r}; expected one of {list(names)}"
        raise StudyError(msg + did_you_mean(name, names))


def _pose(generator: np.random.Generator, anatomy: Anatomy, size: int) -> NDArray[np.float64]:
    """Place the patient on the film: by build, and by stance and breath of the day."""
    turn = np.deg2rad(generator.normal(0.0, 1.5))
    breath = generator.normal(1.0, 0.015, 2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stretch = rotation @ np.diag(anatomy.build * breath)
    middle = np.array([0.5, 0.45])
    origin = middle + anatomy.place + generator.normal(0.0, 0.01, 2) - stretch @ middle
    return np.column_stack([stretch, origin * size])


def _posed(layer: Pixels, pose: NDArray[np.float64]) -> Pixels:
    side = len(layer)
    posed: Pixels = cv2.warpAffine(layer, pose, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return posed
