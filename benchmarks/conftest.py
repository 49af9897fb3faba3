"""Timing side by side: whatever else the machine does, it does to both."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.foundations.allocator import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Callable

keep_freed_memory()  # as the command line does


@dataclass(frozen=True)
class Paired:
    """Two things timed in turn.

    Attributes:
        first: Median seconds of the first.
        second: Median seconds of the second.
        ratio: Median over the rounds of second by first.
    """

    first: float
    second: float
    ratio: float


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.fixture
def in_turn() -> Callable[..., Paired]:
    """Give a function that times two things in turn, so many rounds, after one to warm up."""

    def measure(
        first: Callable[[], object], second: Callable[[], object], rounds: int
    ) -> Paired:
        first(), second()
        pairs = [(timed(first), timed(second)) for _ in range(rounds)]
        return Paired(
            statistics.median(a for a, _ in pairs),
            statistics.median(b for _, b in pairs),
            statistics.median(b / a for a, b in pairs),
        )

    return measure


@pytest.fixture(scope="session", autouse=True)
def machine() -> None:
    """Say what the figures were made with."""
    from leanlung.runs.environment import environment

    found = environment(torch.device("cpu"))
    print(
        f"\n{found['processor']}, {found['threads']} threads; "
        f"torch {found['packages']['torch']}, leanlung {found['leanlung']}"
    )
