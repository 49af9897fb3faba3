"""A recipe: everything that decides a run, as one TOML file."""

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

from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.seeds import Seed
from leanlung.foundations.shares import Share
from leanlung.networks.backbones import backbone
from leanlung.networks.spec import Activation, Head
from leanlung.pixels import PixelSpec
from leanlung.runs.data import DataSection
from leanlung.runs.features import FeaturesSection, unfit_features
from leanlung.runs.lungs import LungsSection
from leanlung.runs.mask import MaskSection
from leanlung.runs.prune import PruneSection
from leanlung.runs.published import unwritable
from leanlung.runs.split import SplitSection
from leanlung.runs.tune import TuneSection, unfit_space
from leanlung.statistics import find_metric
from leanlung.statistics.bootstrap import require_resamples
from leanlung.statistics.comparison import require_margin
from leanlung.statistics.estimate import require_level
from leanlung.statistics.flips import healthy_class
from leanlung.training import TrainingPlan


class NetworkSection(BaseModel, extra="forbid", frozen=True):
    """Which network, and what it starts from.

    Attributes:
        backbone: One of ``leanlung list backbones``.
        head: ``linear``, ``radiograph`` with its 1,024 maps, ``radiograph_separable`` likewise,
            ``fully_connected`` (of the VGGs), or ``own`` of the CT networks.
        channels: Of the input; 3 for trunks trained on colour images.
        dropout: Before the last layer.
        weights: ``none``, ``imagenet`` (downloaded), a safetensors file, or a folder of a run,
            a candidate or a bundle whose trunk is taken, below a new head; looked for below
            ``--data`` and then where the command runs.
        partial: Whether that file may leave tensors of the trunk out.
        conventions: ``keras`` for weights that were trained with keras's padding.
        activation: In the trunk, where it may be chosen: that of separable_cnn.
    """

    backbone: str
    head: Head = "linear"
    channels: int = Field(3, ge=1, le=4)
    dropout: Share = Field(0.5, lt=1.0)
    weights: str = "none"
    partial: bool = False
    conventions: Literal["torch", "keras"] = "torch"
    activation: Activation = "relu"

    @field_validator("backbone")
    @classmethod
    def _backbone_exists(cls, name: str) -> str:
        try:
            return backbone(name).name
        except LeanlungError as error:
            raise ValueError(str(error)) from error


class ChooseSection(BaseModel, extra="forbid", frozen=True):
    """Which candidate is chosen, on the validation part alone.

    Attributes:
        rule: ``best``, ``smallest_within`` the tolerance of the unpruned network, or ``last``:
            the network that the method ends with, without a choice.
        metric: Judged by.
        tolerance: Of ``smallest_within``.
    """

    rule: Literal["best", "smallest_within", "last"] = "smallest_within"
    metric: Literal["macro_auc", "balanced_accuracy", "accuracy", "log_likelihood"] = (
        "macro_auc"
    )
    tolerance: Share = 0.01


