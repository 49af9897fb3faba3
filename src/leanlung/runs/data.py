"""The data of a recipe: which images, under which classes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share
from leanlung.runs.limits import limit_of
from leanlung.studies.phantoms import PhantomSpec


class DataSection(BaseModel, extra="forbid", frozen=True):
    """Which images.

    Attributes:
        classes: Labels to tell apart, in the order of the network's outputs.
        leave_out: Labels of the cohort that are no classes; any other label is an error.
        merge: Classes that are made of several labels: ``{ abnormal = ["viral", "covid"] }``.
        where: Keep only studies whose cell of a column is one of these, or on the right side
            of a limit: ``{ population = ["adult"], age = [">= 18"] }``.
        manifest: The manifest, below what ``--data`` gives.
        layout: How the images lie; ``auto`` looks for a manifest, then for class folders.
        limit: Use so many studies at most, all of them if 0: patients are drawn, class by class
            and part by part in proportion.
        limit_seed: Draws these patients.
        bad_images: Largest share of images that may be unreadable before the run stops.
        phantoms: Draw made-up chests instead of reading ``--data``.
    """

    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    leave_out: tuple[str, ...] = ()
    merge: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    where: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    manifest: str = ""
    layout: Literal["auto", "manifest", "folders"] = "auto"
    limit: int = Field(0, ge=0)
    limit_seed: Seed = 0
    bad_images: Share = 0.05
    phantoms: PhantomSpec | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that a run keeps the name it had."""
        told: dict[str, Any] = written(self)
        if not told.get("limit"):
            told.pop("limit", None)
            told.pop("limit_seed", None)
        return told

    @field_validator("where")
    @classmethod
    def _limits_are_numbers(
        cls, where: dict[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        for column, wanted in where.items():
            for one in wanted:
                try:
                    limit_of(one)
                except ValueError as error:
                    msg = f"{column}: {one!r}: a number was expected behind the sign"
                    raise ValueError(msg) from error
        return where

    @model_validator(mode="after")
    def _merged_labels_stand_once(self) -> DataSection:
        merged = [label for labels in self.merge.values() for label in labels]
        if strange := [name for name in self.merge if name not in self.classes]:
            msg = f"merge: {strange[0]!r} is none of the classes {list(self.classes)}"
            raise ValueError(msg)
        taken = [
            *merged,
            *(one for one in self.classes if one not in self.merge),
            *self.leave_out,
        ]
        if doubled := [label for label in merged if taken.count(label) > 1]:
            msg = f"merge: {doubled[0]!r} stands twice, as a class, left out or merged before"
            raise ValueError(msg)
        return self
