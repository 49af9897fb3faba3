"""A series: runs that follow each other, as one TOML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share
from leanlung.foundations.suggestions import did_you_mean
from leanlung.pixels import PixelSpec
from leanlung.runs.lungs import LungsSection
from leanlung.runs.mistakes import doubled
from leanlung.runs.prune import PruneSection
from leanlung.runs.published import require_writable
from leanlung.runs.recipe import (
    ChooseSection,
    EvaluateSection,
    NetworkSection,
)
from leanlung.runs.series.archive import ArchiveSection
from leanlung.runs.series.attention import AttentionSection
from leanlung.runs.series.ensemble import EnsembleSection
from leanlung.runs.split import SplitSection
from leanlung.studies.phantoms import PhantomSpec
from leanlung.training import TrainingPlan

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""Of a network or a task; a folder is called so."""

Labels = Annotated[tuple[str, ...], Field(min_length=1)]

PRETRAIN = "pretrain"
"""Name of the first stage; no task may be called so."""


class NetworkEntry(NetworkSection, extra="forbid", frozen=True):
    """One of the networks that start; a recipe's network section with a name.

    Attributes:
        name: Its folders and rows are called so.
        published_as: Row of the published tables that it stands beside, if there is one.
        rate: Factor on every learning rate, for a network that takes another than the others.
    """

    name: Name
    published_as: str = ""
    rate: float = Field(1.0, gt=0.0, allow_inf_nan=False)


