"""Ways of pruning: what tells the rows of the table apart, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BUDGETS = (0.5, 0.25, 0.15)
"""Share of the whole network's parameters that is left after each round."""

EPOCHS = (1, 2, 5)
"""Of retraining after each round: 120 steps in all."""

LONG = (2, 3, 12)
"""The 255 steps of the long ways; most of them at the last size."""


@dataclass(frozen=True)
class Way:
    """One way of pruning.

    Attributes:
        name: In the table.
        criterion: Of leanlung, or of Torch-Pruning where ``by`` says so.
        scope: Where units compete.
        normalise: Whether scores are divided by their layer's norm first.
        distil: Weight of the unpruned network's answers in retraining.
        by: Who scores, cuts and removes.
        epochs: Of retraining after each round.
    """

    name: str
    criterion: str
    scope: Literal["layer", "network"] = "layer"
    normalise: Literal["none", "layer"] = "none"
    distil: float = 0.0
    by: Literal["leanlung", "torch_pruning"] = "leanlung"
    epochs: tuple[int, ...] = EPOCHS


WAYS = {
    way.name: way
    for way in (
        Way("apoz-layer", "apoz"),
        Way("apoz-network", "apoz", "network"),
        Way("variance-layer", "variance"),
        Way("l2-layer", "l2"),
        Way("taylor-layer", "taylor"),
        Way("taylor-network", "taylor", "network"),
        Way("fpgm-layer", "geometric_median"),
        Way("random-layer", "random"),
        Way("tp-magnitude", "magnitude", by="torch_pruning"),
        Way("tp-taylor", "taylor", "network", by="torch_pruning"),
        Way("l2-layer-long", "l2", epochs=LONG),
        Way("l2-layer-long-distilled", "l2", distil=0.7, epochs=LONG),
        Way("apoz-layer-long-distilled", "apoz", distil=0.7, epochs=LONG),
        Way("taylor-layer-long-distilled", "taylor", distil=0.7, epochs=LONG),
        Way("taylor-network-long-distilled", "taylor", "network", distil=0.7, epochs=LONG),
    )
}
