"""A training plan: everything that decides how a network is fitted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from leanlung.foundations.counts import Count
from leanlung.foundations.shares import Share
from leanlung.pixels import Augmentation
from leanlung.training.distillation import DistillationPlan

Precision = Literal["auto", "float32", "bfloat16"]


SMOOTHING = 0.99
"""Of RMSprop, as PyTorch has it."""


class OptimiserPlan(BaseModel, extra="forbid", frozen=True):
    """Which optimiser, and its settings.

    Attributes:
        kind: ``sgd``, ``adam`` (with decoupled weight decay) or ``rmsprop``.
        rate: Learning rate at the start.
        momentum: Of SGD and RMSprop. Keras's RMSprop has none unless told; with 0.9, steps of
            RMSprop become ten times as long.
        smoothing: Of RMSprop: the share of its running mean of squares that outlives a step, in
            [0, 1). PyTorch's default is 0.99, Keras's 0.9. The mean begins at zero: the first
            step is ``1 / sqrt(1 - smoothing)`` times the rate for every weight, 10 or 3.2.
        nesterov: Whether SGD looks ahead.
        weight_decay: L2 penalty; biases and BatchNorm are left out of it.
        output_decay: Times the sum of squares of the last linear layer's weights, added to the
            loss. Unlike ``adam``'s ``weight_decay``, which shrinks weights beside the gradient,
            this goes through the gradient, and so through Adam's moments, with every optimiser:
            it is what keras's ``kernel_regularizer=l2(0.05)`` of an output layer does (Garcia
            et al. 2023), whose figure of the loss holds it too.
    """

    kind: Literal["sgd", "adam", "rmsprop"] = "sgd"
    rate: float = Field(1e-3, gt=0.0, allow_inf_nan=False)
    momentum: Share = 0.9
    smoothing: float = Field(SMOOTHING, ge=0.0, lt=1.0)
    nesterov: bool = False
    weight_decay: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    output_decay: float = Field(0.0, ge=0.0, allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not told.get("output_decay"):
            told.pop("output_decay", None)
        if told.get("smoothing") == SMOOTHING:
            told.pop("smoothing")
        return told


class RestartPlan(BaseModel, extra="forbid", frozen=True):
    """When a cosine begins anew.

    Attributes:
        first: Epochs of the first period.
        factor: Every period is so many times as long as the one before.

    Source: Loshchilov & Hutter 2017 (SGDR), equation 5: ``T_0`` and ``T_mult``. They let the
        rate fall from batch to batch; here it does so from epoch to epoch.
    """

    first: Count = Field(10, ge=1)
    factor: Count = Field(1, ge=1)


class RatePlan(BaseModel, extra="forbid", frozen=True):
    """How the learning rate changes from epoch to epoch.

    Attributes:
        kind: ``constant``; ``cosine`` falls along half a cosine to ``least``; ``plateau``
            multiplies by ``factor`` whenever ``patience`` epochs brought nothing better.
        factor: Of ``plateau``.
        patience: Of ``plateau``, in epochs.
        least: The rate never falls below this share of the first one.
        restarts: Of ``cosine``: it falls within each period and begins anew with the next;
            without, it falls once, over all epochs.
    """

    kind: Literal["constant", "cosine", "plateau"] = "constant"
    factor: Share = 0.5
    patience: Count = Field(5, ge=1)
    least: Share = 0.01
    restarts: RestartPlan | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if told.get("restarts") is None:
            told.pop("restarts", None)
        return told

    @model_validator(mode="after")
    def _restarts_are_of_a_cosine(self) -> RatePlan:
        if self.restarts is not None and self.kind != "cosine":
            msg = f"restarts: a {self.kind} rate has none; set kind = 'cosine'"
            raise ValueError(msg)
        return self


class SmotePlan(BaseModel, extra="forbid", frozen=True):
    """How small classes are filled up.

    Attributes:
        neighbours: A new example lies between one of its class and one of so many nearest of
            the same class, which must have at least one example more than that.
        memory: Refuse what is estimated to take more than this many GiB.

    Source: Chawla et al. 2002 (SMOTE), whose five neighbours are the default.
    """

    neighbours: Count = Field(5, ge=1)
    memory: float = Field(4.0, gt=0.0, allow_inf_nan=False)


class TrainingPlan(BaseModel, extra="forbid", frozen=True):
    """How a network is fitted.

    Attributes:
        epochs: Passes over the training part, at most.
        batch: Images a step; at least 2, as BatchNorm cannot learn from a single one.
        optimiser: Which, and its settings.
        rate: How the learning rate changes.
        clip: Largest norm of all gradients together; 0 switches clipping off.
        class_weights: ``balanced`` weighs every class alike, whatever its size in the training
            part.
        loss: ``cross_entropy``, or ``focal``, which weighs every image by ``(1 - p)`` to the
            power ``focal_gamma``, p its probability of the right class. A network that answers
            at several scales is trained by the mean of its scales' losses.
        focal_gamma: Of ``focal``; 1 in Hu et al. 2020, 2 in Lin et al. 2017. At 0 it is the
            cross-entropy.
        balance: Instead of class weights, ``smote_pixels`` or ``smote_features`` fill every
            class up to the largest with examples made up between those of the training part,
            which alone is looked at. ``smote_pixels`` adds pictures to what is learnt from.
            ``smote_features`` fits as usual, and then the last linear layer again on the
            features in front of it, of which some are made up; what was fitted and the layers
            of several strengths of regularisation are told apart on the validation part; in a
            recipe's ``[train]`` alone.
        smote: How.
        monitor: Validation metric that decides which epoch is best.
        patience: Stop after so many epochs without a better one; 0 never stops early.
        augment: How images may change.
        distil: How much is learnt from the unpruned network, where there is one.
        precision: ``auto`` is bfloat16 on a GPU and float32 on a CPU.
        keep_epochs: Numbers of epochs, from 1, after which the network is kept beside the
            fitted one, to look at later; in a recipe's ``[train]`` alone. One that is not
            reached is told.
    """

    epochs: Count = Field(10, ge=1)
    batch: Count = Field(32, ge=2)
    optimiser: OptimiserPlan = OptimiserPlan()
    rate: RatePlan = RatePlan()
    clip: float = Field(1.0, ge=0.0, allow_inf_nan=False)
    class_weights: Literal["balanced", "none"] = "balanced"
    monitor: Literal["log_likelihood", "macro_auc", "balanced_accuracy", "accuracy"] = (
        "log_likelihood"
    )
    patience: Count = Field(0, ge=0)
    augment: Augmentation = Augmentation()
    distil: DistillationPlan = DistillationPlan()
    precision: Precision = "auto"
    keep_epochs: tuple[Annotated[Count, Field(ge=1)], ...] = ()
    loss: Literal["cross_entropy", "focal"] = "cross_entropy"
    focal_gamma: float = Field(1.0, ge=0.0, allow_inf_nan=False)
    balance: Literal["none", "smote_pixels", "smote_features"] = "none"
    smote: SmotePlan = SmotePlan()

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not told.get("keep_epochs"):
            told.pop("keep_epochs", None)
        if self.loss == "cross_entropy":
            told.pop("loss", None)
            told.pop("focal_gamma", None)
        if self.balance == "none":
            told.pop("balance", None)
            told.pop("smote", None)
        return told

    @model_validator(mode="after")
    def _parts_fit_together(self) -> TrainingPlan:
        own = type(self).model_fields
        if self.balance != "none" and self.class_weights == "balanced":
            msg = (
                f"balance = {self.balance!r} makes classes equal, and balanced class weights "
                "would count small ones twice; set class_weights = 'none', or leave balance out"
            )
            raise ValueError(msg)
        if self.balance == "none" and self.smote != own["smote"].default:
            msg = "smote: balance is 'none'; set it to 'smote_pixels' or 'smote_features'"
            raise ValueError(msg)
        if self.loss != "focal" and self.focal_gamma != own["focal_gamma"].default:
            msg = f"focal_gamma: the loss is {self.loss!r}; set loss = 'focal'"
            raise ValueError(msg)
        return self
