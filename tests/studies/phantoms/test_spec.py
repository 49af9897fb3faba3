"""A specification deals out classes exactly, and confounds class and hospital as asked."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.phantoms import PhantomSpec, patients


def test_classes_get_their_shares_exactly() -> None:
    spec = PhantomSpec(patients=100, shares=(0.5, 0.3, 0.2))
    counts = Counter(patient.label for patient in patients(spec))
    assert counts == {"normal": 50, "lobar_consolidation": 30, "ground_glass": 20}


def test_equal_shares_are_the_default() -> None:
    counts = Counter(patient.label for patient in patients(PhantomSpec(patients=12)))
    assert counts == {"normal": 4, "lobar_consolidation": 4, "ground_glass": 4}


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.9, 0.05, 0.05), (0.0, 0.4, 0.6)])
def test_at_no_time_is_a_class_more_than_one_patient_off(
    shares: tuple[float, ...],
) -> None:
    spec = PhantomSpec(patients=200, shares=shares)
    dealt = Counter(dict.fromkeys(spec.classes, 0))
    for number, patient in enumerate(patients(spec), start=1):
        dealt[patient.label] += 1
        for label, share in zip(spec.classes, shares, strict=True):
            assert abs(dealt[label] - share * number) <= 1


def test_more_patients_change_none_of_the_first() -> None:
    few = list(patients(PhantomSpec(patients=20, shares=(0.6, 0.2, 0.2))))
    many = list(patients(PhantomSpec(patients=50, shares=(0.6, 0.2, 0.2))))
    assert many[:20] == few
    assert [patient.number for patient in many] == list(range(50))


def test_another_seed_makes_up_other_patients() -> None:
    assert list(patients(PhantomSpec())) != list(patients(PhantomSpec(seed=1)))


def test_patients_are_plausible() -> None:
    everybody = list(patients(PhantomSpec(patients=300, images=(2, 4))))
    assert {patient.sex for patient in everybody} == {"F", "M"}
    assert {patient.images for patient in everybody} == {2, 3, 4}
    assert all(20 <= patient.age <= 90 for patient in everybody)
    assert all(one.id < two.id for one, two in pairwise(everybody))


def together(confounding: float) -> float:
    """How strongly class and hospital go together: Cramér's V of normal against the rest."""
    spec = PhantomSpec(patients=600, confounding=confounding)
    everybody = list(patients(spec))
    ill = np.array([patient.label != "normal" for patient in everybody])
    elsewhere = np.array([patient.hospital == "B" for patient in everybody])
    return float(np.corrcoef(ill, elsewhere)[0, 1])


def test_without_confounding_class_and_hospital_are_independent() -> None:
    assert abs(together(0.0)) < 0.1  # 600 patients: standard deviation 0.04


def test_with_full_confounding_the_class_tells_the_hospital() -> None:
    assert together(1.0) == pytest.approx(1.0)


def test_confounding_grows_in_between() -> None:
    assert 0.3 < together(0.5) < 0.7


def test_one_hospital_is_enough() -> None:
    spec = PhantomSpec(hospitals=("B",), confounding=1.0)
    assert {patient.hospital for patient in patients(spec)} == {"B"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patients", 0),
        ("images", (0, 2)),
        ("images", (3, 2)),
        ("size", 32),
        ("size", 5000),
        ("classes", ()),
        ("classes", ("normal", "normal")),
        ("classes", ("normal", "fibrosis")),
        ("hospitals", ()),
        ("hospitals", ("A", "Z")),
        ("shares", (0.5, 0.5)),
        ("shares", (0.5, 0.3, 0.3)),
        ("shares", (1.2, -0.1, -0.1)),
        ("confounding", 1.5),
        ("contrast", (0.0, 1.0)),
        ("contrast", (0.9, 0.5)),
        ("contrast", (0.5, 1.1)),
        ("seed", -1),
    ],
)
def test_an_impossible_specification_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(StudyError, match=f"{field[:5]}.*expected"):
        PhantomSpec(**{field: value})
