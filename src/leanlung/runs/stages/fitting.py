"""Stage 2: fit the whole network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import NetworkError
from leanlung.networks import NetworkSpec, build, load_weights, outline
from leanlung.pruning import channel_graph, magnitude
from leanlung.pruning.bounds import without_left_alone
from leanlung.pruning.masks import keep_pattern, kernels
from leanlung.runs.candidates import save_candidate
from leanlung.runs.folder import CHECKPOINT
from leanlung.runs.steps import step
from leanlung.training import fit

if TYPE_CHECKING:
    from leanlung.runs.recipe import Recipe
    from leanlung.runs.work import Work
    from leanlung.training import Epoch


def fit_whole(work: Work) -> None:
    """Fit the network of the recipe, from the weights it names."""
    recipe = work.recipe
    weights = weights_source(recipe.network.weights, work.data)
    content = fingerprints.of_file(weights) if isinstance(weights, Path) else weights
    inputs = work.inputs(
        network=recipe.network.model_dump(), weights=content, train=recipe.train.model_dump()
    )

    def do(folder: Path) -> None:
        spec = whole_spec(recipe)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(work.seeds("fit").number("weights"))
            network = build(spec)
        told: dict[str, Any] = {}
        if weights != "none":
            loaded = load_weights(
                network, spec.backbone, weights, partial=recipe.network.partial
            )
            told["weights"] = f"{loaded.tensors} of {loaded.of} tensors from {_named(weights)}"
        fitted = fit(
            network,
            work.train,
            plan=recipe.train,
            statistics=work.statistics,
            channels=spec.channels,
            validate=work.validate,
            seeds=work.seeds("fit"),
            device=work.device,
            checkpoint=folder / CHECKPOINT,
            watch=epochs_done,
        )
        save_candidate(folder, 0, spec, fitted, work, told=told)

    with work.progress.task("fitting", recipe.train.epochs) as done:

        def epochs_done(epoch: Epoch) -> None:
            done(epoch.number)

        step(work.here.fit(recipe.network.backbone), inputs, do)
        done(recipe.train.epochs)


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
    )


def try_network(recipe: Recipe) -> None:
    """Put an image through the whole network and read its channels, before hours are spent.

    Raises:
        NetworkError: If images of the recipe's size are too small for it.
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
    with torch.random.fork_rng(devices=[]):
        whole = build(spec)
    if recipe.mask is not None:
        names = kernels(whole, recipe.mask.leave_alone)
        if recipe.mask.pattern != "none":
            keep_pattern(magnitude(whole, names))
        return
    graph = channel_graph(whole, torch.zeros(1, spec.channels, spec.size, spec.size))
    without_left_alone(graph.originals, recipe.prune.leave_alone)


def weights_source(name: str, data: Path | None) -> Path | str:
    """Find out where weights come from.

    Args:
        name: As in the recipe.
        data: What ``--data`` gave.

    Returns:
        ``none``, ``imagenet`` or a path: below the data's folder if it is there, otherwise as
        it stands.

    Raises:
        NetworkError: If the file is in neither place.
    """
    if name in {"none", "imagenet"}:
        return name
    places = [data / name, Path(name)] if data else [Path(name)]
    for path in places:
        if path.is_file():
            return path
    looked = " and ".join(str(path) for path in places)
    msg = (
        f"network.weights: no such weights file ({looked}); give a safetensors file, "
        "'imagenet' or 'none'"
    )
    raise NetworkError(msg)


def _named(weights: Path | str) -> str:
    return weights.name if isinstance(weights, Path) else weights