class EvaluateSection(BaseModel, extra="forbid", frozen=True):
    """How the verdict is reached; fixed before the test part is opened.

    Attributes:
        metric: Compared between the unpruned and the chosen network.
        margin: Largest loss that still counts as non-inferior.
        level: Of all intervals, two-sided.
        resamples: Of every bootstrap.
        groups: Columns to compare within, beside class, source, view, sex and age, which are
            looked at wherever they are there; ``"sex, age"`` takes two of them together.
        healthy: The class that is no disease; if not given, the one called normal, if any.
        training: Whether both networks also answer the training part, which they have learnt
            from: beside the test part it shows what was learnt by heart, and nothing else.
    """

    metric: str = "macro_auc"
    margin: Share = 0.02
    level: Share = 0.95
    resamples: int = Field(2000, ge=100, le=10_000_000)
    groups: tuple[str, ...] = ()
    healthy: str = ""
    training: bool = False

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not told.get("training"):
            told.pop("training", None)
        return told

    @property
    def by(self) -> tuple[tuple[str, ...], ...]:
        """The groups, each as its columns."""
        return tuple(tuple(column.strip() for column in one.split(",")) for one in self.groups)

    @field_validator("groups")
    @classmethod
    def _groups_are_columns(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for one in groups:
            columns = [column.strip() for column in one.split(",")]
            if not all(columns) or len(set(columns)) < len(columns):
                msg = (
                    f"{one!r}: names of different columns, parted by commas, were expected, "
                    'as in "sex, age"'
                )
                raise ValueError(msg)
        return groups

    @model_validator(mode="after")
    def _gives_a_verdict(self) -> EvaluateSection:
        try:
            require_margin(self.margin)
            require_level(self.level)
            require_resamples(self.resamples, self.level)
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self


class ReportSection(BaseModel, extra="forbid", frozen=True):
    """What the page shows.

    Attributes:
        films: Whether small films of studies that changed sides are on it and in the run
            folder; without them the page can be handed to people who may not see patients.
    """

    films: bool = True


class Recipe(BaseModel, extra="forbid", frozen=True):
    """A whole run.

    Attributes:
        name: Begins the run folder's name.
        about: One sentence.
        source: The paper it carries out, if any.
        data: Which images.
        split: How patients are parted.
        lungs: Whose lung masks films are cropped by, if they are.
        pixels: What is done to every image.
        network: Which network.
        train: How it is fitted.
        tune: How a good setting is looked for, by ``leanlung tune`` alone.
        prune: How it is made smaller, by removing units.
        mask: How single weights are held at zero, instead of ``prune``.
        features: How units that never vary leave and a classifier reads the best features,
            instead of ``prune``.
        choose: Which candidate is chosen.
        evaluate: How the verdict is reached.
        report: What the page shows.
        deviations: What the source did, what we do, why.
        gaps: What the source does not say, and what we chose.
        published: The source's figures, printed beside ours.
        seeds: One whole run each, on the same split.
        as_published: Flaws of the source that this run has on purpose, a sentence each; every
            output is stamped with them.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][_A-Za-z0-9.-]*$")]
    about: str = ""
    source: str = ""
    data: DataSection
    split: SplitSection = SplitSection()
    lungs: LungsSection = LungsSection()
    pixels: PixelSpec = PixelSpec()
    network: NetworkSection
    train: TrainingPlan = TrainingPlan()
    tune: TuneSection = TuneSection()
    prune: PruneSection = PruneSection()
    mask: MaskSection | None = None
    features: FeaturesSection | None = None
    choose: ChooseSection = ChooseSection()
    evaluate: EvaluateSection = EvaluateSection()
    report: ReportSection = ReportSection()
    deviations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    published: dict[str, Any] = Field(default_factory=dict)
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    as_published: tuple[str, ...] = ()

    @property
    def rounds(self) -> int:
        """How many candidates come after the whole network; a mask gives one, features two."""
        if self.features is not None:
            return 2
        return 1 if self.mask is not None else self.prune.rounds

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if told.get("features") is None:
            told.pop("features", None)
        return told

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Recipe:
        classes, doubled = self.data.classes, len(self.seeds) - len(set(self.seeds))
        problems = []
        if both := set(classes) & set(self.data.leave_out):
            problems.append(f"data.leave_out: {sorted(both)} are classes as well")
        if len(set(classes)) < len(classes):
            problems.append("data.classes: a class stands twice")
        if self.split.by == "image" and not any(map(str.strip, self.as_published)):
            problems.append(
                "split.by: parts drawn by image share patients; give the flaw a sentence in "
                "as_published, with which every output is stamped, or part by 'patient'"
            )
        if self.train.distil.weight:
            problems.append("train.distil: there is no teacher yet; set prune.retrain.distil")
        if self.mask is not None and self.prune != PruneSection():
            problems.append("mask: it stands instead of prune; leave one of them out")
        if self.features is not None:
            problems += unfit_features(self)
        if self.lungs.without == "leave_out" and self.pixels.crop != "lungs":
            problems.append("lungs.without: films are not cropped; set pixels.crop to 'lungs'")
        if self.pixels.standardise.startswith("imagenet") and self.network.channels != 3:
            problems.append(
                f"pixels.standardise: {self.pixels.standardise} has a mean for each of three "
                f"channels; network.channels is {self.network.channels}: set it to 3"
            )
        problems += [f"published{key}: {why}" for key, why in unwritable(self.published)]
        if doubled:
            problems.append("seeds: a seed stands twice")
        if self.lungs.source == "segmenter" and self.pixels.crop != "lungs":
            problems.append("lungs: found and not used; set pixels.crop to 'lungs'")
        problems += unfit_space(self)
        try:
            find_metric(self.evaluate.metric, classes)
        except LeanlungError as error:
            problems.append(f"evaluate.metric: {error}")
        try:
            healthy_class(classes, self.evaluate.healthy)
        except LeanlungError as error:
            problems.append(f"evaluate.healthy: {error}")
        if problems:
            raise ValueError("; ".join(problems))
        return self
