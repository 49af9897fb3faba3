"""Seeds: one number in the recipe, an independent stream of randomness per named step."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from leanlung.foundations.counts import whole


def _is_seed(value: int) -> int:
    if 0 <= value < 2**63:
        return value
    msg = f"is a whole number from 0 to 2**63 - 1; got {value}"
    raise ValueError(msg)


Seed = Annotated[int, BeforeValidator(whole), AfterValidator(_is_seed)]
"""A seed that somebody gives; every library takes numbers of this range."""


@dataclass(frozen=True)
class Seeds:
    """Named generators derived from one root.

    A step asks for its stream by name, so that adding a step, or running them in another
    order, changes nobody else's numbers.

    Attributes:
        root: The seed written in the recipe.

    Examples:
        >>> Seeds(0).number("fit", 3) == Seeds(0).number("fit", 3)
        True
        >>> Seeds(0).number("fit", 3) == Seeds(0).number("fit", 4)
        False
    """

    root: int

    def number(self, *names: str | int) -> int:
        """Give the seed of a step, in [0, 2**63)."""
        text = "/".join(str(name) for name in (self.root, *names))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

    def generator(self, *names: str | int) -> np.random.Generator:
        """Give a fresh numpy generator for a step."""
        return np.random.default_rng(self.number(*names))
