"""What a paper asks beside its variants: other hospitals, attention, patients, storage."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from leanlung.foundations.counts import Count
from leanlung.runs.variants.films import FilmsSection
from leanlung.statistics.aggregation import LabelRule, Rule


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


class PatientsSection(BaseModel, extra="forbid", frozen=True):
    """Verdicts on patients, made of those on their studies, such as slices of a CT.

    Attributes:
        rules: How probabilities of studies become one of the patient; the threshold of
            ``share`` is frozen on the validation part, for each network.
        of_class: That is looked for.
        labels: How labels of studies become one of the patient.
    """

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)] = ("mean", "max", "share")
    of_class: str = ""
    labels: LabelRule = "any"


class StorageSection(BaseModel, extra="forbid", frozen=True):
    """What the networks of variants take on disk, in every form, and what eight bits change.

    Attributes:
        variants: Whose chosen network, of the first seed and fold.
        gzip: Whether to pack with gzip as well.
        latency: Whether to time each against its whole network.
        rounds: Of the timing.
        published: Name of the published table of sizes that stands beside.
        int8: Variants whose chosen networks are exported in eight bits, those of every fold of
            the first seed, and answer the test part again.
        calibration: Training images that eight bits are calibrated on.
    """

    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    gzip: bool = False
    latency: bool = False
    rounds: Count = Field(30, ge=6)
    published: str = ""
    int8: tuple[str, ...] = ()
    calibration: Count = Field(200, ge=1)

    @model_validator(mode="after")
    def _no_doubles(self) -> StorageSection:
        for name in ("variants", "int8"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                msg = f"{name}: one stands twice"
                raise ValueError(msg)
        return self
