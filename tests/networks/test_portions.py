"""A batch that does not fit into memory is taken in halves, and those in halves again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.foundations.errors import NetworkError, TrainingError
from leanlung.networks.memory import Portions, out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: "


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(CPU + "can't allocate memory: you tried to allocate 8 bytes."),
        RuntimeError(CPU + "not enough memory: you tried to allocate 8 bytes."),
        RuntimeError("could not create a primitive"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
        MemoryError(),
    ],
)
def test_short_memory_is_recognised(error: Exception) -> None:
    assert out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2"), ValueError("out of memory")])
def test_other_errors_are_not(error: Exception) -> None:
    assert not out_of_memory(error)
    with pytest.raises(type(error)):
        Portions(8).do(8, raising(error))


def raising(error: Exception) -> Callable[[list[int]], None]:
    def work(_parts: list[int]) -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("count", "size", "least", "parts"),
    [
        (32, 32, 2, [32]),
        (32, 16, 2, [16, 16]),
        (20, 16, 2, [10, 10]),  # evenly, rather than 16 and 4
        (33, 16, 2, [11, 11, 11]),  # never 16, 16 and 1
        (5, 2, 2, [3, 2]),
        (3, 2, 2, [3]),
        (1, 8, 2, [1]),
        (5, 2, 1, [2, 2, 1]),
    ],
)
def test_a_batch_is_parted_evenly(count: int, size: int, least: int, parts: list[int]) -> None:
    assert Portions(size, least=least).parts(count) == parts


def test_halves_until_it_fits_and_stays_there() -> None:
    tried: list[list[int]] = []
    told: list[str] = []

    def work(parts: list[int]) -> int:
        tried.append(parts)
        if max(parts) > 10:
            raise torch.OutOfMemoryError
        return sum(parts)

    portions = Portions(32, note=told.append)
    assert portions.do(32, work) == 32
    assert portions.do(24, work) == 24
    assert tried == [[32], [16, 16], [8] * 4, [8] * 3]
    assert told == ["memory: batch of 32 in 2 of 16", "memory: batch of 32 in 4 of 8"]


@pytest.mark.parametrize(("count", "least", "last"), [(8, 2, 2), (3, 2, 3), (8, 1, 1)])
def test_below_the_least_it_says_what_to_do(count: int, least: int, last: int) -> None:
    kind = TrainingError if least == 2 else NetworkError
    told = rf"{last} images at once.*\(CUDA out of memory\).*pixels\.size.*network\.backbone"
    with pytest.raises(kind, match=told):
        Portions(8, least=least, refuse=kind).do(
            count, raising(torch.OutOfMemoryError("CUDA out of memory"))
        )


def test_what_failed_is_undone_before_it_is_done_again() -> None:
    done: list[str] = []

    def work(parts: list[int]) -> None:
        done.append(f"{parts}")
        if len(parts) == 1:
            raise MemoryError

    Portions(4).do(4, work, undo=lambda: done.append("undone"))
    assert done == ["[4]", "undone", "[2, 2]"]
