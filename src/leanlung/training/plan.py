"""A training plan: everything that decides how a network is fitted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from leanlung.foundations.counts import Count
from leanlung.foundations.shares import Share
from leanlung.pixels import Augmentation
from leanlung.training.distillation import DistillationPlan

Precision = Literal["auto", "float32", "bfloat16"]


class OptimiserPlan(BaseModel, extra="forbid", frozen=True):
    """Which optimiser, and its settings.

    Attributes:
        kind: ``sgd``, ``adam`` (with decoupled weight decay) or ``rmsprop``.
        rate: Learning rate at the start.
        momentum: Of SGD and RMSprop.
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
    nesterov: bool = False
    weight_decay: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    output_decay: float = Field(0.0, ge=0.0, allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not told.get("output_decay"):
            told.pop("output_decay", None)
        return told


class RatePlan(BaseModel, extra="forbid", frozen=True):
    """How the learning rate changes from epoch to epoch.

    Attributes:
        kind: ``constant``; ``cosine`` falls along half a cosine to ``least``; ``plateau``
            multiplies by ``factor`` whenever ``patience`` epochs brought nothing better.
        factor: Of ``plateau``.
        patience: Of ``plateau``, in epochs.
        least: The rate never falls below this share of the first one.
    """

    kind: Literal["constant", "cosine", "plateau"] = "constant"
    factor: Share = 0.5
    patience: Count = Field(5, ge=1)
    least: Share = 0.01


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

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if not told.get("keep_epochs"):
            told.pop("keep_epochs", None)
        return told
