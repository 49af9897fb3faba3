"""Stage 2: fit the whole network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, build, last_layer, outline, store
from leanlung.pruning import channel_graph, magnitude
from leanlung.pruning.bounds import without_left_alone
from leanlung.pruning.masks import keep_pattern, kernels
from leanlung.runs.candidates import save_candidate
from leanlung.runs.folder import CHECKPOINT, kept_epoch
from leanlung.runs.history import BEFORE, STARTED
from leanlung.runs.refitting import refit_last_layer
from leanlung.runs.starting import begin, weights_content, weights_source
from leanlung.runs.steps import step
from leanlung.training import fit

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.networks import Classifier
    from leanlung.runs.recipe import Recipe
    from leanlung.runs.starting import Begun
    from leanlung.runs.work import Work
    from leanlung.training import Epoch


KEPT, NOT_REACHED = "epochs_kept", "epochs_not_reached"
"""What a candidate tells of ``train.keep_epochs``."""

REFITTED = "last_layer"
"""What a candidate tells of the choice of its last layer, of ``smote_features``."""


def fit_whole(work: Work) -> None:
    """Fit the network of the recipe, from the weights it names."""
    recipe = work.recipe
    source = weights_source(recipe.network.weights, *work.places)
    inputs = work.inputs(
        network=recipe.network.model_dump(),
        weights=weights_content(source, work.seed),
        train=recipe.train.model_dump(),
    )

    def do(folder: Path) -> None:
        spec = whole_spec(recipe)
        begun = _begun(work, source)
        told: dict[str, Any] = {}
        if begun.told:
            told[STARTED] = begun.told
        if begun.history:
            told[BEFORE] = list(begun.history)
        fitted = fit(
            begun.network,
            work.train,
            plan=recipe.train,
            statistics=work.statistics,
            channels=spec.channels,
            validate=work.validate,
            seeds=work.seeds("fit"),
            device=work.device,
            checkpoint=folder / CHECKPOINT,
            watch=epochs_done,
            note=work.progress.note,
            keep_epoch=lambda network, number: store(kept_epoch(folder, number), network),
        )
        if recipe.train.keep_epochs:
            told |= _kept(work, len(fitted.history))
        if recipe.train.balance == "smote_features":
            seed = work.seeds("fit").number("smote")
            fitted, told[REFITTED] = refit_last_layer(
                fitted, work.material, recipe.train, seed, work.progress.note
            )
        save_candidate(folder, 0, spec, fitted, work, told=told)

    with work.progress.task("fitting", recipe.train.epochs) as done:

        def epochs_done(epoch: Epoch) -> None:
            done(epoch.number)

        step(work.here.fit(recipe.network.backbone), inputs, do)
        done(recipe.train.epochs)


def as_begun(work: Work) -> Classifier:
    """Give the network as the fit of the whole one begins with it, to the last bit."""
    recipe = work.recipe
    return _begun(work, weights_source(recipe.network.weights, *work.places)).network


def _begun(work: Work, source: Path | str) -> Begun:
    recipe, drawn = work.recipe, work.seeds("fit").number("weights")
    return begin(recipe.network, whole_spec(recipe), source, work.seed, drawn)


def _kept(work: Work, epochs: int) -> dict[str, Any]:
    """Tell which epochs were kept, and which were not reached."""
    asked = sorted(set(work.recipe.train.keep_epochs))
    beyond = [number for number in asked if number > epochs]
    if beyond:
        work.progress.note(f"fitting ended after epoch {epochs}; not kept: epochs {beyond}")
    kept = [number for number in asked if number <= epochs]
    return {KEPT: kept, NOT_REACHED: beyond}


def whole_spec(recipe: Recipe) -> NetworkSpec:
    """Give the specification of the whole network."""
    network = recipe.network
    return NetworkSpec(
        backbone=network.backbone,
        classes=len(recipe.data.classes),
        head=network.head,
        channels=network.channels,
        size=recipe.pixels.size,
        dropout=network.dropout,
        conventions=network.conventions,
        activation=network.activation,
    )


def try_network(recipe: Recipe) -> None:
    """Put an image through the whole network and read its channels, before hours are spent.

    Raises:
        NetworkError: If images of the recipe's size are too small for it, or it has no last
            linear layer and features are read in front of it, or its weights decay, or it is
            to be fitted again.
        SurgeryError: If its channels cannot be followed, nothing of it can be removed or
            masked, or a layer to be left alone does not exist.
    """
    spec = whole_spec(recipe)
    network = outline(spec)
    device = next(network.parameters()).device
    try:
        with torch.random.fork_rng(devices=[]):
            network(torch.zeros(2, spec.channels, spec.size, spec.size, device=device))
    except NotImplementedError:  # it computes what the meta device cannot follow
        pass
    except RuntimeError as error:
        msg = (
            f"pixels.size: images of {spec.size} x {spec.size} do not fit through "
            f"{spec.backbone} ({error}); give it larger ones"
        )
        raise NetworkError(msg) from error
    smote = recipe.train.balance == "smote_features"
    if recipe.features is not None or recipe.train.optimiser.output_decay or smote:
        last_layer(network)
    if not recipe.rounds:  # nothing is cut, so its channels need not be followed
        return
    with torch.random.fork_rng(devices=[]):
        whole = build(spec)
    if recipe.mask is not None:
        names = kernels(whole, recipe.mask.leave_alone)
        if recipe.mask.pattern != "none":
            keep_pattern(magnitude(whole, names))
        return
    graph = channel_graph(whole, torch.zeros(1, spec.channels, spec.size, spec.size))
    section = recipe.features or recipe.prune
    without_left_alone(graph.originals, section.leave_alone)
