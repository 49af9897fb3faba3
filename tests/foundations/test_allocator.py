"""Memory that was freed is used again: the second time, no page of it is new."""

import os
import subprocess
import sys

import pytest

from leanlung.foundations.allocator import keep_freed_memory

MEGABYTES = 64
PROGRAM = f"""
import ctypes, resource, sys
from leanlung.foundations.allocator import keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def faults_of_one_block():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = libc.malloc({MEGABYTES} * 2**20)
    ctypes.memset(block, 1, {MEGABYTES} * 2**20)
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    assert keep_freed_memory()
faults_of_one_block()
print(faults_of_one_block())
"""


def faults(how: str) -> int:
    settings = ("MALLOC_", "GLIBC_TUNABLES")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        env={name: one for name, one in os.environ.items() if not name.startswith(settings)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has these settings")
def test_a_block_that_was_freed_costs_no_new_pages() -> None:
    assert faults("kept") < faults("as ever") / 10


def test_whoever_sets_the_allocator_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not keep_freed_memory()
    monkeypatch.delenv("MALLOC_ARENA_MAX")
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    assert not keep_freed_memory()


def test_nothing_is_done_where_there_is_no_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
