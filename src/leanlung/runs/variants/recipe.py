"""Variants: one recipe, varied, as one TOML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from leanlung.foundations.counts import Count
from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.seeds import Seed
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.mistakes import doubled
from leanlung.runs.published import require_writable
from leanlung.runs.variants.beside import (
    AttentionSection,
    ExternalSection,
    ImagesSection,
    PatientsSection,
    StorageSection,
)
from leanlung.runs.variants.films import FilmsSection
from leanlung.runs.variants.variant import CompareSection, Leg, VariantSection, legs_of
from leanlung.statistics import find_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CompareSection", "VariantSection", "Variants"]

Labels = Annotated[tuple[str, ...], Field(min_length=1)]

RESERVED = ("data", "external", "tables", "opening", "attention", "images", "storage")
"""Folders of the paper, which no variant may be called."""


class Variants(BaseModel, extra="forbid", frozen=True):
    """One recipe carried out under several conditions, which are compared.

    Attributes:
        name: Begins the folder's name.
        about: One sentence.
        source: The paper it carries out, if any.
        seeds: One whole run of every variant each, on the same parts.
        repetitions: Instead of ``seeds``: so many, from 0 on.
        folds: Part the patients of every variant in so many folds, each of which is the test
            part of one run; what they answer is put together. 0 parts them once.
        labels: Every label the images may have; any other is an error.
        archive: Where images come from.
        recipe: Tables of an ordinary recipe; name, data's place and what is below come from
            here.
        variant: How it is varied.
        compare: Which variants are held against each other.
        external: Films of other hospitals.
        attention: Where networks look.
        images: How many images a removal takes.
        patients: How verdicts on studies become verdicts on patients.
        storage: What networks take on disk.
        metrics: Told in every comparison, after those that always are.
        positive: Class that sensitivity and specificity are told of.
        deviations: What the source did, what we do, why.
        gaps: What the source does not say, and what we chose.
        published: The source's figures, by table.
        published_of: Name of a shipped file of the same source, whose figures are taken.
        only: Variants to carry out, to try something; all if empty.
        as_published: Carry out the variants that repeat flaws of the source, and these alone.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][_A-Za-z0-9.-]*$")]
    about: str = ""
    source: str = ""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    repetitions: int | None = Field(None, ge=1, le=1000)
    folds: Count = Field(0, ge=0)
    labels: Labels
    archive: Annotated[tuple[FilmsSection, ...], Field(min_length=1)]
    recipe: dict[str, Any]
    variant: Annotated[tuple[VariantSection, ...], Field(min_length=1)]
    compare: tuple[CompareSection, ...] = ()
    external: ExternalSection | None = None
    attention: AttentionSection | None = None
    images: ImagesSection | None = None
    patients: PatientsSection | None = None
    storage: StorageSection | None = None
    metrics: tuple[str, ...] = ()
    positive: str = ""
    deviations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    published: dict[str, Any] = Field(default_factory=dict)
    published_of: str = ""
    only: tuple[str, ...] = ()
    as_published: bool = False

    def find(self, name: str) -> VariantSection:
        """Give a variant by its name."""
        return next(one for one in self.variant if one.name == name)

    @property
    def asked(self) -> tuple[VariantSection, ...]:
        """The variants to carry out: those with flaws, or those without and beside them."""
        return tuple(
            one
            for one in self.variant
            if (bool(one.as_published) == self.as_published or self.stands_beside(one))
            and (not self.only or one.name in self.only)
        )

    def stands_beside(self, variant: VariantSection) -> bool:
        """Say whether a variant with flaws is carried out among those without."""
        return bool(variant.beside) and not self.as_published

    def seeds_of(self, variant: VariantSection) -> tuple[int, ...]:
        """Give the seeds of a variant."""
        if variant.seeds is not None:
            return variant.seeds
        return self.seeds if self.repetitions is None else tuple(range(self.repetitions))

    def legs(self, variant: VariantSection) -> tuple[Leg, ...]:
        """Give the runs of a variant: one, or one a fold; parts with flaws have no folds."""
        folds = variant.folds
        if folds is None:
            folds = 0 if variant.flaws or variant.parts else self.folds
        return legs_of(variant, folds)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that papers of before are found again."""
        told: dict[str, Any] = written(self)
        for name in ("folds", "patients", "storage", "metrics"):
            if not told.get(name):
                told.pop(name, None)
        return told

    @field_validator("published")
    @classmethod
    def _published_can_be_written(cls, published: dict[str, Any]) -> dict[str, Any]:
        require_writable(published)
        return published

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Variants:
        problems = [*self._doubled(), *self._unknown(), *self._unlike()]
        if self.repetitions is not None and "seeds" in self.model_fields_set:
            problems.append("seeds: given as well as repetitions; leave one of them out")
        if len(set(self.seeds)) < len(self.seeds):
            problems.append("seeds: a seed stands twice")
        if not self.asked:
            kind = "one with as_published" if self.as_published else "one without as_published"
            problems.append(f"variant: none is to be carried out; {kind} was expected")
        if self.positive and self.positive not in self.labels:
            hint = did_you_mean(self.positive, self.labels)
            problems.append(f"positive: {self.positive!r} is none of labels{hint}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _doubled(self) -> list[str]:
        found = []
        for key, names in (
            ("variant", [*RESERVED, *(one.name for one in self.variant)]),
            ("archive", [one.name for one in self.archive]),
            ("compare", [one.name for one in self.compare]),
            ("labels", list(self.labels)),
        ):
            for name in doubled(names):
                taken = name in RESERVED and key == "variant"
                told = "is a folder of the paper; call it otherwise"
                found.append(f"{key}: {name!r} {told if taken else 'stands twice'}")
        return found

    def _unknown(self) -> list[str]:
        """List names of archives and variants that are none."""
        archives = [one.name for one in self.archive]
        variants = [one.name for one in self.variant]
        asked: list[tuple[str, str, list[str]]] = [
            (f"variant {one.name}.archives", name, archives)
            for one in self.variant
            for name in one.archives
        ]
        asked += [("only", name, variants) for name in self.only]
        for pair in self.compare:
            asked += [
                (f"compare {pair.name}.{key}", getattr(pair, key), variants)
                for key in ("baseline", "candidate")
            ]
        for key in ("external", "attention"):
            section = getattr(self, key)
            for name in section.variants if section is not None else ():
                asked.append((f"{key}.variants", name, variants))
        if self.attention is not None:
            asked += [("attention.epochs", name, variants) for name in self.attention.epochs]
        if self.storage is not None:
            for key in ("variants", "int8"):
                names = getattr(self.storage, key)
                asked += [(f"storage.{key}", name, variants) for name in names]
            if self.storage.published and not self.published_of:
                tables = list(self.published)
                asked.append(("storage.published", self.storage.published, tables))
        if self.patients is not None and self.patients.of_class:
            asked.append(("patients.of_class", self.patients.of_class, list(self.labels)))
        asked += [
            (f"variant {one.name}.beside", one.beside, variants)
            for one in self.variant
            if one.beside
        ]
        if self.external is not None and self.external.constant:
            asked.append(("external.constant", self.external.constant, list(self.labels)))
        if self.images is not None and self.images.variant:
            asked.append(("images.variant", self.images.variant, variants))
        return [
            f"{where}: no {name!r}; there are {known}{did_you_mean(name, known)}"
            for where, name, known in asked
            if name not in known
        ]

    def _unlike(self) -> list[str]:
        """List comparisons of variants that do not share their films."""
        by_name = {one.name: one for one in self.variant}
        found = []
        for pair in self.compare:
            one, other = by_name.get(pair.baseline), by_name.get(pair.candidate)
            if one is None or other is None:
                continue
            folds = [len(self.legs(each)) for each in (one, other)]
            if one.dataset != other.dataset or folds[0] != folds[1]:
                found.append(
                    f"compare {pair.name}: {one.name} and {other.name} are not about the same "
                    "archives and parts, so that nothing is paired"
                )
            elif bool(one.as_published) != bool(other.as_published):
                found.append(f"compare {pair.name}: only one of the two is as published")
            elif one.beside or other.beside:
                found.append(f"compare {pair.name}: no verdict is drawn from what is beside")
        return found + self._unfit(by_name)

    def _unfit(self, by_name: Mapping[str, VariantSection]) -> list[str]:
        """List what stands beside the wrong variant, and what folds and stamps rule out."""
        found = []
        for one in self.variant:
            sound = by_name.get(one.beside)
            if sound is not None and (sound.as_published or sound.archives != one.archives):
                found.append(
                    f"variant {one.name}.beside: {sound.name} was expected to be without flaws "
                    "and about the same archives"
                )
        found += [
            f"external.variants: {name} has a network a fold, and one is needed to answer "
            "films of other hospitals; set its folds to 0"
            for name in (self.external.variants if self.external is not None else ())
            if name in by_name and len(self.legs(by_name[name])) > 1
        ]
        found += [
            f"{key}.variants: {name} stands beside, and is only set beside"
            for key in ("external", "attention", "storage")
            for name in getattr(getattr(self, key), "variants", ())
            if name in by_name and by_name[name].beside
        ]
        for metric in self.metrics:
            try:
                find_metric(metric, self.labels)
            except StatisticsError as error:
                found.append(f"metrics: {error}")
        return found
