"""A search on a known hill: what is drawn, shared, stopped, taken up; no network is fitted."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.foundations.errors import RunError, TrainingError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.runs import searching
from leanlung.runs.journal import open_study, sampler_of
from leanlung.runs.progress import Silent
from leanlung.runs.searching import Asked, TrialRecord, best_of, search
from leanlung.runs.tune import TRUNK, Choice, TuneSection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE, MOMENTUM = "train.optimiser.rate", "train.optimiser.momentum"


def hill(asked: Asked) -> float:
    """Highest at a rate of 1e-3 and a momentum of 0.95; no epochs."""
    rate, momentum = float(asked.values[RATE]), float(asked.values[MOMENTUM])
    return -abs(math.log10(rate) + 3.0) - 10.0 * abs(momentum - 0.95)


def found(folder: Path, seed: int = 0, **section: Any) -> tuple[TrialRecord, ...]:
    return search(folder, TuneSection(**section), TRUNK, Seeds(seed), hill, Silent())


def test_as_many_trials_as_asked_for_and_the_best_of_them(tmp_path: Path) -> None:
    trials = found(tmp_path, trials=12)
    assert [one.number for one in trials] == list(range(12))
    assert {one.state for one in trials} == {"complete"}
    best = best_of(trials)
    assert best is not None
    assert best.value == max(one.value for one in trials if one.value is not None)


def test_rates_are_spread_evenly_over_decades_and_stay_within(tmp_path: Path) -> None:
    trials = found(tmp_path, trials=30)
    rates = [math.log10(float(one.values[RATE])) for one in trials]
    assert min(rates) >= -9.0
    assert max(rates) <= -2.0
    # Were they drawn evenly over the numbers, one in a hundred million would be below 1e-8.
    below = sum(rate < -5.5 for rate in rates)
    assert 7 <= below <= 23  # half of 30, three standard deviations to each side
    momenta = [float(one.values[MOMENTUM]) for one in trials]
    assert 0.85 <= min(momenta) < 0.88
    assert 0.96 < max(momenta) <= 0.99


def test_a_seed_gives_the_same_trials_and_another_one_others(tmp_path: Path) -> None:
    first, again, other = (
        [one.values for one in found(tmp_path / name, seed, trials=3)]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again
    assert all(one[RATE] != two[RATE] for one, two in zip(first, other, strict=True))


def test_more_trials_extend_a_search_without_changing_it(tmp_path: Path) -> None:
    few = found(tmp_path / "a", trials=2)
    more = found(tmp_path / "a", trials=4)
    assert more[:2] == few
    once = found(tmp_path / "b", trials=4)
    assert [one.values for one in more] == [one.values for one in once]
    assert found(tmp_path / "a", trials=3) == more  # there are enough


def test_the_first_trial_may_be_given(tmp_path: Path) -> None:
    given = {RATE: 1e-3, MOMENTUM: 0.95, "train.optimiser.weight_decay": 1e-6}
    section = TuneSection(trials=2)
    trials = search(tmp_path, section, TRUNK, Seeds(0), hill, Silent(), given)
    assert trials[0].values == given
    assert trials[0].value == pytest.approx(0.0)


def test_tpe_learns_where_the_hill_is(tmp_path: Path) -> None:
    trials = found(tmp_path, trials=25, sampler="tpe")
    early = [one.value for one in trials[:10] if one.value is not None]
    late = [one.value for one in trials[15:] if one.value is not None]
    assert sum(late) / len(late) > sum(early) / len(early)


def test_a_hopeless_trial_is_stopped_early_and_no_other(tmp_path: Path) -> None:
    epochs: dict[int, int] = {}

    def climb(asked: Asked) -> float:
        slope = -1.0 if asked.number == 4 else 1.0 + asked.number
        for epoch in range(1, 7):
            epochs[asked.number] = epoch
            asked.report(epoch, slope * epoch, epoch == 6)
        return slope * 6

    section = TuneSection(trials=6, stop_after_trials=3, stop_after_epochs=2)
    trials = search(tmp_path, section, TRUNK, Seeds(0), climb, Silent())
    assert [one.state for one in trials] == ["complete"] * 4 + ["stopped", "complete"]
    assert epochs == {0: 6, 1: 6, 2: 6, 3: 6, 4: 2, 5: 6}
    assert (trials[4].value, trials[4].epochs) == (-2.0, 2)
    epochs.clear()
    free = section.model_copy(update={"stop_early": False})
    trials = search(tmp_path / "free", free, TRUNK, Seeds(0), climb, Silent())
    assert {one.state for one in trials} == {"complete"}


@pytest.mark.parametrize("broken", [TrainingError("the loss became nan"), float("nan")])
def test_a_trial_that_diverges_counts_as_failed(tmp_path: Path, broken: Any) -> None:
    def sometimes(asked: Asked) -> float:
        if asked.number == 1:
            if isinstance(broken, Exception):
                raise broken
            return float(broken)
        return 1.0

    trials = search(tmp_path, TuneSection(trials=3), TRUNK, Seeds(0), sometimes, Silent())
    assert [one.state for one in trials] == ["complete", "failed", "complete"]
    assert "became nan" in trials[1].why
    assert trials[1].value is None
    nothing = search(
        tmp_path / "n", TuneSection(trials=1), TRUNK, Seeds(0), lambda _: math.nan, Silent()
    )
    assert best_of(nothing) is None


def test_choices_come_as_they_were_written(tmp_path: Path) -> None:
    space = {"train.batch": Choice(kind="choice", of=(16, 32)),
             "train.optimiser.nesterov": Choice(kind="choice", of=(True, False))}  # fmt: skip
    seen: list[Any] = []

    def note(asked: Asked) -> float:
        seen.extend(asked.values.values())
        return 0.0

    search(tmp_path, TuneSection(trials=6), space, Seeds(0), note, Silent())
    assert {type(value) for value in seen} == {int, bool}
    assert {16, 32, True, False} == set(seen)


PROCESS = """
import json, os, sys, types
from pathlib import Path
import leanlung
runs = types.ModuleType("leanlung.runs")  # its door loads torch, which takes seconds
runs.__path__ = [str(Path(leanlung.__file__).parent / "runs")]
sys.modules["leanlung.runs"] = runs
from leanlung.foundations.seeds import Seeds
from leanlung.runs.progress import Silent
from leanlung.runs.searching import search
from leanlung.runs.tune import TRUNK, TuneSection

