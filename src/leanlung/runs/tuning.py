"""Tune a recipe: search for a good setting on the validation part, and write it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import RecipeError
from leanlung.foundations.files import write_json, write_text
from leanlung.foundations.locks import held
from leanlung.foundations.tables import write_table
from leanlung.networks.devices import pick_device
from leanlung.reports.settings import as_toml
from leanlung.runs.environment import environment
from leanlung.runs.folder import RunFolder, run_name
from leanlung.runs.gathering import gather
from leanlung.runs.journal import require_optuna
from leanlung.runs.progress import Progress, Silent
from leanlung.runs.reading import read_recipe
from leanlung.runs.searching import TrialRecord, best_of, search
from leanlung.runs.stages.fitting import try_network
from leanlung.runs.stages.tuning import fit_trial
from leanlung.runs.starting import weights_source
from leanlung.runs.tune import TuneSection, preset, space_of, unused, with_values
from leanlung.runs.work import works_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.runs.recipe import Recipe
    from leanlung.runs.run import Options
    from leanlung.runs.tune import Value

BEST, BEST_RECIPE, TRIALS, SEARCH = "best.toml", "recipe.toml", "trials.csv", "search.json"


@dataclass(frozen=True)
class Tuned:
    """What a search came to.

    Attributes:
        folder: Of the search.
        metric: What a trial is worth: the monitored metric on the validation part.
        trials: All, in their order.
        best: The best one; None if none ran to its end.
        wanted: How many were asked for.
    """

    folder: Path
    metric: str
    trials: tuple[TrialRecord, ...]
    best: TrialRecord | None
    wanted: int

    @property
    def recipe(self) -> Path:
        """The recipe with the values of the best trial."""
        return self.folder / BEST_RECIPE

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {
            "folder": str(self.folder),
            "recipe": None if self.best is None else str(self.recipe),
            "metric": self.metric,
            "wanted": self.wanted,
            "best": None if self.best is None else self.best.as_dict(),
            "trials": [trial.as_dict() for trial in self.trials],
        }


def tune(recipe_file: Path, options: Options, progress: Progress | None = None) -> Tuned:
    """Search for the setting of a recipe that validates best.

    The same command, started again or several times at once, goes on with the same search;
    more trials than before (``tune.trials``) extend it.

    Args:
        recipe_file: The recipe.
        options: Data, folder and the rest.
        progress: Told what is going on.

    Returns:
        What was found; also written to ``<run folder>/tune``.

    Raises:
        LeanlungError: One of its kinds, if something is wrong with recipe, data or machine.
    """
    progress = progress or Silent()
    require_optuna()
    recipe = read_recipe(recipe_file, options.changes)
    _require_sense(recipe_file, recipe)
    weights_source(recipe.network.weights, options.data)  # not after hours of decoding
    device = pick_device(options.device)
    with held(options.out / "cache" / "gathering.lock"):  # once, not once a process
        gathered = gather(
            recipe,
            options.data,
            options.out,
            allow=options.allow,
            progress=progress,
            device=device,
        )
    run = RunFolder(options.out / run_name(_however_long(recipe), gathered.fingerprint))
    places = () if options.data is None else (options.data,)
    work = works_of(recipe, run, gathered, device, progress, places)[0]
    folder = run.path / "tune"
    with held(folder / "locks" / "writing"):
        told = {
            "recipe": recipe.model_dump(mode="json"),
            "environment": environment(device),
            "data": gathered.as_dict(),
        }
        write_json(folder / SEARCH, told)
    space = space_of(recipe)
    first = None
    if recipe.tune.first != "none":
        values = preset(recipe.tune.first, recipe)
        first = {name: value for name, value in values.items() if name in space}
    trials = search(
        folder,
        recipe.tune,
        space,
        work.seeds("tune"),
        lambda asked: fit_trial(work, asked),
        progress,
        first,
    )
    found = Tuned(folder, recipe.train.monitor, trials, best_of(trials), recipe.tune.trials)
    with held(folder / "locks" / "writing"):
        _write(found, recipe)
    return found


def write_preset(recipe_file: Path, recipe: Recipe, name: str, out: Path) -> Path:
    """Write a recipe with the values of a preset, without a search.

    Returns:
        Where: ``<out>/<recipe>-<preset>.toml``.

    Raises:
        RecipeError: If a value does not go with the rest of the recipe.
    """
    try:
        changed = with_values(recipe, preset(name, recipe))
    except ValueError as error:
        msg = f"{recipe_file}: {name} does not go with it: {error}"
        raise RecipeError(msg) from error
    path = out / f"{recipe.name}-{name}.toml"
    write_text(path, _recipe_text(changed))
    return path


def fragment(values: Mapping[str, Value]) -> str:
    """Write values as TOML, a field a line, as ``--set`` takes them too."""
    return "".join(
        as_toml({name: value}).replace(f'"{name}"', name) for name, value in values.items()
    )


def _recipe_text(recipe: Recipe) -> str:
    plain = recipe.model_copy(update={"tune": TuneSection()})
    return as_toml(plain.model_dump(mode="json"))


def _however_long(recipe: Recipe) -> Recipe:
    """Give the recipe without what may change while the search is the same."""
    trials = TuneSection.model_fields["trials"].default
    section = recipe.tune.model_copy(update={"trials": trials})
    return recipe.model_copy(update={"tune": section})


def _require_sense(recipe_file: Path, recipe: Recipe) -> None:
    """Refuse a search that cannot come to anything, before hours are spent."""
    if problem := unused(recipe):
        msg = f"{recipe_file}: {problem}"
        raise RecipeError(msg)
    try_network(recipe)
    for name, found in space_of(recipe).items():
        if name.startswith("network."):
            for value in found.ends:
                try_network(with_values(recipe, {name: value}))


def _write(found: Tuned, recipe: Recipe) -> None:
    space = list(space_of(recipe))
    columns = ["number", "state", "value", "epochs", "seconds", *space, "why"]
    rows = [
        {**{k: v for k, v in vars(one).items() if k != "values"}, **one.values}
        for one in found.trials
    ]
    write_table(found.folder / TRIALS, columns, rows)
    if found.best is None:
        return
    head = (
        f"# Trial {found.best.number} of {len(found.trials)}: {found.metric} "
        f"{found.best.value:.6g} on the validation part.\n"
    )
    write_text(found.folder / BEST, head + fragment(found.best.values))
    write_text(found.recipe, head + _recipe_text(with_values(recipe, found.best.values)))
