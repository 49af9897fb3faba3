"""Run a recipe: all stages in order, each found again if it was done before."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import UsageError
from leanlung.foundations.files import write_json, write_text
from leanlung.foundations.locks import held
from leanlung.foundations.tables import write_table
from leanlung.networks.devices import pick_device
from leanlung.runs.environment import environment, note_environment
from leanlung.runs.folder import CHOICE, EVALUATION, RunFolder, run_name
from leanlung.runs.gathering import Gathered, gather
from leanlung.runs.parallel import alone, carry_out_apart, missing, threads_for, writing
from leanlung.runs.plans import require_balanced
from leanlung.runs.progress import Progress, Silent
from leanlung.runs.reading import read_recipe
from leanlung.runs.reporting import write_report
from leanlung.runs.results import features_of
from leanlung.runs.seeds_apart import exemplars_of
from leanlung.runs.stages.choosing import choose_candidate
from leanlung.runs.stages.evaluating import evaluate_choice
from leanlung.runs.stages.exporting import export_choice
from leanlung.runs.stages.featuring import require_features
from leanlung.runs.stages.fitting import fit_whole, try_network
from leanlung.runs.stages.masking import require_steps
from leanlung.runs.stages.pruning import make_smaller
from leanlung.runs.starting import weights_source
from leanlung.runs.until import require_stage
from leanlung.runs.work import works_of
from leanlung.studies.manifest import write_manifest
from leanlung.training import counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch

    from leanlung.runs.recipe import Recipe
from leanlung.runs.work import Work

STAGES: dict[str, Callable[[Work], None]] = {
    "fit": fit_whole,
    "prune": make_smaller,
    "choose": choose_candidate,
    "evaluate": evaluate_choice,
    "export": export_choice,
}
"""What ``--until`` may name, beside ``data`` and ``report``."""
UNTIL = ("data", *STAGES, "report")
APART = ("fit", "prune", "choose")
"""What one seed does without the others; the test part is opened when all have chosen."""


@dataclass(frozen=True)
class Options:
    """What is asked of a run beside its recipe.

    Attributes:
        data: Folder of the images, or a manifest.
        out: Where run folders, phantoms and caches go.
        changes: ``a.b=value`` for fields of the recipe.
        until: Last stage to do.
        allow: Whether to go on in spite of leaks, stamped on the report.
        device: ``auto`` or torch's name of one.
        cache: Where phantoms and prepared images go, if not to ``out``.
        weights: Further folders that weights are looked for in.
        jobs: So many seeds at a time, each in a process of its own.
        only_seed: Of the recipe's seeds; it is taken up to its choice, and nothing else done.
    """

    data: Path | None
    out: Path
    changes: Sequence[str] = ()
    until: str = "report"
    allow: bool = False
    device: str = "auto"
    cache: Path | None = None
    weights: tuple[Path, ...] = ()
    jobs: int = 1
    only_seed: int | None = None


def run(recipe_file: Path, options: Options, progress: Progress | None = None) -> RunFolder:
    """Carry out a recipe; done stages are found again, a killed run goes on.

    Args:
        recipe_file: The recipe.
        options: Data, folder and the rest.
        progress: Told what is going on.

    Returns:
        The run's folder.

    Raises:
        LeanlungError: One of its kinds, if something is wrong with recipe, data or machine.
    """
    require_stage(options.until, UNTIL)
    recipe = read_recipe(recipe_file, options.changes)
    return carry_out(recipe, recipe_file.read_text(encoding="utf-8"), options, progress)


def carry_out(
    recipe: Recipe,
    text: str,
    options: Options,
    progress: Progress | None = None,
    gathered: Gathered | None = None,
) -> RunFolder:
    """Carry out a recipe that has been read.

    Args:
        recipe: What to do.
        text: The recipe as it was given, kept in the run's folder.
        options: Data, folder and the rest; ``changes`` have been made already.
        progress: Told what is going on.
        gathered: Its data, if they have been gathered already.

    Returns:
        The run's folder.

    Raises:
        LeanlungError: As `run`.
    """
    progress = progress or Silent()
    require_stage(options.until, UNTIL)
    _require_apart(options, recipe)
    places = (*([options.data] if options.data else []), *options.weights)
    try_network(recipe)
    weights_source(recipe.network.weights, *places)  # not after hours of decoding
    device = pick_device(options.device)
    with ExitStack() as stack:
        each = stack.enter_context(threads_for(options.jobs))
        folder, works = _begun(recipe, text, options, progress, device, places, gathered)
        if options.until == "data":
            return folder
        if options.only_seed is not None:
            stack.enter_context(alone(folder, options.only_seed))
        elif options.jobs > 1 and (left := missing(folder, recipe.seeds)):
            told = f"{options.jobs} at a time on {each} threads"
            progress.note(f"{len(left)} seeds apart, {told}")
            carry_out_apart(recipe, text, options, left, progress)
        _through_stages(works, options)
        if options.until == "report" and options.only_seed is None:
            write_json(folder.metrics, _metrics(works))
            write_report(folder)
    return folder


def _begun(
    recipe: Recipe,
    text: str,
    options: Options,
    progress: Progress,
    device: torch.device,
    places: tuple[Path, ...],
    gathered: Gathered | None,
) -> tuple[RunFolder, list[Work]]:
    """Gather the data and write down what is known before anything is fitted."""
    cache = options.cache or options.out
    with ExitStack() as stack:
        if options.only_seed is not None:  # the other seeds may begin at the same moment
            stack.enter_context(held(cache / "cache" / "gathering.lock"))
        gathered = gathered or gather(
            recipe,
            options.data,
            cache,
            allow=options.allow,
            progress=progress,
            device=device,
        )
        folder = RunFolder(options.out / run_name(recipe, gathered.fingerprint))
        if options.only_seed is not None:
            stack.enter_context(held(writing(folder.path)))
        _write_facts(folder, recipe, text, gathered, device)
    if options.until == "data":
        return folder, []
    works = works_of(recipe, folder, gathered, device, progress, places)
    require_balanced(recipe, counts_of(works[0].train.labels), recipe.pixels.size**2)
    if recipe.mask is not None:
        require_steps(works[0], recipe.mask)  # not after hours of fitting
    if recipe.features is not None:
        require_features(works[0], recipe.features)
    return folder, works


def _through_stages(works: Sequence[Work], options: Options) -> None:
    """Do the stages that are asked for; of a single seed, those it does without the others."""
    single = options.only_seed is not None
    works = [work for work in works if not single or work.seed == options.only_seed]
    for name, stage in STAGES.items():
        if single and name not in APART:
            break
        for work in works:  # all seeds have chosen before the test part is opened for one
            stage(work)
        if name == options.until:
            break


def _require_apart(options: Options, recipe: Recipe) -> None:
    seeds = list(recipe.seeds)
    if options.jobs < 1:
        msg = f"--jobs {options.jobs}: 1 or more was expected"
        raise UsageError(msg)
    if options.only_seed is not None and options.only_seed not in seeds:
        msg = f"--only-seed {options.only_seed}: the seeds of {recipe.name!r} are {seeds}"
        raise UsageError(msg)
    if options.only_seed is not None and options.jobs > 1:
        msg = "--only-seed is one job; leave --jobs out"
        raise UsageError(msg)


def _write_facts(
    folder: RunFolder,
    recipe: Recipe,
    text: str,
    gathered: Gathered,
    device: torch.device,
) -> None:
    write_text(folder.recipe, text)
    write_json(folder.resolved, recipe.model_dump(mode="json"))
    note_environment(folder, environment(device))
    write_manifest(folder.cohort, gathered.cohort, gathered.parts, gathered.facts)
    rows = [{"study_id": name, "part": part} for name, part in gathered.parts.items()]
    write_table(folder.split, ["study_id", "part"], rows)
    write_json(folder.data, gathered.as_dict())


def _metrics(works: Sequence[Work]) -> dict[str, Any]:
    """Put the results of all seeds together; nothing in it depends on when or how fast."""
    seeds = {}
    for work in works:
        measured = json.loads((work.here.evaluate / EVALUATION).read_text(encoding="utf-8"))
        choice = json.loads((work.here.choose / CHOICE).read_text(encoding="utf-8"))
        seeds[str(work.seed)] = {**measured, "candidates": choice["candidates"]}
        if work.recipe.features is not None:
            backbone = work.recipe.network.backbone
            seeds[str(work.seed)]["features"] = features_of(work.here, backbone)
    first = works[0]
    return {
        "recipe": first.recipe.name,
        "classes": list(first.recipe.data.classes),
        "data": first.gathered.fingerprint,
        "made_up": first.gathered.cohort.made_up,
        "as_published": list(first.recipe.as_published),
        "seeds": seeds,
        "exemplars": exemplars_of([work.here for work in works]),
    }
