"""Variants: one recipe, varied, as one TOML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share
from leanlung.foundations.suggestions import did_you_mean
from leanlung.runs.published import require_writable
from leanlung.runs.variants.beside import AttentionSection, ExternalSection, ImagesSection
from leanlung.runs.variants.films import FilmsSection

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""Of a variant; a folder is called so."""

Labels = Annotated[tuple[str, ...], Field(min_length=1)]
Flaw = Literal["by_file", "chosen_on_test"]

RESERVED = ("data", "external", "tables", "opening", "attention", "images")
"""Folders of the paper, which no variant may be called."""


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
        flaws: What its parts have wrong on purpose: ``by_file`` draws them by file, so that a
            patient may stand in two; ``chosen_on_test`` puts the test films in the validation
            part as well.
        as_published: Flaws of the source that it repeats, a sentence each. It is carried out
            with ``--as-published`` alone, and stamped.
        published_table: Of the published figures that it stands beside.
    """

    name: Name
    about: str = ""
    group: str = ""
    archives: Annotated[tuple[str, ...], Field(min_length=1)]
    set: dict[str, Any] = Field(default_factory=dict)
    without: tuple[str, ...] = ()
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None
    flaws: tuple[Flaw, ...] = ()
    as_published: tuple[str, ...] = ()
    published_table: str = ""

    @model_validator(mode="after")
    def _flaws_are_told(self) -> VariantSection:
        if self.flaws and not self.as_published:
            msg = "as_published: say in a sentence each which flaws it repeats, to be stamped"
            raise ValueError(msg)
        if self.seeds is not None and len(set(self.seeds)) < len(self.seeds):
            msg = "seeds: a seed stands twice"
            raise ValueError(msg)
        return self

    @property
    def dataset(self) -> tuple[Any, ...]:
        """What its parts depend on, beside the split of the recipe."""
        return self.archives, self.flaws


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
    model: Literal["unpruned", "chosen"] = "chosen"
    metric: str = ""
    margin: Share | None = None
    published_p: str = ""


class Variants(BaseModel, extra="forbid", frozen=True):
    """One recipe carried out under several conditions, which are compared.

    Attributes:
        name: Begins the folder's name.
        about: One sentence.
        source: The paper it carries out, if any.
        seeds: One whole run of every variant each, on the same parts.
        repetitions: Instead of ``seeds``: so many, from 0 on.
        labels: Every label the images may have; any other is an error.
        archive: Where images come from.
        recipe: Tables of an ordinary recipe; name, data's place and what is below come from
            here.
        variant: How it is varied.
        compare: Which variants are held against each other.
        external: Films of other hospitals.
        attention: Where networks look.
        images: How many images a removal takes.
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
    labels: Labels
    archive: Annotated[tuple[FilmsSection, ...], Field(min_length=1)]
    recipe: dict[str, Any]
    variant: Annotated[tuple[VariantSection, ...], Field(min_length=1)]
    compare: tuple[CompareSection, ...] = ()
    external: ExternalSection | None = None
    attention: AttentionSection | None = None
    images: ImagesSection | None = None
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
        """The variants to carry out: those with flaws, or those without."""
        return tuple(
            one
            for one in self.variant
            if bool(one.as_published) == self.as_published
            and (not self.only or one.name in self.only)
        )

    def seeds_of(self, variant: VariantSection) -> tuple[int, ...]:
        """Give the seeds of a variant."""
        if variant.seeds is not None:
            return variant.seeds
        return self.seeds if self.repetitions is None else tuple(range(self.repetitions))

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
            for name in dict.fromkeys(names):
                if names.count(name) > 1:
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
            if one.dataset != other.dataset:
                found.append(
                    f"compare {pair.name}: {one.name} and {other.name} are not about the same "
                    "archives and parts, so that nothing is paired"
                )
            elif bool(one.as_published) != bool(other.as_published):
                found.append(f"compare {pair.name}: only one of the two is as published")
        return found
