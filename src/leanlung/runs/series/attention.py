"""The attention of a series: whose networks are looked into, and what that is measured by."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator


class AttentionSection(BaseModel, extra="forbid", frozen=True):
    """Where the networks of a task look on its test films, whole and pruned.

    Attributes:
        task: Whose networks; of the first task with an ensemble if not given.
        method: How maps are drawn.
        boxes: Table of lesion boxes, looked for below ``--data`` and then where the command
            runs; told where it is missing.
        findings: Of these boxes alone.
        masks: Table or folder of lung masks, looked for and told likewise. Without one, those
            that the data name or that films are cropped by.
        limit: So many films at most, those with lesions first.
        overlays: Draw so many films, likewise.
    """

    task: str = ""
    method: Literal["grad-cam", "grad-cam++", "lime"] = "grad-cam"
    boxes: str = ""
    findings: tuple[str, ...] = ()
    masks: str = ""
    limit: int | None = Field(None, ge=1)
    overlays: int = Field(12, ge=0)

    @model_validator(mode="after")
    def _findings_are_of_boxes(self) -> AttentionSection:
        if self.findings and not self.boxes:
            msg = "findings chooses among lesion boxes; give their table as boxes"
            raise ValueError(msg)
        return self