class StageData(BaseModel, extra="forbid", frozen=True):
    """Which images of the series a stage is about.

    Attributes:
        classes: As in a recipe; labels of the series that are none of these are left out.
        merge: As in a recipe; labels that are known and not there count as none.
        where: As in a recipe.
    """

    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    merge: dict[str, Labels] = Field(default_factory=dict)
    where: dict[str, Labels] = Field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the classes are made of."""
        return tuple(label for one in self.classes for label in self.merge.get(one, (one,)))


class PretrainSection(BaseModel, extra="forbid", frozen=True):
    """What every network learns first.

    Attributes:
        data: Which images.
        train: How it is fitted.
        evaluate: How it is measured; nothing is pruned, so that no verdict comes of it.
    """

    data: StageData
    train: TrainingPlan = TrainingPlan()
    evaluate: EvaluateSection = EvaluateSection()


class TopSection(BaseModel, extra="forbid", frozen=True):
    """Which networks go on.

    Attributes:
        count: How many.
        metric: On the validation part of the pre-training; of equal networks the smaller.
    """

    count: int = Field(3, ge=1)
    metric: Literal["macro_auc", "balanced_accuracy", "accuracy", "log_likelihood"] = (
        "macro_auc"
    )


class TaskSection(BaseModel, extra="forbid", frozen=True):
    """What the networks that go on are fitted to.

    Attributes:
        name: Of its folder.
        about: One sentence.
        data: Which images.
        train: How the whole network is fitted, from the pre-trained trunk.
        prune: How it is made smaller; nothing is removed if not given.
        choose: Which candidate is chosen, on the validation part.
        evaluate: How the verdict is reached.
        ensemble: How the networks answer together; they do not if not given.
        published_table: Part of the published figures that the single networks stand beside.
    """

    name: Name
    about: str = ""
    data: StageData
    train: TrainingPlan = TrainingPlan()
    prune: PruneSection | None = None
    choose: ChooseSection = ChooseSection()
    evaluate: EvaluateSection = EvaluateSection()
    ensemble: EnsembleSection | None = None
    published_table: str = ""


class Series(BaseModel, extra="forbid", frozen=True):
    """Networks that are pre-trained, chosen, fitted to tasks, pruned and combined.

    Attributes:
        name: Begins the folder's name.
        about: One sentence.
        source: The paper it carries out, if any.
        seed: Of everything.
        labels: Every label the images may have; any other is an error.
        archive: Where images come from.
        phantoms: Draw made-up chests instead.
        bad_images: Largest share of images that may be unreadable.
        split: How patients are parted, once for all stages.
        pixels: What is done to every image, in all stages.
        lungs: Whose lung masks films are cropped by, if they are; found once for all stages.
        network: Those that start.
        pretrain: What each learns first.
        top: Which of them go on.
        task: What these are fitted to.
        attention: Where the networks of a task look; nobody asks if not given.
        deviations: What the source did, what we do, why.
        gaps: What the source does not say, and what we chose.
        published: The source's figures, by table and row.
        published_of: Name of a shipped series of the same source, whose figures are taken.
        as_published: Repeat the source's flaws, and stamp every output.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][_A-Za-z0-9.-]*$")]
    about: str = ""
    source: str = ""
    seed: Seed = 0
    labels: Labels
    archive: tuple[ArchiveSection, ...] = ()
    phantoms: PhantomSpec | None = None
    bad_images: Share = 0.05
    split: SplitSection = SplitSection()
    pixels: PixelSpec = PixelSpec()
    lungs: LungsSection = LungsSection()
    network: Annotated[tuple[NetworkEntry, ...], Field(min_length=1)]
    pretrain: PretrainSection
    top: TopSection = TopSection()
    task: Annotated[tuple[TaskSection, ...], Field(min_length=1)]
    attention: AttentionSection | None = None
    deviations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    published: dict[str, Any] = Field(default_factory=dict)
    published_of: str = ""
    as_published: bool = False

    def entry(self, name: str) -> NetworkEntry:
        """Give a network by its name."""
        return next(one for one in self.network if one.name == name)

    def attended(self) -> TaskSection:
        """Give the task whose networks are looked into, where attention is asked for."""
        wanted = self.attention.task if self.attention is not None else ""
        return next(
            one
            for one in self.task
            if (one.name == wanted if wanted else one.ensemble is not None)
        )

    @field_validator("published")
    @classmethod
    def _published_can_be_written(cls, published: dict[str, Any]) -> dict[str, Any]:
        require_writable(published)
        return published

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Series:
        problems = [*self._doubled(), *self._unknown_labels(), *self._ensembles()]
        problems += self._unattended()
        if self.top.count > len(self.network):
            problems.append(
                f"top.count: {self.top.count} of {len(self.network)} networks cannot go on"
            )
        if bool(self.archive) == (self.phantoms is not None):
            problems.append("archive: give archives or phantoms, one of the two")
        if self.lungs.source == "segmenter" and self.pixels.crop != "lungs":
            problems.append("lungs: found and not used; set pixels.crop to 'lungs'")
        if self.split.by != "patient":
            problems.append("split.by: the parts of a series are drawn by patient")
        if self.split.folds:
            problems.append("split.folds: a series draws its parts once; leave folds out")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _doubled(self) -> list[str]:
        found = []
        for key, names in (
            ("network", [one.name for one in self.network]),
            ("task", [PRETRAIN, *(one.name for one in self.task)]),
            ("archive", [one.name for one in self.archive]),
            ("labels", list(self.labels)),
        ):
            found += [f"{key}: {name!r} stands twice" for name in doubled(names)]
        return found

    def _unknown_labels(self) -> list[str]:
        found = []
        stages = [(PRETRAIN, self.pretrain.data)]
        stages += [(f"task {one.name}", one.data) for one in self.task]
        for where, data in stages:
            for label in data.labels:
                if label not in self.labels:
                    hint = did_you_mean(label, self.labels)
                    found.append(f"{where}: {label!r} is none of labels{hint}")
        return found

    def _ensembles(self) -> list[str]:
        return [
            f"task {one.name}: an ensemble takes two networks or more; top.count is 1"
            for one in self.task
            if one.ensemble is not None and self.top.count < 2
        ]

    def _unattended(self) -> list[str]:
        if self.attention is None:
            return []
        names, wanted = [one.name for one in self.task], self.attention.task
        if wanted and wanted not in names:
            hint = did_you_mean(wanted, names)
            return [f"attention.task: {wanted!r} is none of the tasks {names}{hint}"]
        if not wanted and all(one.ensemble is None for one in self.task):
            return [f"attention.task: no task has an ensemble; name one of {names}"]
        return []
