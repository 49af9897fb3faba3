"""A recipe: everything that decides a run, as one TOML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.shares import Share
from leanlung.networks.backbones import backbone
from leanlung.networks.spec import Head
from leanlung.pixels import PixelSpec
from leanlung.pruning import LowestShare
from leanlung.runs.schedule import ScheduleSection
from leanlung.statistics import find_metric
from leanlung.statistics.bootstrap import require_resamples
from leanlung.statistics.comparison import require_margin
from leanlung.statistics.estimate import require_level
from leanlung.studies.phantoms import PhantomSpec
from leanlung.training import TrainingPlan


class DataSection(BaseModel, extra="forbid", frozen=True):
    """Which images.

    Attributes:
        classes: Labels to tell apart, in the order of the network's outputs.
        leave_out: Labels of the cohort that are no classes; any other label is an error.
        manifest: The manifest, below what ``--data`` gives.
        layout: How the images lie; ``auto`` looks for a manifest, then for class folders.
        bad_images: Largest share of images that may be unreadable before the run stops.
        phantoms: Draw made-up chests instead of reading ``--data``.
    """

    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    leave_out: tuple[str, ...] = ()
    manifest: str = ""
    layout: Literal["auto", "manifest", "folders"] = "auto"
    bad_images: Share = 0.05
    phantoms: PhantomSpec | None = None


class SplitSection(BaseModel, extra="forbid", frozen=True):
    """How patients are parted.

    Attributes:
        by: ``patient`` draws parts; ``manifest`` takes them from its ``split`` column.
        train: Share of every class to learn from.
        validation: Share to choose on.
        test: Share that stays sealed until a choice is made.
        seed: Draws the parts; the same for all seeds of the run.
        look_alikes: What to do with the same or nearly the same picture of two patients in two
            parts: ``refuse`` the data, or keep such patients ``together``.
    """

    by: Literal["patient", "manifest"] = "patient"
    train: Share = 0.7
    validation: Share = 0.1
    test: Share = 0.2
    seed: int = 0
    look_alikes: Literal["refuse", "together"] = "refuse"

    @model_validator(mode="after")
    def _parts_make_a_whole(self) -> SplitSection:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6 or min(self.train, self.validation, self.test) <= 0.0:
            msg = f"train, validation and test must be above 0 and add up to 1; got {total:g}"
            raise ValueError(msg)
        return self


class NetworkSection(BaseModel, extra="forbid", frozen=True):
    """Which network, and what it starts from.

    Attributes:
        backbone: One of ``leanlung list backbones``.
        head: ``linear``, ``radiograph`` with its 1,024 maps, ``fully_connected`` (of the VGGs),
            or ``own`` of the CT networks.
        channels: Of the input; 3 for trunks trained on colour images.
        dropout: Before the last layer.
        weights: ``none``, ``imagenet`` (downloaded), or a safetensors file, looked for below
            ``--data`` and then where the command runs.
        partial: Whether that file may leave tensors of the trunk out.
        conventions: ``keras`` for weights that were trained with keras's padding.
    """

    backbone: str
    head: Head = "linear"
    channels: int = Field(3, ge=1, le=4)
    dropout: Share = Field(0.5, lt=1.0)
    weights: str = "none"
    partial: bool = False
    conventions: Literal["torch", "keras"] = "torch"

    @field_validator("backbone")
    @classmethod
    def _backbone_exists(cls, name: str) -> str:
        try:
            return backbone(name).name
        except LeanlungError as error:
            raise ValueError(str(error)) from error


class PruneSection(BaseModel, extra="forbid", frozen=True):
    """How the network is made smaller.

    Attributes:
        rounds: How many.
        criterion: What units are worth; one of ``leanlung list criteria``.
        scope: Whether units compete within their ``layer`` or over the ``network``.
        schedule: How much goes when.
        minimum: Units every layer keeps.
        normalise: ``layer`` divides scores by their layer's norm before layers compete.
        leave_alone: Layers that lose nothing, by name or pattern such as ``features.*``.
        align: Widths become multiples of this.
        images: Training images that units are scored on, by criteria that look at images; 0 is
            all of them.
        recalibrate: Training images for BatchNorm's statistics after surgery; 0 leaves them.
        optimiser: ``carry`` its state through surgery, or start ``fresh`` each round.
        retrain: How each round is fitted again.
    """

    rounds: int = Field(5, ge=1)
    criterion: Literal[
        "apoz",
        "mean_activation",
        "variance",
        "l1",
        "l2",
        "geometric_median",
        "batchnorm_scale",
        "taylor",
        "random",
    ] = "apoz"
    scope: Literal["layer", "network"] = "layer"
    schedule: ScheduleSection = ScheduleSection()
    minimum: int = Field(1, ge=1)
    normalise: Literal["none", "layer"] = "none"
    leave_alone: tuple[str, ...] = ()
    align: Literal[1, 4, 8, 16] = 1
    images: int = Field(0, ge=0)
    recalibrate: int = Field(512, ge=0)
    optimiser: Literal["carry", "fresh"] = "carry"
    retrain: TrainingPlan = TrainingPlan()

    def cut(self) -> LowestShare:
        """Make the cut."""
        return LowestShare(
            self.scope,
            self.schedule.build(),
            minimum=self.minimum,
            normalise=self.normalise,
            leave_alone=self.leave_alone,
            align=self.align,
        )

    @model_validator(mode="after")
    def _makes_a_cut(self) -> PruneSection:
        try:
            self.cut()
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self


class ChooseSection(BaseModel, extra="forbid", frozen=True):
    """Which candidate is chosen, on the validation part alone.

    Attributes:
        rule: ``best``, or ``smallest_within`` the tolerance of the unpruned network.
        metric: Judged by.
        tolerance: Of ``smallest_within``.
    """

    rule: Literal["best", "smallest_within"] = "smallest_within"
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
    """

    metric: str = "macro_auc"
    margin: Share = 0.02
    level: Share = 0.95
    resamples: int = Field(2000, ge=100)

    @model_validator(mode="after")
    def _gives_a_verdict(self) -> EvaluateSection:
        try:
            require_margin(self.margin)
            require_level(self.level)
            require_resamples(self.resamples, self.level)
        except LeanlungError as error:
            raise ValueError(str(error)) from error
        return self


