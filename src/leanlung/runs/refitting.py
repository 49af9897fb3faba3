"""Refitting: the last linear layer, fitted again on features of which some are made up."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leanlung.features import penultimate
from leanlung.networks import last_layer
from leanlung.training import Balance, counts_of, require_balance, smote

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import nn

    from leanlung.runs.material import Material
    from leanlung.training import Fitted, TrainingPlan

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of regularisation that are tried: scikit-learn's ``C``, by default 1."""

AS_FITTED = "as fitted"

_STEPS = 1000


def refit_last_layer(
    fitted: Fitted,
    material: Material,
    plan: TrainingPlan,
    seed: int,
    note: Callable[[str], None] = lambda _text: None,
) -> tuple[Fitted, dict[str, Any]]:
    """Fit the last linear layer again on the training part's features, balanced by SMOTE.

    The features in front of the layer are read once, over the training part as it is, without
    augmentation; every class is filled up to the largest; a multinomial logistic regression on
    them, each feature brought to unit variance, takes the layer's place, once for each strength
    of regularisation. These layers and the one that was fitted are measured on the validation
    part, which nothing is made up of, by ``plan.monitor``; the best stays, of equals the one
    that was fitted. Where the monitor is ``log_likelihood`` that often is the fitted one: a
    layer that learnt from equal classes believes rare ones to be as frequent.

    Args:
        fitted: With its network, whose last layer is changed in place, and what the optimiser
            remembers of that layer is forgotten.
        material: Training and validation part.
        plan: With ``balance = "smote_features"``.
        seed: Draws the made-up features.
        note: Told what was chosen.

    Returns:
        The fit with its ``balance``, and which layer was ``chosen`` with what each ``scored``.

    Raises:
        NetworkError: If the network does not end with a linear layer.
        TrainingError, UsageError: As `require_balance`.

    Source: Chawla et al. 2002 for SMOTE; in feature space after Dablain et al. 2022
        (DeepSMOTE), who decode what is made up there, which this does not.
    """
    network = fitted.network
    layer = network.get_submodule(last_layer(network))
    labels = material.train.labels
    counts = counts_of(labels)
    features = penultimate(network, material.in_order(material.train))
    require_balance(counts, features.shape[1], plan)
    new, made = smote(features, labels.numpy(), plan.smote, seed)
    together = np.concatenate([features, new]).astype(np.float64)
    found = np.concatenate([labels.numpy(), made])
    states = {AS_FITTED: _copied(layer)}
    states |= {f"C = {one:g}": _logistic(together, found, one, layer) for one in STRENGTHS}
    scored = {}
    for name, state in states.items():
        layer.load_state_dict(state)
        scored[name] = material.validate(network)[plan.monitor]
    chosen = max(scored, key=lambda name: (scored[name], -list(scored).index(name)))
    layer.load_state_dict(states[chosen])
    if chosen != AS_FITTED:
        _forget(fitted, layer)
    note(
        f"SMOTE: {len(new)} made-up examples join {len(features)} in front of the last layer; "
        f"chosen on validation: {chosen} ({plan.monitor} {scored[chosen]:.4f}, as fitted "
        f"{scored[AS_FITTED]:.4f})"
    )
    after = counts_of(torch.from_numpy(found))
    told = {"chosen": chosen, "monitor": plan.monitor, "scored": scored}
    return replace(fitted, balance=Balance(plan.balance, counts, after)), told


def _copied(layer: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in layer.state_dict().items()}


def _logistic(
    features: NDArray[np.float64], labels: NDArray[np.int64], strength: float, layer: nn.Module
) -> dict[str, torch.Tensor]:
    """Fit a regression, and give it as the weights and biases of a linear layer."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation[deviation == 0.0] = 1.0
    regression = LogisticRegression(C=strength, max_iter=_STEPS)
    with warnings.catch_warnings():
        # One stopped before its end is judged on the validation part like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit((features - mean) / deviation, labels)
    rows = regression.coef_ / deviation
    biases = regression.intercept_ - rows @ mean
    if len(rows) == 1:  # of two classes: minus and plus half of one function
        rows, biases = np.concatenate([-rows, rows]) / 2, np.concatenate([-biases, biases]) / 2
    state = _copied(layer)
    # A class without training images keeps what was fitted, far below the others as it is.
    places = torch.from_numpy(regression.classes_)
    state["weight"][places] = torch.from_numpy(rows).to(state["weight"])
    if "bias" in state:
        state["bias"][places] = torch.from_numpy(biases).to(state["bias"])
    return state


def _forget(fitted: Fitted, layer: nn.Module) -> None:
    """Set what the optimiser remembers of a layer's old weights to zero."""
    for parameter in layer.parameters():
        for value in fitted.optimiser.state.get(parameter, {}).values():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                value.zero_()
