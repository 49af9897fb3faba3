"""The features of a recipe: constant units removed, features chosen, a classifier on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from leanlung.features import FeaturePlan
from leanlung.foundations.counts import Count  # noqa: TC001 - pydantic reads it
from leanlung.runs.prune import PruneSection

if TYPE_CHECKING:
    from leanlung.runs.recipe import Recipe


class FeaturesSection(FeaturePlan, extra="forbid", frozen=True):
    """How the fitted network becomes a small one that gives features to a classifier.

    Two candidates come of it: the network without its units that never vary, with a
    certificate, and that network cut to the chosen features, with the classifier. Stands
    instead of ``prune``.

    Attributes:
        images: Training images that units must not vary over to leave; 0 is all.
        tolerance: Largest relative change of a logit as constant units leave.
        leave_alone: Layers whose constant units are kept, by name or pattern.

    Source: García-Ramírez et al. 2023, algorithm 1. Differs: constant units leave first and
        with what they gave to others; the number of features is chosen on validation alone
        (their code searches the last hundred on the test part).
    """

    images: Count = Field(0, ge=0)
    tolerance: float = Field(1e-5, ge=0.0, allow_inf_nan=False)
    leave_alone: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """What is done, in a few words."""
        return f"units that never vary removed, then a {self.classifier} on the best features"


def unfit_features(recipe: Recipe) -> list[str]:
    """Find what does not go with a recipe of features."""
    problems = []
    if recipe.mask is not None:
        problems.append("features: they stand instead of mask; leave one of them out")
    if recipe.prune != PruneSection():
        problems.append("features: they stand instead of prune; leave one of them out")
    if recipe.network.head == "own":
        problems.append(
            f"features: {recipe.network.backbone} has a head of its own; features are read in "
            "front of a last linear layer"
        )
    return problems
