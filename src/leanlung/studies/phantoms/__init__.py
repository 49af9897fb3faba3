"""Phantoms: made-up chest films and CT scans with their masks, for demonstrations and tests."""

from leanlung.studies.phantoms.archive import make
from leanlung.studies.phantoms.ct_archive import make_ct, write_nifti, write_series
from leanlung.studies.phantoms.draw import Phantom, draw
from leanlung.studies.phantoms.hospital import HOSPITALS, Hospital
from leanlung.studies.phantoms.lesions import LESIONS
from leanlung.studies.phantoms.spec import Patient, PhantomSpec, patients
from leanlung.studies.phantoms.thorax import Thorax, ThoraxSpec, draw_thorax

__all__ = [
    "HOSPITALS",
    "LESIONS",
    "Hospital",
    "Patient",
    "Phantom",
    "PhantomSpec",
    "Thorax",
    "ThoraxSpec",
    "draw",
    "draw_thorax",
    "make",
    "make_ct",
    "patients",
    "write_nifti",
    "write_series",
]
