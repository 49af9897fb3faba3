"""Lungs found by their air, against made-up chests and against masks drawn by people."""

from __future__ import annotations

from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.seeds import Seeds
from leanlung.foundations.tables import read_table
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax
from leanlung.studies.pictures import decode
from leanlung.studies.volumes import WINDOWS, find_lungs, find_lungs_in, shown

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.phantoms import Thorax


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / max(first.sum() + second.sum(), 1))


@pytest.fixture(scope="module", params=[0, 1, 2])
def thorax(request: pytest.FixtureRequest) -> Thorax:
    return draw_thorax(Seeds(3), request.param, ThoraxSpec(slices=(14, 14), size=160))


def test_the_lungs_of_a_volume_are_found(thorax: Thorax) -> None:
    found = find_lungs_in(thorax.hounsfield)
    assert found.shape == thorax.lungs.shape
    assert dice(found, thorax.lungs > 0) > 0.97


def test_the_lungs_of_one_slice_are_found_in_hounsfield_units_and_in_grey(
    thorax: Thorax,
) -> None:
    plane, truth = thorax.hounsfield[7], thorax.lungs[7] > 0
    assert dice(find_lungs(plane), truth) > 0.95
    window = WINDOWS["covid19_ct"]
    grey = shown(plane.astype(np.float32), window)
    assert dice(find_lungs(grey, 255 * (-320 - window.low) / window.width), truth) > 0.95
    assert dice(find_lungs(grey, None), truth) > 0.9


def test_the_windpipe_and_the_air_around_the_patient_are_no_lung() -> None:
    thorax = draw_thorax(Seeds(3), 0, ThoraxSpec(slices=(48, 48), size=96))
    top = thorax.hounsfield[-1]  # above the lungs: windpipe, skin, table
    assert not (thorax.lungs[-1] > 0).any()
    assert not find_lungs(top).any()


@pytest.mark.parametrize("value", [-1000, 40])
def test_nothing_is_found_where_nothing_is(value: int) -> None:
    assert not find_lungs(np.full((64, 64), value, np.int16)).any()
    assert not find_lungs_in([np.full((64, 64), value, np.int16)] * 3).any()


def test_a_dense_lesion_at_the_wall_is_missed_as_the_docs_say(thorax: Thorax) -> None:
    plane, truth = thorax.hounsfield[7].copy(), thorax.lungs[7] > 0
    rows = np.flatnonzero(truth.any(1))
    back = np.zeros_like(truth)
    back[(rows[0] + 2 * rows[-1]) // 3 :] = True
    plane[truth & back] = 0  # consolidation of the whole back
    found = find_lungs(plane)
    assert (found & truth & back).sum() < 0.3 * (truth & back).sum()
    assert dice(found, truth & ~back) > 0.9


@pytest.mark.real
def test_on_levelled_slices_of_patients_the_median_dice_is_above_nine_tenths(
    real_data: Path,
) -> None:
    table = real_data / "ct" / "metadata.csv"
    rows = [row for row in read_table(table) if row["label"] == "covid_infected_slice"][::15]
    found = []
    for row in rows:
        image, lung = (decode(real_data / row[name]) for name in ("path", "lung_mask"))
        found.append(dice(find_lungs(image, None), lung > 0))
    assert len(found) == 50
    assert median(found) > 0.9
    assert mean(found) > 0.8
