"""The top: which networks go on, by the validation part of the pre-training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.runs.candidates import load_candidate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.runs.series.recipe import TopSection


def choose_top(section: TopSection, candidates: Mapping[str, Path]) -> dict[str, Any]:
    """Rank networks, and choose the first few.

    Args:
        section: How many, by which metric.
        candidates: Folder of each pre-trained network, by name, in the order of the series.

    Returns:
        ``chosen``, the best first; ``ranking``, all of them with ``network``, ``value`` and
        ``parameters``; ``metric`` and ``reason``. Equal networks are ranked by their size,
        the smaller first, then by their order.
    """
    ranking: list[dict[str, Any]] = []
    for name, folder in candidates.items():
        candidate = load_candidate(folder)
        ranking.append(
            {
                "network": name,
                "value": candidate.validation[section.metric],
                "parameters": candidate.size.stored,
                "validation": dict(candidate.validation),
            }
        )
    ranking.sort(key=lambda one: (-one["value"], one["parameters"]))
    chosen = [one["network"] for one in ranking[: section.count]]
    everyone = section.count == len(ranking)
    return {
        "chosen": chosen,
        "metric": section.metric,
        "reason": (
            f"all {len(ranking)} networks go on, ranked by {section.metric} on validation"
            if everyone
            else f"the {section.count} of {len(ranking)} networks with the highest "
            f"{section.metric} on validation"
        ),
        "ranking": ranking,
    }
