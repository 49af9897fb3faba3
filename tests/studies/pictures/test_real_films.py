"""Real films: one film is found again however it was saved, and no two patients match."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leanlung.studies.pictures import (
    decode,
    distance,
    look,
    near_identical,
    near_identical_pairs,
)
from leanlung.studies.pictures.hashes import NEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        "LEANLUNG_DATA" not in os.environ, reason="LEANLUNG_DATA does not say where films are"
    ),
]

EVERY = 9


@pytest.fixture(scope="module")
def films() -> dict[Path, str]:
    """Every ninth radiograph, with its patient."""
    folder = Path(os.environ["LEANLUNG_DATA"])
    with (folder / "cxr" / "metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::EVERY]
    return {folder / row["path"]: row["patient_id"] for row in rows}


@pytest.fixture(scope="module")
def images(films: dict[Path, str]) -> list[np.ndarray]:
    return [decode(path) for path in films]


@pytest.mark.parametrize(
    ("name", "by_hash", "by_look"),
    [  # shares of films found again, a little below what was measured
        ("JPEG 40", 1.0, 1.0),
        ("60 %", 1.0, 1.0),
        ("gamma 0.7", 1.0, 1.0),
        ("gamma 1.4", 1.0, 1.0),
        ("brighter", 0.94, 0.97),
        ("darker", 0.99, 0.99),
        ("flatter", 1.0, 1.0),
        ("harder", 0.98, 0.99),
        ("cropped", 0.0, 0.99),
    ],
)
def test_an_altered_film_is_found_again(
    images: list[np.ndarray],
    alterations: dict[str, Callable[[np.ndarray], np.ndarray]],
    name: str,
    by_hash: float,
    by_look: float,
) -> None:
    pairs = [(look(image), look(alterations[name](image))) for image in images]
    near = [distance(one.hash, two.hash) <= NEAR for one, two in pairs]
    same = [near_identical(one, two) for one, two in pairs]
    assert sum(near) >= by_hash * len(pairs)
    assert sum(same) >= by_look * len(pairs)


def test_a_negative_is_found_again(images: list[np.ndarray]) -> None:
    same = [near_identical(look(image), look(1 - image)) for image in images]
    assert sum(same) >= 0.99 * len(same)


def test_no_two_patients_share_a_film(films: dict[Path, str], images: list[np.ndarray]) -> None:
    patients = list(films.values())
    pairs = near_identical_pairs([look(image) for image in images])
    assert [pair for pair in pairs if patients[pair[0]] != patients[pair[1]]] == []
