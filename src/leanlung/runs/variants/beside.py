"""What a paper asks beside its variants: other hospitals, attention, numbers of images."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from leanlung.runs.variants.films import FilmsSection


class ExternalSection(FilmsSection, extra="forbid", frozen=True):
    """Films of other hospitals, which nothing is fitted to or chosen on.

    Attributes:
        variants: That answer them, with every seed.
        shared_only: Whether classes that one side lacks are left out, on both.
        constant: Class that the simplest answer always gives, set beside all figures; the
            healthy class if empty.
    """

    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    shared_only: bool = False
    constant: str = ""


class AttentionSection(BaseModel, extra="forbid", frozen=True):
    """Where networks look, on films of the test part.

    Attributes:
        variants: Whose networks, of their first seed.
        films: How many at most.
        overlays: How many are drawn.
        method: As of ``leanlung explain``.
        masks: Table or folder of lung masks, below ``--data``; films' own if empty.
        boxes: Table of lesion boxes, below ``--data``.
        epochs: Variants whose fitted network is also looked at as it was after the epochs that
            ``train.keep_epochs`` kept, layer by layer.
        depths: How many layers then, from shallow to deep.
    """

    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    films: int = Field(48, ge=1)
    overlays: int = Field(8, ge=0)
    method: str = "grad-cam"
    masks: str = ""
    boxes: str = ""
    epochs: tuple[str, ...] = ()
    depths: int = Field(3, ge=1)


class ImagesSection(BaseModel, extra="forbid", frozen=True):
    """How many images it takes to find the units that never vary.

    Attributes:
        counts: Of images, ascending.
        variant: Whose network, of its first seed; the first that is carried out if empty.
    """

    counts: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    variant: str = ""