folder, dies = Path(sys.argv[1]), int(sys.argv[2])
mine = []

def objective(asked):
    asked.folder.mkdir(parents=True)
    asked.report(1, 0.5, False)
    if asked.number == dies:
        (asked.folder / "checkpoint").write_text("half of it")
        os._exit(9)
    mine.append(asked.number)
    return float(asked.number)

print("ready", flush=True)
sys.stdin.readline()
trials = search(folder, TuneSection(trials=14), TRUNK, Seeds(0), objective, Silent())
print(json.dumps([mine, [[one.number, one.state, one.values] for one in trials]]))
"""


def started(folder: Path, dies: int = -1) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(folder), str(dies)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_processes_share_the_trials_and_take_up_what_a_killed_one_left(tmp_path: Path) -> None:
    processes = [started(tmp_path / "shared"), started(tmp_path / "shared")]
    killed = started(tmp_path / "killed", dies=2)
    for process in (*processes, killed):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in (*processes, killed):
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        answers.append(json.loads(process.communicate()[0]))
        assert process.returncode == 0
    killed.communicate()
    assert killed.returncode == 9

    alone = [dict(one.values) for one in found(tmp_path / "alone", trials=14)]
    (mine, _), (theirs, _) = answers
    assert sorted(mine + theirs) == list(range(14))  # each once, none too many
    whole = max(answers, key=lambda answer: sum(one[1] == "complete" for one in answer[1]))[1]
    assert [one[0] for one in whole] == list(range(14))
    assert [one[2] for one in whole] == alone  # drawn alike by however many processes

    left: list[Any] = []

    def rest(asked: Asked) -> float:
        checkpoint = asked.folder / "checkpoint"
        left.append((asked.number, checkpoint.is_file(), dict(asked.values)))
        asked.report(1, 0.5, False)  # reported before it was killed; once is enough
        asked.report(2, 0.6, True)
        return 1.0

    section = TuneSection(trials=4)
    trials = search(tmp_path / "killed", section, TRUNK, Seeds(0), rest, Silent())
    assert left == [(2, True, alone[2]), (3, False, alone[3])]
    assert [one.state for one in trials] == ["complete"] * 4
    assert trials[2].epochs == 2
    assert not (tmp_path / "killed" / "trials" / "0002").exists()


def test_a_trial_that_ends_while_it_is_looked_at_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = TuneSection(trials=2)
    theirs = open_study(tmp_path, section)
    theirs.sampler = sampler_of(theirs, section, TRUNK, Seeds(0))
    trial = theirs.ask()
    held = searching.held

    @contextmanager
    def as_they_end(path: Path, *, wait: bool = True) -> Iterator[bool]:
        if path.name == "trial-0000":  # they let go of it, as the trial is done
            theirs.tell(trial, 0.75)
        with held(path, wait=wait) as mine:
            yield mine

    monkeypatch.setattr(searching, "held", as_they_end)
    done: list[int] = []

    def objective(asked: Asked) -> float:
        done.append(asked.number)
        return 0.5

    trials = search(tmp_path, section, TRUNK, Seeds(0), objective, Silent())
    assert done == [1]
    assert [(one.state, one.value) for one in trials] == [("complete", 0.75), ("complete", 0.5)]


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    found(tmp_path, trials=1)
    with (tmp_path / "journal.log").open("a") as journal:
        journal.write('{"op_code": 4, "wor\n{"op"')
    with pytest.raises(RunError, match="damaged"):
        found(tmp_path, trials=2)


def test_without_optuna_it_is_said_how_to_add_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"leanlung\[search\]"):
        found(tmp_path, trials=1)
