"""At a loss of exactly the margin non-inferiority is claimed in at most 5 of 100 draws.

Ten thousand draws a case; ``benchmarks/simulation_runs.py`` prints more of them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "simulation_runs.py"
DRAWS = 10_000
# Three standard errors of a share of 5 % in as many draws.
SLACK = 3 * (0.05 * 0.95 / DRAWS) ** 0.5


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("simulation_runs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_t_is_wrong_as_often_as_it_says(simulation):
    assert 0.04 < simulation.false_claims("normal", "t", 10, DRAWS) < 0.06


@pytest.mark.parametrize("test", ["Wilcoxon", "sign-flip"])
@pytest.mark.parametrize(("shape", "lowest"), [("normal", 0.04), ("tenths, many ties", 0.01)])
def test_the_exact_tests_never_claim_more_often_than_they_say(simulation, shape, lowest, test):
    found = simulation.false_claims(shape, test, 10, DRAWS)
    assert lowest < found < 0.05 + SLACK


def test_runs_that_overlap_need_the_corrected_t(simulation):
    assert simulation.overlapping(10, 1000, corrected=False) > 0.12
    assert 0.04 < simulation.overlapping(10, DRAWS, corrected=True) < 0.06


@pytest.mark.parametrize(
    ("seeds", "between", "together"), [(2, 0.05, 0.0), (3, 0.0, 0.0), (3, 0.2, 0.4)]
)
def test_the_interval_over_seeds_misses_at_most_as_often_as_it_says(
    simulation, seeds, between, together
):
    assert simulation.misses(seeds, between, together, 4000) < 0.05 + 3 * 0.0035
