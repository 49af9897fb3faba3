"""Stacking: a small network that learns how to combine members, out of fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from leanlung.ensembles.members import (
    LEAST,
    aligned,
    require_validation,
    shared_between,
    stacked,
)
from leanlung.ensembles.out_of_fold import OutOfFold
from leanlung.foundations.errors import DataRefused, StatisticsError, UsageError
from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leanlung.statistics import Predictions

    Shares = NDArray[np.float64]
    Layers = tuple[Shares, Shares, Shares, Shares]

HIDDEN = 9
"""Neurons of the one hidden layer (Rajaraman et al. 2020, II.F)."""

_RATE, _MOMENTUM, _SQUARES, _TINY = 0.01, 0.9, 0.999, 1e-8
_STEPS, _PATIENCE = 3000, 200


@dataclass(frozen=True, eq=False)
class Stacking:
    """One hidden layer of nine neurons over the members' probabilities.

    Attributes:
        inward: Shape (members · classes, hidden); inputs come member by member.
        inward_bias: Shape (hidden,).
        outward: Shape (hidden, classes).
        outward_bias: Shape (classes,).
        seed: That drew the weights it began with.
        steps: After how many steps the validation log-loss was least; these weights are kept.
        log_loss: That least one, in nats.
        studies: Of the out-of-fold predictions it learnt from.
        patients: Of the same.

    Raises:
        StatisticsError: If the shapes do not fit, or a number is not finite.
    """

    inward: NDArray[np.float64]
    inward_bias: NDArray[np.float64]
    outward: NDArray[np.float64]
    outward_bias: NDArray[np.float64]
    seed: int
    steps: int
    log_loss: float
    studies: int
    patients: int
    name: ClassVar[str] = "stacking"

    def __post_init__(self) -> None:
        shapes = [layer.shape for layer in self.layers]
        hidden, classes = self.inward_bias.size, self.outward_bias.size
        fits = (
            self.inward.ndim == 2
            and classes > 1
            and shapes[0][0] % classes == 0
            and shapes == [(shapes[0][0], hidden), (hidden,), (hidden, classes), (classes,)]
        )
        if not fits or not all(np.isfinite(layer).all() for layer in self.layers):
            msg = (
                f"a stacking of layers {shapes}; finite numbers of shapes (members x classes, "
                "hidden), (hidden,), (hidden, classes), (classes,) are expected"
            )
            raise StatisticsError(msg)

    @property
    def layers(self) -> Layers:
        """Weights and biases, from in to out."""
        return self.inward, self.inward_bias, self.outward, self.outward_bias

    @property
    def parameters(self) -> int:
        """How many numbers it has learnt."""
        return sum(layer.size for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations for one study."""
        return self.inward.size + self.outward.size

    def combine(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Answer studies.

        Args:
            probabilities: Shape (models, studies, classes).

        Returns:
            Shape (studies, classes), rows summing to one.
        """
        return _forward(self.layers, _inputs(probabilities))[1]

    def require_fit(self, members: int, classes: int) -> None:
        """Refuse another number of members or classes.

        Raises:
            UsageError: If it learnt from others.
        """
        if self.inward.shape[0] != members * classes or self.outward_bias.size != classes:
            learnt = self.outward_bias.size
            msg = (
                f"this stacking learnt from {self.inward.shape[0] // learnt} members of "
                f"{learnt} classes; it cannot combine {members} members of {classes}"
            )
            raise UsageError(msg)


def fit_stacking(
    out_of_fold: Sequence[OutOfFold],
    validation: Sequence[Predictions],
    *,
    seed: int = 0,
    hidden: int = HIDDEN,
) -> Stacking:
    """Learn to combine members from predictions on studies that none of them was fitted on.

    The published meta-learner learnt from the members' answers to the images they were trained
    on, and was stopped on the test part. Here it learns from out-of-fold predictions, and of
    the weights after each step those with the least log-loss on validation are kept. The paper
    gives no activation and no optimiser: tanh, and Adam over all studies at once (rate 0.01,
    3000 steps at most, done when 200 bring nothing).

    Args:
        out_of_fold: Of every member on the same training studies. Folds may differ.
        validation: Of every member, in the same order, on the same studies of other patients;
            each fitted on the whole training part, as it will be used.
        seed: Of the weights it begins with. The same seed gives the same network.
        hidden: Neurons of its hidden layer.

    Raises:
        UsageError: If there are fewer than two members, or not as many of either kind.
        DataRefused: If what it would learn from is not out of fold, if the validation part is
            a training or test part, or if the two share a patient.
        StatisticsError: If the members cannot be aligned.

    Source: Wolpert 1992, Neural Networks 5(2); nine neurons: Rajaraman et al. 2020, II.F.
    """
    learnt, held = _parts(out_of_fold, validation)
    inputs, targets = _inputs(stacked(learnt)), _one_hot(learnt[0])
    inputs_held, targets_held = _inputs(stacked(held)), _one_hot(held[0])
    layers = _start(inputs.shape[1], hidden, targets.shape[1], seed)
    means = tuple(np.zeros_like(layer) for layer in layers)
    squares = tuple(np.zeros_like(layer) for layer in layers)
    best, kept, kept_at = _log_loss(layers, inputs_held, targets_held), layers, 0
    for step in range(1, _STEPS + 1):
        slopes = gradient(layers, inputs, targets)
        means = tuple(
            _MOMENTUM * m + (1 - _MOMENTUM) * g for m, g in zip(means, slopes, strict=True)
        )
        squares = tuple(
            _SQUARES * s + (1 - _SQUARES) * g * g for s, g in zip(squares, slopes, strict=True)
        )
        rate = _RATE * np.sqrt(1 - _SQUARES**step) / (1 - _MOMENTUM**step)
        one, two, three, four = (
            layer - rate * m / (np.sqrt(s) + _TINY)
            for layer, m, s in zip(layers, means, squares, strict=True)
        )
        layers = (one, two, three, four)
        found = _log_loss(layers, inputs_held, targets_held)
        if found < best:
            best, kept, kept_at = found, layers, step
        elif step - kept_at >= _PATIENCE:
            break
    first = learnt[0]
    return Stacking(
        *kept,
        seed=seed,
        steps=kept_at,
        log_loss=best,
        studies=len(first),
        patients=first.patient_count,
    )


def gradient(layers: Layers, inputs: Shares, targets: Shares) -> Layers:
    """Give the slope of the mean log-loss.

    Args:
        layers: As `Stacking.layers`.
        inputs: Shape (n, members · classes).
        targets: Shape (n, classes), one-hot.

    Returns:
        One slope a layer, of its shape.
    """
    active, answered = _forward(layers, inputs)
    error = (answered - targets) / len(inputs)
    back = (error @ layers[2].T) * (1.0 - active * active)
    return inputs.T @ back, back.sum(axis=0), active.T @ error, error.sum(axis=0)


def _forward(layers: Layers, inputs: Shares) -> tuple[Shares, Shares]:
    """Give the hidden layer and the answers."""
    active = np.tanh(inputs @ layers[0] + layers[1])
    scores = active @ layers[2] + layers[3]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    answered: Shares = shares / shares.sum(axis=1, keepdims=True)
    return active, answered


def _inputs(probabilities: Shares) -> Shares:
    """Lay the members' probabilities beside each other, (n, members · classes)."""
    _, studies, _ = probabilities.shape
    return probabilities.transpose(1, 0, 2).reshape(studies, -1)


def _one_hot(predictions: Predictions) -> Shares:
    found: Shares = np.eye(len(predictions.classes))[predictions.labels]
    return found


def _start(inputs: int, hidden: int, classes: int, seed: int) -> Layers:
    """Draw weights as Glorot and Bengio 2010 do, with biases of zero."""
    generator = Seeds(seed).generator("stacking")

    def drawn(ins: int, outs: int) -> Shares:
        reach = np.sqrt(6.0 / (ins + outs))
        return generator.uniform(-reach, reach, (ins, outs))

    return drawn(inputs, hidden), np.zeros(hidden), drawn(hidden, classes), np.zeros(classes)


def _log_loss(layers: Layers, inputs: Shares, targets: Shares) -> float:
    right = (_forward(layers, inputs)[1] * targets).sum(axis=1)
    return float(-np.log(np.maximum(right, LEAST)).mean())


def _parts(
    out_of_fold: Sequence[OutOfFold], validation: Sequence[Predictions]
) -> tuple[tuple[Predictions, ...], tuple[Predictions, ...]]:
    for one in out_of_fold:
        if not isinstance(one, OutOfFold):
            msg = (
                f"{getattr(one, 'model', one)}: these predictions name no folds, so that they "
                "may be of the images that the member was trained on, of which it is surer "
                "than of any other; give OutOfFold (see out_of_fold, read_out_of_fold)"
            )
            raise DataRefused(msg)
    if len(out_of_fold) != len(validation):
        msg = (
            f"{len(out_of_fold)} out-of-fold and {len(validation)} validation predictions; one "
            "of each is expected for every member, in the same order"
        )
        raise UsageError(msg)
    require_validation(validation, "the steps of a stacking")
    held = aligned(validation)
    learnt = aligned([one.predictions for one in out_of_fold], held[0].classes)
    if shared := shared_between(learnt[0], held[0]):
        msg = (
            f"{shared} both among the out-of-fold predictions, whose patients the members were "
            f"fitted on, and in {held[0].model}; validation is of other patients"
        )
        raise DataRefused(msg)
    return learnt, held
