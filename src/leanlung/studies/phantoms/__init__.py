"""Phantoms: made-up chest films with their masks, for demonstrations and tests."""

from leanlung.studies.phantoms.archive import make
from leanlung.studies.phantoms.draw import Phantom, draw
from leanlung.studies.phantoms.hospital import HOSPITALS, Hospital
from leanlung.studies.phantoms.lesions import LESIONS
from leanlung.studies.phantoms.spec import Patient, PhantomSpec, patients

__all__ = [
    "HOSPITALS",
    "LESIONS",
    "Hospital",
    "Patient",
    "Phantom",
    "PhantomSpec",
    "draw",
    "make",
    "patients",
]
