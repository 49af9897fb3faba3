"""The model card: what a bundle is, what it may be used for, and what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from leanlung.statistics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping


def model_card(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Write the card of a bundle.

    Args:
        config: Of the bundle.
        metrics: As in ``metrics.json``: ``estimates``, ``comparison``, ``size``,
            ``whole_size``, ``data``, ``power``, ``groups``, ``flips``, ``calibration`` and
            ``audit``, each left out if not measured.

    Returns:
        Markdown.
    """
    return _rendered("card.md.j2", config, metrics)


def ensemble_card(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Write the card of an ensemble.

    Args:
        config: Of the ensemble, and ``crops``: whether a member crops to the lungs.
        metrics: As in ``metrics.json``: ``size``, as `ensemble_size` gives it, and
            ``validation``, figures by name, each left out if not measured.

    Returns:
        Markdown.
    """
    return _rendered("ensemble.md.j2", config, metrics)


def _rendered(template: str, config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("leanlung.exports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML
    )
    return environment.get_template(template).render(
        config=config, metrics=metrics, written=_written
    )


def _written(estimate: Mapping[str, Any]) -> str:
    """Write an estimate with its interval, in the digits it needs."""
    found = Estimate.from_dict(estimate)
    return "–" if found.value is None else str(found)
