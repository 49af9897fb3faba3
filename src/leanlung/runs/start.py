"""Where a reduction starts: with the fitted network, or with a fresh one."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer


class StartSection(BaseModel, extra="forbid", frozen=True):
    """What ``[prune]`` and ``[mask]`` have in common.

    Attributes:
        start: ``from`` in a recipe: ``fitted`` or ``fresh``.
    """

    start: Literal["fitted", "fresh"] = Field("fitted", alias="from")

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Call ``from`` what a recipe does, and leave it out where nobody asked for it."""
        told: dict[str, Any] = written(self)
        start = told.pop("start", "fitted")
        return told if start == "fitted" else {"from": start, **told}
