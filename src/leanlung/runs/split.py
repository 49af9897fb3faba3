"""The split of a recipe: how patients are parted, by shares or in folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from leanlung.ensembles import folds_by_patient
from leanlung.foundations.counts import Count
from leanlung.foundations.seeds import Seed, Seeds
from leanlung.foundations.shares import Share
from leanlung.studies.split import (
    Shares,
    assign_parts,
    assign_parts_by_image,
    given_parts,
    parts_of_fold,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.studies.split import Part
    from leanlung.studies.study import Cohort


class SplitSection(BaseModel, extra="forbid", frozen=True):
    """How patients are parted.

    Attributes:
        by: ``patient`` draws parts; ``manifest`` takes them from its ``split`` column;
            ``image`` draws them image by image, so that a patient may stand in several, which
            no figure of the run survives: only with ``as_published``, and every patient and
            picture in two parts is counted and stamped.
        train: Share of every class to learn from.
        validation: Share to choose on.
        test: Share that stays sealed until a choice is made.
        seed: Draws the parts; the same for all seeds of the run.
        look_alikes: What to do with the same or nearly the same picture of two patients in two
            parts: ``refuse`` the data, or keep such patients ``together``.
        folds: Part the patients in so many, alike in their classes, one of which is the test
            part, whatever ``test`` says; ``train`` and ``validation`` are in proportion what
            the other patients are parted by. 0 draws parts by their shares.
        fold: Which of them, from 0. Every patient is in the test part of exactly one.
    """

    by: Literal["patient", "manifest", "image"] = "patient"
    train: Share = 0.7
    validation: Share = 0.1
    test: Share = 0.2
    seed: Seed = 0
    look_alikes: Literal["refuse", "together"] = "refuse"
    folds: Count = Field(0, ge=0)
    fold: Count = Field(0, ge=0)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not self.folds:
            told.pop("folds", None)
            told.pop("fold", None)
        return told

    @model_validator(mode="after")
    def _folds_are_of_patients(self) -> SplitSection:
        if self.folds == 1 or (self.fold and self.fold >= self.folds):
            msg = (
                f"fold = {self.fold} of folds = {self.folds}: two folds or more, and one of "
                "them counted from 0, were expected"
            )
            raise ValueError(msg)
        if self.folds and self.by != "patient":
            msg = f"folds: they are drawn by patient; by is {self.by!r}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _parts_make_a_whole(self) -> SplitSection:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6 or min(self.train, self.validation, self.test) <= 0.0:
            msg = f"train, validation and test must be above 0 and add up to 1; got {total:g}"
            raise ValueError(msg)
        return self


def drawn_parts(
    split: SplitSection, cohort: Cohort, alike: Sequence[tuple[str, str]]
) -> dict[str, Part]:
    """Give every study its part, as a recipe says.

    Args:
        split: Of the recipe.
        cohort: To be parted.
        alike: Pairs of studies with the same or nearly the same picture.

    Returns:
        The part of each study, by study id.

    Raises:
        StudyError: If a part, or a fold, would miss a class.
    """
    if split.by == "manifest":
        return given_parts(cohort)
    together = alike if split.look_alikes == "together" else ()
    shares, seeds = Shares(split.train, split.validation, split.test), Seeds(split.seed)
    if split.by == "image":
        return assign_parts_by_image(cohort, shares, seeds, together)
    if split.folds:
        fold_of = folds_by_patient(cohort, split.folds, seeds, together)
        return parts_of_fold(cohort, fold_of, split.fold, shares, seeds, together)
    return assign_parts(cohort, shares, seeds, together)
