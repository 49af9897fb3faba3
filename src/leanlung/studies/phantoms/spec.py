"""The specification of a made-up archive: how many patients, of what, from where.

Whatever a patient is, follows from the seed and the patient's number alone, so that an archive
of a hundred patients is the beginning of one of a thousand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms.draw import LARGEST, SMALLEST, require_one_of
from leanlung.studies.phantoms.hospital import HOSPITALS
from leanlung.studies.phantoms.lesions import LESIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST_SEED = 2**63


@dataclass(frozen=True)
class PhantomSpec:
    """What to make up.

    Attributes:
        patients: How many.
        images: Fewest and most images of a patient.
        size: Side of an image in pixels.
        classes: Of those there are: normal, lobar consolidation, ground glass.
        shares: Of the patients, one a class, adding up to 1; empty for equal shares.
        hospitals: One or two of ``A`` and ``B``.
        confounding: In [0, 1]. At 0 class and hospital are independent; at 1 the first class
            comes from the first hospital and every other class from the last.
        contrast: Least and most of a lesion's contrast, in (0, 1]; low ones are subtle.
        seed: Root of all that is made up.

    Raises:
        StudyError: If one of them is impossible.
    """

    patients: int = 120
    images: tuple[int, int] = (1, 2)
    size: int = 256
    classes: tuple[str, ...] = ("normal", "lobar_consolidation", "ground_glass")
    shares: tuple[float, ...] = ()
    hospitals: tuple[str, ...] = ("A", "B")
    confounding: float = 0.0
    contrast: tuple[float, float] = (0.3, 1.0)
    seed: int = 0

    def __post_init__(self) -> None:
        for label in self.classes:
            require_one_of("class", label, LESIONS)
        for hospital in self.hospitals:
            require_one_of("hospital", hospital, HOSPITALS)
        shares = self.shares or (1.0,)
        fewest, most = self.images
        faint, strong = self.contrast
        for fits, name, wanted in (
            (self.patients >= 1, "patients", "at least 1"),
            (1 <= fewest <= most, "images", "fewest and most, from 1 on"),
            (SMALLEST <= self.size <= LARGEST, "size", f"from {SMALLEST} to {LARGEST}"),
            (_all_different(self.classes), "classes", "one or more, each once"),
            (_all_different(self.hospitals), "hospitals", "one or more, each once"),
            (len(self.shares) in (0, len(self.classes)), "shares", "one a class, or none"),
            (min(shares) >= 0 and math.isclose(sum(shares), 1), "shares", "a sum of 1"),
            (0 <= self.confounding <= 1, "confounding", "a share in [0, 1]"),
            (0 < faint <= strong <= 1, "contrast", "least and most, in (0, 1]"),
            (0 <= self.seed < _LARGEST_SEED, "seed", "a whole number in [0, 2**63)"),
        ):
            if not fits:
                msg = f"phantoms with {name} = {getattr(self, name)}; expected {wanted}"
                raise StudyError(msg)


@dataclass(frozen=True)
class Patient:
    """One made-up patient.

    Attributes:
        number: From 0.
        label: The class of all this patient's images.
        hospital: Where all of them were taken.
        sex: ``F`` or ``M``.
        age: In years.
        images: How many.
    """

    number: int
    label: str
    hospital: str
    sex: str
    age: int
    images: int

    @property
    def id(self) -> str:
        """How manifests call the patient."""
        return f"phantom-{self.number:05d}"


def patients(spec: PhantomSpec) -> Iterator[Patient]:
    """Make up the patients, one by one.

    Classes are dealt out, not drawn: after every patient each class has its share, to within
    one patient.

    Args:
        spec: How many, of what, from where.

    Yields:
        Patients in order of their numbers.
    """
    seeds = Seeds(spec.seed)
    shares = spec.shares or (1 / len(spec.classes),) * len(spec.classes)
    dealt = [0] * len(spec.classes)
    for number in range(spec.patients):
        owed = [share * (number + 1) - had for share, had in zip(shares, dealt, strict=True)]
        # Rounded, so that equal shares take turns on every machine.
        turn = max(range(len(owed)), key=lambda index: (round(owed[index], 9), -index))
        dealt[turn] += 1
        life = seeds.generator("phantom", number, "life")
        sex = "F" if life.random() < 0.5 else "M"
        age = int(life.integers(20, 91))
        images = int(life.integers(spec.images[0], spec.images[1], endpoint=True))
        chance = spec.hospitals[life.integers(len(spec.hospitals))]
        fixed = spec.hospitals[0 if turn == 0 else -1]
        hospital = fixed if life.random() < spec.confounding else chance
        yield Patient(number, spec.classes[turn], hospital, sex, age, images)


def _all_different(names: tuple[str, ...]) -> bool:
    return 0 < len(names) == len(set(names))
