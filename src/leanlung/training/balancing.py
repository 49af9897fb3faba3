"""Balancing: small classes of a training part filled up by SMOTE, and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leanlung.foundations.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from leanlung.pixels import ImageSet
    from leanlung.training.plan import SmotePlan, TrainingPlan

_SAMPLE_BYTES = 4
"""Vectors are float32 while new ones are made."""


@dataclass(frozen=True)
class Balance:
    """What was made up of a training part.

    Attributes:
        kind: As the plan calls it.
        before: Examples of each class, by its index.
        after: With those made up.
    """

    kind: str
    before: tuple[int, ...]
    after: tuple[int, ...]

    def as_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """Give a value that JSON can hold, with the classes by name."""
        names = classes[: len(self.before)]
        return {
            "kind": self.kind,
            "before": dict(zip(names, self.before, strict=True)),
            "after": dict(zip(names, self.after, strict=True)),
        }


def counts_of(labels: torch.Tensor) -> tuple[int, ...]:
    """Count the examples of each class, by its index."""
    return tuple(torch.bincount(labels).tolist())


def counts_after(counts: Sequence[int], plan: TrainingPlan) -> tuple[int, ...]:
    """Count the pictures that a plan learns from: every class that is there as the largest.

    Args:
        counts: Pictures of each class.
        plan: Whose ``balance`` decides; only ``smote_pixels`` adds pictures.
    """
    if plan.balance != "smote_pixels":
        return tuple(counts)
    return tuple(max(counts) if count else 0 for count in counts)


def require_balance(counts: Sequence[int], values: int, plan: TrainingPlan) -> None:
    """Refuse what cannot be balanced, before hours are spent.

    Args:
        counts: Examples of each class in the training part.
        values: Numbers of an example: pixels, or features.
        plan: How to fit.

    Raises:
        TrainingError: If a class to be filled up has too few examples for its neighbours.
        UsageError: If it would take more memory than the plan allows.
    """
    if plan.balance == "none":
        return
    few = [
        f"class {index} has {count}"
        for index, count in enumerate(counts)
        if 0 < count < max(counts) and count <= plan.smote.neighbours
    ]
    if few:
        msg = (
            f"balance: {', '.join(few)} training examples; with smote.neighbours = "
            f"{plan.smote.neighbours} a class to be filled up needs "
            f"{plan.smote.neighbours + 1} or more: lower smote.neighbours, or leave balance "
            "out and keep class_weights = 'balanced'"
        )
        raise TrainingError(msg)
    needed = memory_of(counts, values)
    if needed > plan.smote.memory:
        msg = (
            f"balance: SMOTE over {sum(counts)} examples of {values} numbers takes about "
            f"{needed:.2g} GiB; smote.memory allows {plan.smote.memory:g}: raise it, take "
            "smaller pictures, or leave balance out and keep class_weights = 'balanced'"
        )
        raise UsageError(msg)


def memory_of(counts: Sequence[int], values: int) -> float:
    """Estimate what SMOTE takes, in GiB.

    The vectors in float32, the library's copy of them, the new ones, and both in one array.

    Args:
        counts: Examples of each class.
        values: Numbers of an example.
    """
    there = sum(counts)
    new = sum(max(counts) - count for count in counts if count)
    return _SAMPLE_BYTES * values * (3 * there + 2 * new) / 2**30


def smote(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], plan: SmotePlan, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make up examples until every class has as many as the largest.

    Args:
        vectors: (N, F), of the training part and no other.
        labels: (N,).
        plan: How.
        seed: Draws them.

    Returns:
        The new examples alone, (M, F), and their labels, (M,).

    Raises:
        UsageError: If the library is missing.

    Source: Chawla et al. 2002; imbalanced-learn's implementation.
    """
    try:
        from imblearn.over_sampling import SMOTE
    except ImportError as error:
        msg = (
            f"balance needs a library ({error}); install it with: pip install leanlung[balance]"
        )
        raise UsageError(msg) from error
    maker = SMOTE(k_neighbors=plan.neighbours, random_state=seed % 2**32)
    filled, found = maker.fit_resample(vectors, labels)
    return filled[len(vectors) :], found[len(labels) :]


def with_smote(
    images: ImageSet, plan: TrainingPlan, seed: int, note: Callable[[str], None]
) -> tuple[ImageSet, Balance]:
    """Add made-up pictures to a training part: means of two of a class, pixel by pixel.

    Such a picture shows two chests at once, faintly; it is none that a scanner gives.

    Args:
        images: The training part; as it is after.
        plan: With ``balance = "smote_pixels"``.
        seed: Draws them.
        note: Told how many were made up, and the memory it takes.

    Returns:
        Another image set, with the pictures of the first in their order and the made-up ones
        behind them, as bytes; and how many there are of each class.

    Raises:
        TrainingError, UsageError: As `require_balance`.
    """
    before = counts_of(images.labels)
    pixels = images.images[0].numel()
    require_balance(before, pixels, plan)
    own = images.images[images.rows.to(images.images.device)].cpu()
    vectors = own.reshape(len(own), -1).numpy().astype(np.float32)
    new, labels = smote(vectors, images.labels.numpy(), plan.smote, seed)
    made = np.rint(new).astype(np.uint8).reshape(-1, *own.shape[1:])
    together = torch.cat([own, torch.from_numpy(made)]).to(images.images.device)
    filled = replace(
        images,
        images=together,
        rows=torch.arange(len(together)),
        labels=torch.cat([images.labels, torch.from_numpy(labels)]),
    )
    found = Balance(plan.balance, before, counts_of(filled.labels))
    note(
        f"SMOTE: {len(made)} made-up pictures join {len(own)} of the training part "
        f"({memory_of(before, pixels):.2g} GiB meanwhile); by class {list(found.before)} "
        f"became {list(found.after)}"
    )
    return filled, found
