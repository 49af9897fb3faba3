"""A verdict is wrong no more often than it says: docs/coverage.md in small."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from leanlung.statistics import Predictions, compare

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_of_verdicts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def most(share, draws):
    """A share that a simulation of so many draws exceeds once of a thousand times."""
    return share + 3.1 * np.sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize(("studies", "discordant"), [(27, 0.3), (500, 0.05), (2000, 0.05)])
def test_shares_of_studies(coverage, studies, discordant):
    draws = 20_000
    line = coverage.two_shares(np.random.default_rng(1), draws, studies, discordant, 0.02)
    wrongly, refused = line.misses["Tango score"]
    assert wrongly <= most(0.03, draws)
    assert refused <= most(0.03, draws)


@pytest.mark.parametrize(
    ("positives", "area", "levels"), [(50, 0.8, 0), (50, 0.95, 0), (50, 0.8, 5), (10, 0.95, 0)]
)
def test_areas_with_ties_and_without(coverage, positives, area, levels):
    draws = 1500
    line = coverage.one_image_each(
        np.random.default_rng(2), draws, positives, 60, area, 0.05, levels=levels
    )
    wrongly, refused = line.misses["score limits"]
    assert wrongly <= most(0.03, draws)
    assert refused <= most(0.035, draws)


def test_a_normal_interval_is_wrong_far_more_often_near_one(coverage):
    """Why there are score limits: ten positives at an area of 0.95."""
    line = coverage.one_image_each(np.random.default_rng(3), 1500, 10, 60, 0.95, 0.05)
    assert line.misses["DeLong, normal"][0] > 0.06
    assert line.misses["score limits"][0] < 0.05


@pytest.mark.parametrize(("figure", "value"), [("AUC", 0.95), ("sensitivity", 0.8)])
def test_patients_with_several_images(coverage, figure, value):
    draws = 400
    line = coverage.several_images_each(
        np.random.default_rng(4), draws, 10, figure, value, 0.05
    )
    wrongly, refused = line.misses["score limits"]
    assert wrongly <= most(0.03, draws)
    assert refused <= most(0.03, draws)
    assert sum(line.misses["percentile"]) > wrongly + refused


def test_five_positives_never_claim_more_often_than_they_may(coverage):
    draws = 20_000
    line = coverage.two_shares(np.random.default_rng(5), draws, 5, 0.3, 0.1)
    assert line.misses["Tango score"][0] <= most(0.025, draws)


def test_the_simulation_measures_what_the_product_gives(coverage):
    """One study of the simulation, done again by `compare`."""
    generator = np.random.default_rng(6)
    ill, well = coverage.scores(generator, (12,), 0.7), coverage.scores(generator, (40,), 0.7)
    labels = np.repeat([1, 0], [12, 40])
    models, values, sides = [], [], []
    for side, name in enumerate("ab"):
        top, bottom = ill[side] + 1.5 - 0.3 * side, well[side]
        share = 1.0 / (1.0 + np.exp(-np.concatenate([top, bottom])))
        ids = tuple(map(str, range(52)))
        table = np.stack([1.0 - share, share], axis=1)
        models.append(Predictions(name, ("well", "ill"), ids, ids, labels, table))
        won = (top[:, None] > bottom)[None].astype(float)
        values.append(won.mean(axis=(1, 2)))
        parts = won.mean(axis=2), won.mean(axis=1)
        sides.append([each - each.mean(axis=1, keepdims=True) for each in parts])
    low, high = coverage._area_ends(values, sides, 12, 40)["score limits"]
    found = compare(*models, metric="auc:ill", margin=0.05).difference
    assert (found.low, found.high) == pytest.approx((low.item(), high.item()))
