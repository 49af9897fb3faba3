"""Seeds carried out by several processes come to the same as one after the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.foundations.errors import UsageError
from leanlung.runs import Options, Silent, run
from leanlung.runs.parallel import alone, missing, seeds_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from leanlung.runs import RunFolder

SHORT = (
    "seeds=[0, 3]",
    "prune.rounds=1",
    "train.epochs=1",
    "prune.retrain.epochs=1",
    "report.films=false",
)


class Heard:
    """Keeps what a run notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def task(self, name: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        return Silent().task(name, total)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def options(films: Path, out: Path, until: str = "evaluate", **more: Any) -> Options:
    return Options(data=films, out=out, changes=SHORT, until=until, device="cpu", **more)


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def contents(folder: RunFolder, *patterns: str) -> dict[str, bytes]:
    found = {
        path.relative_to(folder.path).as_posix(): path.read_bytes()
        for pattern in patterns
        for path in folder.path.rglob(pattern)
    }
    assert found
    return found


def test_two_processes_give_the_same_bits_as_one_after_the_other(
    films: Path, recipe_file: Path, tmp_path: Path
) -> None:
    heard = Heard()
    after = run(recipe_file, options(films, tmp_path / "after"))
    beside = run(recipe_file, options(films, tmp_path / "beside", jobs=2), heard)
    assert beside.path.name == after.path.name
    same = (
        "predictions-*.csv",
        "network.safetensors",
        "choice.json",
        "split.csv",
        "cohort.csv",
    )
    expected = contents(after, *same)
    assert len([name for name in expected if "6-evaluate" in name]) >= 4  # two of each seed
    # The book of openings is the parent's alone, one for each seed that chose.
    assert contents(beside, *same) == expected
    assert len(beside.openings.read_text().splitlines()) == 2
    assert json.loads(beside.environment.read_text())["threads"] == 1
    assert not (beside.path / "environment-2.json").exists()
    assert "2 seeds apart, 2 at a time on 1 threads" in heard.notes
    assert torch.get_num_threads() == 1


def test_seeds_that_were_carried_out_alone_are_collected(
    films: Path, recipe_file: Path
) -> None:
    out = recipe_file.parent / "runs"
    first = run(recipe_file, options(films, out, "report", only_seed=3))
    assert (first.seed(3).choose / "choice.json").is_file()
    assert missing(first, (0, 3)) == (0,)
    assert not first.openings.exists()
    assert not first.seed(0).path.exists()
    kept = (first.seed(3).choose / "step.json").stat().st_mtime_ns
    changes = [word for change in SHORT for word in ("--set", change)]
    asked = ("run", recipe_file, "--data", films, "--out", out, "--device", "cpu", *changes)
    told = leanlung(*asked, "--only-seed", 0)
    assert told.exit_code == 0, told.output
    assert "seed 0 has chosen" in told.stdout
    assert "all seeds have chosen" in told.stdout
    whole = run(recipe_file, options(films, out))
    assert whole.path == first.path
    assert (first.seed(3).choose / "step.json").stat().st_mtime_ns == kept
    assert (whole.seed(0).evaluate / "step.json").is_file()
    assert (whole.seed(3).evaluate / "step.json").is_file()


def test_a_worker_that_fails_leaves_the_others_and_the_next_start_goes_on(
    films: Path, recipe_file: Path
) -> None:
    out = recipe_file.parent / "runs"
    folder = run(recipe_file, options(films, out, "data"))
    in_the_way = folder.path / "seed-0"
    in_the_way.write_text("a file where a folder belongs")
    changes = [word for change in SHORT for word in ("--set", change)]
    asked = ("run", recipe_file, "--data", films, "--out", out, "--device", "cpu", *changes)
    told = leanlung(*asked, "--jobs", 2, "--until", "choose")
    assert told.exit_code == 1, told.output
    assert "leanlung: seed 0: " in told.stderr
    assert "leanlung has to read or write there" in told.stderr
    assert missing(folder, (0, 3)) == (0,)
    in_the_way.unlink()
    kept = (folder.seed(3).choose / "step.json").stat().st_mtime_ns
    run(recipe_file, options(films, out, "choose"))
    assert missing(folder, (0, 3)) == ()
    assert (folder.seed(3).choose / "step.json").stat().st_mtime_ns == kept


def test_two_processes_do_not_work_on_one_seed(films: Path, recipe_file: Path) -> None:
    out = recipe_file.parent / "runs"
    folder = run(recipe_file, options(films, out, "data"))
    with alone(folder, 3), pytest.raises(UsageError, match="another process works on seed 3"):
        run(recipe_file, options(films, out, "choose", only_seed=3))


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-3", (0, 1, 2, 3)), ("7", (7,)), ("0, 2,5-6", (0, 2, 5, 6))]
)
def test_a_list_of_seeds_is_read(text: str, seeds: tuple[int, ...]) -> None:
    assert seeds_in(text) == seeds


@pytest.mark.parametrize("text", ["9-0", "a", "1,,2", "-3", "0-3,2", ""])
def test_what_is_no_list_of_seeds_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=r"--seeds "):
        seeds_in(text)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--only-seed", 4), "the seeds of 'small' are [0, 1]"),
        (("--only-seed", 1, "--jobs", 2), "leave --jobs out"),
    ],
)
def test_flags_that_do_not_fit_are_told(
    films: Path, recipe_file: Path, flags: tuple[object, ...], told: str
) -> None:
    result = leanlung("run", recipe_file, "--data", films, "--seeds", "0-1", *flags)
    assert result.exit_code == 2
    assert told in result.stderr
