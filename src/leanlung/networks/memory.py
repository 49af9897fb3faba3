"""Memory: a batch that does not fit into it goes through a network in smaller parts."""

from __future__ import annotations

import gc
import math
import textwrap
from typing import TYPE_CHECKING, TypeVar

import torch

from leanlung.foundations.errors import LeanlungError, NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = TypeVar("Told")

_SIGNS = (
    "can't allocate memory",  # the CPU's allocator
    "not enough memory",  # the same on Windows
    "out of memory",  # Apple's GPUs, and a GPU's driver
    "STATUS_ALLOC_FAILED",  # libraries of NVIDIA's that allocate by themselves
)
_ONEDNN = {"could not create a primitive", "could not create a memory object"}
"""All that the library for convolutions on a CPU says, of which memory is the usual reason."""


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory was too short, on a GPU or on a CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    return str(error) in _ONEDNN or any(sign in str(error) for sign in _SIGNS)


class Portions:
    """How many images go through a network at once: a whole batch, until memory is short.

    From then on it is half as many, and half of that again where need be.

    Args:
        size: Images at once, at most, to begin with.
        least: Fewer are never taken: 2 where BatchNorm learns.
        refuse: What is raised when the least does not fit either.
        note: Told of every halving.

    Attributes:
        size: Images at once, at most, by now. One more where an odd number is parted in twos.
    """

    def __init__(
        self,
        size: int,
        *,
        least: int = 1,
        refuse: type[LeanlungError] = NetworkError,
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.size = size
        self._least = least
        self._refuse = refuse
        self._note = note

    def parts(self, count: int) -> list[int]:
        """Part so many images as evenly as can be; the larger parts come first."""
        number = max(min(math.ceil(count / self.size), count // self._least), 1)
        return [count // number + (place < count % number) for place in range(number)]

    def do(
        self,
        count: int,
        work: Callable[[list[int]], Told],
        undo: Callable[[], None] = lambda: None,
    ) -> Told:
        """Do something with a batch, and again in smaller parts while memory is short.

        Args:
            count: Images of the batch.
            work: Given the number of images of each part; it begins anew each time.
            undo: Gives back what an attempt that failed has left.

        Returns:
            What the work gives.

        Raises:
            LeanlungError: Of the kind asked for, if the least does not fit either.
        """
        while True:
            try:
                return work(self.parts(count))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._halve(count, error)
            # By now the error is gone, and with it what its traceback kept alive.
            undo()
            gc.collect()
            if torch.cuda.is_initialized():
                torch.cuda.empty_cache()

    def _halve(self, count: int, error: BaseException) -> None:
        tried = self.parts(count)[0]
        self.size = math.ceil(tried / 2)
        parts = self.parts(count)
        if parts[0] == tried:
            why = textwrap.shorten(str(error).split("\n")[0], 160) or type(error).__name__
            msg = (
                f"memory is too short for {tried} images at once, and fewer are not taken "
                f"({why}); take smaller pictures (pixels.size) or a smaller network "
                "(network.backbone), or a machine with more memory"
            )
            raise self._refuse(msg) from error
        self._note(f"memory: batch of {count} in {len(parts)} of {parts[0]}")
