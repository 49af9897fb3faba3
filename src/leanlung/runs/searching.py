"""Searching: trials of a search, shared by all processes that have its folder."""

from __future__ import annotations

import math
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.locks import held
from leanlung.runs.journal import open_study, require_optuna, sampler_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import optuna

    from leanlung.foundations.seeds import Seeds
    from leanlung.runs.progress import Progress
    from leanlung.runs.tune import Range, TuneSection, Value

    Space = Mapping[str, Range]

_WHY = "why"


class StoppedEarlyError(Exception):
    """A trial that promises nothing; raised where it reports."""


@dataclass(frozen=True)
class Asked:
    """A trial to carry out.

    Attributes:
        number: From 0.
        values: Of the fields that are searched.
        folder: Its own, for a checkpoint that outlives an interruption.
        report: Told the number of an epoch, from 1, its metric, and whether it is the last one;
            before that it may raise `StoppedEarlyError`.
    """

    number: int
    values: Mapping[str, Value]
    folder: Path
    report: Callable[[int, float, bool], None]


@dataclass(frozen=True)
class TrialRecord:
    """What became of a trial.

    Attributes:
        number: From 0.
        state: ``complete``; ``stopped`` early; ``failed``; or ``running``, elsewhere.
        value: The metric of its best epoch, of a stopped one its last; None of others.
        epochs: How many it reported.
        seconds: From its first start to its end.
        values: Of the fields that are searched.
        why: It failed.
    """

    number: int
    state: Literal["complete", "stopped", "failed", "running"]
    value: float | None
    epochs: int
    seconds: float | None
    values: Mapping[str, Value]
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {**vars(self), "values": dict(self.values)}


def search(
    folder: Path,
    section: TuneSection,
    space: Space,
    seeds: Seeds,
    objective: Callable[[Asked], float],
    progress: Progress,
    first: Mapping[str, Value] | None = None,
) -> tuple[TrialRecord, ...]:
    """Carry out the trials of a search, until there are as many as were asked for.

    Any number of processes may do this with the same folder at the same time: each takes the
    next trial, and all stop when there are enough. A trial whose process was killed is taken up
    by the next one that looks, from its checkpoint. A trial whose training fails (a loss that
    is no number) counts.

    Args:
        folder: Of the search; holds the journal, Optuna's own.
        section: How many trials, drawn how, stopped when.
        space: What is searched.
        seeds: Of the search.
        objective: Carries a trial out and gives what it is worth; higher is better.
        progress: Told what is going on.
        first: Values of the first trial.

    Returns:
        All trials, those of other processes included, in their order.

    Raises:
        UsageError: If Optuna is not installed.
        RunError: If the journal is damaged.
    """
    asking = folder / "locks" / "asking"
    with held(asking):
        study = open_study(folder, section)
    with progress.task("trials", section.trials) as done:
        while True:
            with ExitStack() as stack:
                with held(asking):
                    study.sampler = sampler_of(study, section, space, seeds)
                    trial = _claim(study, folder, section, first, stack)
                done(_ended(study))
                if trial is None:
                    return records(study)
                _carry_out(study, trial, folder, space, objective, progress)
                done(_ended(study))


def records(study: optuna.study.Study) -> tuple[TrialRecord, ...]:
    """Give what became of all trials, in their order."""
    states: dict[str, Literal["complete", "stopped", "failed", "running"]] = {
        "COMPLETE": "complete", "PRUNED": "stopped", "FAIL": "failed", "RUNNING": "running"
    }  # fmt: skip
    found = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name not in states:
            continue
        state, took = states[trial.state.name], trial.duration
        found.append(
            TrialRecord(
                trial.number,
                state,
                trial.value if state in {"complete", "stopped"} else None,
                len(trial.intermediate_values),
                None if took is None else round(took.total_seconds(), 2),
                dict(trial.params),
                str(trial.user_attrs.get(_WHY, "")),
            )
        )
    return tuple(found)


def best_of(found: Sequence[TrialRecord]) -> TrialRecord | None:
    """Give the best of those that ran to their end, the first of equals; None if none did."""
    ended = [one for one in found if one.state == "complete" and one.value is not None]
    return max(ended, key=lambda one: (one.value, -one.number), default=None)


def _claim(
    study: optuna.study.Study,
    folder: Path,
    section: TuneSection,
    first: Mapping[str, Value] | None,
    stack: ExitStack,
) -> optuna.trial.Trial | None:
    """Take a trial that was left behind, or the next one; its lock says that it is taken."""
    library = require_optuna()
    trials = study.get_trials(deepcopy=False)
    for frozen in trials:
        if (
            frozen.state.name == "RUNNING"
            and _is_free(folder, frozen.number, stack)
            and _still_runs(study, frozen.number)
        ):
            taken: optuna.trial.Trial = library.trial.Trial(study, frozen._trial_id)
            return taken
    begun = [frozen for frozen in trials if frozen.state.name != "WAITING"]
    if len(begun) >= section.trials:
        return None
    if not trials and first:
        study.enqueue_trial(dict(first))
    trial = study.ask()
    _is_free(folder, trial.number, stack)
    return trial


def _still_runs(study: optuna.study.Study, number: int) -> bool:
    """Ask again under the lock: who had it may have come to the end of the trial meanwhile."""
    return bool(study.get_trials(deepcopy=False)[number].state.name == "RUNNING")


def _is_free(folder: Path, number: int, stack: ExitStack) -> bool:
    lock = folder / "locks" / f"trial-{number:04d}"
    return stack.enter_context(held(lock, wait=False))


def _carry_out(
    study: optuna.study.Study,
    trial: optuna.trial.Trial,
    folder: Path,
    space: Space,
    objective: Callable[[Asked], float],
    progress: Progress,
) -> None:
    states = require_optuna().trial.TrialState
    told = {step for one in study.get_trials() if one.number == trial.number
            for step in one.intermediate_values}  # fmt: skip
    values = {name: _suggested(trial, name, space) for name in space}
    here = folder / "trials" / f"{trial.number:04d}"

    def report(epoch: int, value: float, last: bool) -> None:
        if epoch not in told:  # before an interruption
            trial.report(value, epoch)
        if not last and trial.should_prune():
            raise StoppedEarlyError

    try:
        value = objective(Asked(trial.number, values, here, report))
        if not math.isfinite(value):
            msg = f"the metric became {value}"
            raise TrainingError(msg)
    except StoppedEarlyError:
        study.tell(trial, state=states.PRUNED)
        progress.note(f"trial {trial.number}: stopped early")
    except TrainingError as error:
        trial.set_user_attr(_WHY, str(error))
        study.tell(trial, state=states.FAIL)
        progress.note(f"trial {trial.number}: failed, {error}")
    else:
        study.tell(trial, value)
        progress.note(f"trial {trial.number}: {value:.6g}")
    shutil.rmtree(here, ignore_errors=True)


def _suggested(trial: optuna.trial.Trial, name: str, space: Space) -> Value:
    found = space[name]
    if found.kind == "choice":
        place = trial.suggest_categorical(name, list(found.of))
        return next(value for value in found.of if value == place)
    number: float = trial.suggest_float(
        name, found.low, found.high, log=found.kind == "log_uniform"
    )
    return number


def _ended(study: optuna.study.Study) -> int:
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
