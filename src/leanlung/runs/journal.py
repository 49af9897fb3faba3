"""The journal of a search: a file that Optuna keeps, and what draws its next trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import optuna

    from leanlung.foundations.seeds import Seeds
    from leanlung.runs.tune import Range, TuneSection, Value

    Space = Mapping[str, Range]

JOURNAL = "journal.log"
_STUDY = "search"


def open_study(folder: Path, section: TuneSection) -> optuna.study.Study:
    """Open the journal of a search, or begin it.

    Raises:
        UsageError: If Optuna is not installed.
        RunError: If the journal is damaged.
    """
    library = require_optuna()
    library.logging.set_verbosity(library.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / JOURNAL
    backend = library.storages.journal.JournalFileBackend(str(path))
    pruner: optuna.pruners.BasePruner = library.pruners.NopPruner()
    if section.stop_early:
        pruner = library.pruners.MedianPruner(
            section.stop_after_trials, section.stop_after_epochs
        )
    try:
        study: optuna.study.Study = library.create_study(
            study_name=_STUDY,
            storage=library.storages.JournalStorage(backend),
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
    except (ValueError, KeyError) as error:
        msg = (
            f"{path}: the journal of the search is damaged ({error}); remove its last line if "
            "that is cut off, or the folder to search anew"
        )
        raise RunError(msg) from error
    return study


def sampler_of(
    study: optuna.study.Study, section: TuneSection, space: Space, seeds: Seeds
) -> optuna.samplers.BaseSampler:
    """Make what draws the next trial."""
    library = require_optuna()
    sampler: optuna.samplers.BaseSampler
    if section.sampler == "random":
        sampler = _each_by_itself(library, space, seeds)
    else:  # one for each trial: processes that share a seed must not draw the same
        number = seeds.number("tpe", len(study.get_trials(deepcopy=False)))
        sampler = library.samplers.TPESampler(seed=number % 2**32)
    return sampler


def _each_by_itself(library: Any, space: Space, seeds: Seeds) -> Any:  # noqa: ANN401
    """Make a sampler whose draws depend on seed, field and number of the trial alone.

    Optuna's own random sampler draws in the order it is asked, so that processes with one seed
    would draw the same trials, and with several no search could be repeated.
    """

    class EachByItself(library.samplers.BaseSampler):  # type: ignore[misc]
        def infer_relative_search_space(self, *_: object) -> dict[str, Any]:
            return {}

        def sample_relative(self, *_: object) -> dict[str, Any]:
            return {}

        def sample_independent(
            self,
            _study: optuna.study.Study,
            trial: optuna.trial.FrozenTrial,
            name: str,
            _distribution: object,
        ) -> Value:
            return space[name].at(float(seeds.generator(name, trial.number).random()))

    return EachByItself()


def require_optuna() -> Any:  # noqa: ANN401 - a module
    """Import Optuna.

    Raises:
        UsageError: If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        msg = 'a search needs Optuna, which is not installed: pip install "leanlung[search]"'
        raise UsageError(msg) from error
    return optuna
