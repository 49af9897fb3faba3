"""A variant: one way the recipe is carried out, and a comparison of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from leanlung.foundations.counts import Count
from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""Of a variant; a folder is called so."""

Flaw = Literal["by_file", "chosen_on_test"]
Model = Literal["unpruned", "chosen"]

STAMP = "AS PUBLISHED, FLAWS INCLUDED"
"""Beside every figure of a variant that repeats flaws of its source."""


class VariantSection(BaseModel, extra="forbid", frozen=True):
    """One way the recipe is carried out.

    Attributes:
        name: Of its folder and its rows.
        about: One sentence.
        group: What is said of several together, such as the data set; its own name if empty.
        archives: Whose films it is about; it is skipped where one of them is not there.
        set: Fields of the recipe that are other, by dotted key: ``"pixels.size" = 112``. A
            table is laid over the recipe's, key by key.
        without: Fields and tables of the recipe that it does not have, by dotted key.
        seeds: If they are other than the paper's.
        folds: If they are other than the paper's; 0 draws the parts once, by their shares.
        parts: Column of the archives' manifest that names the part of every film: ``train``,
            ``validation`` or ``test``. They are drawn if it is empty.
        flaws: What its parts have wrong on purpose: ``by_file`` draws them by file, so that a
            patient may stand in two; ``chosen_on_test`` puts the test films in the validation
            part as well.
        as_published: Flaws of the source that it repeats, a sentence each. It is carried out
            with ``--as-published`` alone, and stamped.
        beside: A sound variant that it stands beside: with it, a variant with flaws is carried
            out without ``--as-published`` too. Every table stamps it, no verdict is drawn from
            it, and it is compared with nothing.
        published_table: Of the published figures that it stands beside.
    """

    name: Name
    about: str = ""
    group: str = ""
    archives: Annotated[tuple[str, ...], Field(min_length=1)]
    set: dict[str, Any] = Field(default_factory=dict)
    without: tuple[str, ...] = ()
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None
    folds: Count | None = Field(None, ge=0)
    parts: str = ""
    flaws: tuple[Flaw, ...] = ()
    as_published: tuple[str, ...] = ()
    beside: str = ""
    published_table: str = ""

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that papers of before are found again."""
        told: dict[str, Any] = written(self)
        for name in ("folds", "parts", "beside"):
            if told.get(name) in (None, ""):
                told.pop(name, None)
        return told

    @model_validator(mode="after")
    def _flaws_are_told(self) -> VariantSection:
        if self.flaws and not self.as_published:
            msg = "as_published: say in a sentence each which flaws it repeats, to be stamped"
            raise ValueError(msg)
        if self.beside and not self.as_published:
            msg = (
                f"beside: {self.beside!r}: a variant without flaws needs no stamp and stands "
                "for itself; leave beside out, or give as_published"
            )
            raise ValueError(msg)
        if self.seeds is not None and len(set(self.seeds)) < len(self.seeds):
            msg = "seeds: a seed stands twice"
            raise ValueError(msg)
        if self.folds and (self.flaws or self.parts):
            msg = "folds: they are drawn by patient; leave out flaws and parts, or folds"
            raise ValueError(msg)
        if self.flaws and self.parts:
            msg = "parts: flaws draw parts of their own; leave one of them out"
            raise ValueError(msg)
        if self.folds == 1:
            msg = "folds: 1 leaves nobody to learn from; two or more, or 0, were expected"
            raise ValueError(msg)
        return self

    @property
    def dataset(self) -> tuple[Any, ...]:
        """What its parts depend on, beside the split of the recipe and its folds."""
        return self.archives, self.flaws, self.parts

    @property
    def leaks(self) -> bool:
        """Whether its flaws may put a patient into two parts."""
        return bool(self.flaws) or bool(self.parts and self.as_published)


class CompareSection(BaseModel, extra="forbid", frozen=True):
    """Two variants on the same films, paired over seeds and over patients.

    The whole and the chosen network of every variant are compared without being asked.

    Attributes:
        name: To report it under.
        about: One sentence.
        baseline: A variant.
        candidate: Another one of the same archives.
        model: Which network of both: the whole one or the chosen.
        metric: Compared; that of the recipe's verdict if empty.
        margin: Largest loss that is accepted; that of the recipe if not given.
        published_p: The source's p-value, and of which figures.
    """

    name: str
    about: str = ""
    baseline: str
    candidate: str
    model: Model = "chosen"
    metric: str = ""
    margin: Share | None = None
    published_p: str = ""


@dataclass(frozen=True)
class Leg:
    """One run of a variant: the only one, or that of one fold.

    Attributes:
        name: The variant's, with the fold behind it if there are folds; a folder is called so.
        variant: Of which it is.
        folds: How many there are; 0 if parts are drawn once.
        fold: Which one, from 0.
    """

    name: str
    variant: VariantSection
    folds: int = 0
    fold: int = 0


def legs_of(variant: VariantSection, folds: int) -> tuple[Leg, ...]:
    """Give the runs of a variant: one, or one a fold."""
    if not folds:
        return (Leg(variant.name, variant),)
    return tuple(
        Leg(f"{variant.name}/fold-{fold}", variant, folds, fold) for fold in range(folds)
    )
