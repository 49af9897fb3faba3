"""Choose one candidate, on the validation part alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from leanlung.foundations.errors import SurgeryError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.pruning.candidates import Candidate

Rule = Literal["best", "smallest_within", "last"]


@dataclass(frozen=True)
class Choice:
    """The candidate chosen and why.

    Attributes:
        candidate: The one.
        reason: One sentence with the figures it rests on.
    """

    candidate: Candidate
    reason: str


def choose(
    candidates: Sequence[Candidate], *, rule: Rule, metric: str, tolerance: float = 0.0
) -> Choice:
    """Choose among the candidates of a pruning run.

    Args:
        candidates: Of all rounds; the first is the whole network.
        rule: ``best`` takes the pruned candidate with the highest metric. ``smallest_within``
            takes the one with the fewest stored parameters whose metric is at most
            ``tolerance`` below the whole network's. ``last`` takes the one of the last round
            as it is: what a method ends with is judged, and nothing is chosen.
        metric: Name of a validation metric; higher is better.
        tolerance: A share, e.g. 0.01.

    Returns:
        The choice. It is the whole network where no pruned one exists or qualifies; ties go
        to the smaller network, then to the earlier round.

    Raises:
        SurgeryError: If there is no candidate or the metric was not measured.
    """
    if not candidates:
        msg = "no candidates to choose from; prune first"
        raise SurgeryError(msg)
    whole, *pruned = candidates
    if metric not in whole.validation:
        known = sorted(whole.validation)
        msg = f"no validation metric {metric!r}; there are {known}{did_you_mean(metric, known)}"
        raise SurgeryError(msg)
    reference = whole.validation[metric]
    if not pruned:
        return Choice(whole, "nothing was removed; the whole network is the only candidate")
    if rule == "last":
        last = pruned[-1]
        reason = (
            "the network that the method ends with, as fixed beforehand: "
            f"{metric} {last.validation[metric]:.4f} on validation"
        )
        return Choice(last, f"{reason} (unpruned {reference:.4f})")
    if rule == "smallest_within":
        pruned = [one for one in pruned if one.validation[metric] >= reference - tolerance]
    if not pruned:
        reason = (
            f"no pruned candidate reached {metric} {reference - tolerance:.4f} on validation"
        )
        return Choice(whole, f"{reason}; the whole network is kept")

    def small_and_early(one: Candidate) -> tuple[int, int]:
        return one.size.stored, one.round

    if rule == "best":
        top = max(one.validation[metric] for one in pruned)
        chosen = min((c for c in pruned if c.validation[metric] == top), key=small_and_early)
        reason = f"the highest {metric} of the pruned candidates on validation, {top:.4f}"
        return Choice(chosen, f"{reason} (unpruned {reference:.4f})")
    chosen = min(pruned, key=small_and_early)
    found = chosen.validation[metric]
    reason = f"the smallest whose {metric} on validation, {found:.4f}, is within {tolerance:g}"
    return Choice(chosen, f"{reason} of the unpruned {reference:.4f}")