class Recipe(BaseModel, extra="forbid", frozen=True):
    """A whole run.

    Attributes:
        name: Begins the run folder's name.
        about: One sentence.
        source: The paper it carries out, if any.
        data: Which images.
        split: How patients are parted.
        pixels: What is done to every image.
        network: Which network.
        train: How it is fitted.
        prune: How it is made smaller.
        choose: Which candidate is chosen.
        evaluate: How the verdict is reached.
        deviations: What the source did, what we do, why.
        gaps: What the source does not say, and what we chose.
        published: The source's figures, printed beside ours.
        seeds: One whole run each, on the same split.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    about: str = ""
    source: str = ""
    data: DataSection
    split: SplitSection = SplitSection()
    pixels: PixelSpec = PixelSpec()
    network: NetworkSection
    train: TrainingPlan = TrainingPlan()
    prune: PruneSection = PruneSection()
    choose: ChooseSection = ChooseSection()
    evaluate: EvaluateSection = EvaluateSection()
    deviations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    published: dict[str, Any] = Field(default_factory=dict)
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Recipe:
        classes, doubled = self.data.classes, len(self.seeds) - len(set(self.seeds))
        problems = []
        if both := set(classes) & set(self.data.leave_out):
            problems.append(f"data.leave_out: {sorted(both)} are classes as well")
        if len(set(classes)) < len(classes):
            problems.append("data.classes: a class stands twice")
        if self.train.distil.weight:
            problems.append("train.distil: there is no teacher yet; set prune.retrain.distil")
        if doubled:
            problems.append("seeds: a seed stands twice")
        try:
            find_metric(self.evaluate.metric, classes)
        except LeanlungError as error:
            problems.append(f"evaluate.metric: {error}")
        if problems:
            raise ValueError("; ".join(problems))
        return self
