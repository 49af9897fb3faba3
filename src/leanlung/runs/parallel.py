"""Seeds in parallel: one process a seed, up to the choice; what comes after is done for all."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations import errors
from leanlung.foundations.allocator import keep_freed_memory
from leanlung.foundations.errors import LeanlungError, RunError, StorageError, UsageError
from leanlung.foundations.locks import held
from leanlung.runs.folder import STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from leanlung.runs.folder import RunFolder
    from leanlung.runs.progress import Progress
    from leanlung.runs.recipe import Recipe
    from leanlung.runs.run import Options

_PATIENCE_S = 5.0
"""How long a worker that was told to end may take."""


def seeds_in(text: str) -> tuple[int, ...]:
    """Read a list of seeds such as ``0-9`` or ``0,2,5-7``.

    Raises:
        UsageError: If it is none, or a seed stands twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            msg = f"--seeds {text!r}: a list such as 0-9 or 0,2,5-7 was expected"
            raise UsageError(msg)
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        msg = f"--seeds {text!r}: a seed stands twice"
        raise UsageError(msg)
    return tuple(seeds)


def missing(folder: RunFolder, seeds: Sequence[int]) -> tuple[int, ...]:
    """Say which seeds have not chosen yet."""
    return tuple(seed for seed in seeds if not (folder.seed(seed).choose / STEP).is_file())


@contextmanager
def alone(folder: RunFolder, seed: int) -> Iterator[None]:
    """Be the only process that works on a seed while the block runs.

    Raises:
        UsageError: If another one does.
    """
    with held(folder.path / "locks" / f"seed-{seed}", wait=False) as taken:
        if not taken:
            msg = f"{folder.path}: another process works on seed {seed}; wait for it to end"
            raise UsageError(msg)
        yield


@contextmanager
def threads_for(jobs: int) -> Iterator[int]:
    """Divide torch's threads among so many processes while the block runs.

    Yields:
        How many each has, this one included.
    """
    before = torch.get_num_threads()
    each = max(1, before // jobs)
    torch.set_num_threads(each)
    try:
        yield each
    finally:
        torch.set_num_threads(before)


def carry_out_apart(
    recipe: Recipe,
    text: str,
    options: Options,
    seeds: Sequence[int],
    progress: Progress,
) -> None:
    """Let workers carry out single seeds up to the choice, ``options.jobs`` at a time.

    Every worker is a process of its own with as many threads as this one has now, and does
    what ``--only-seed`` does. Steps that are on disk are found again. A seed that fails does
    not stop the others.

    Args:
        recipe: What to do.
        text: The recipe as it was given.
        options: Of the run.
        seeds: Which.
        progress: Told what the workers tell, with the seed in front.

    Raises:
        LeanlungError: That of the first worker that failed, when all have ended; the messages
            of the others have been told.
        RuntimeError: If a worker met a bug; its traceback is in the message.
    """
    context = multiprocessing.get_context("spawn")
    left = list(seeds)
    running: dict[Connection, _Worker] = {}
    failed: list[Exception] = []
    try:
        while left or running:
            while left and len(running) < options.jobs:
                seed = left.pop(0)
                here, there = context.Pipe(duplex=False)
                asked = replace(options, jobs=1, only_seed=seed)
                process = context.Process(
                    target=_work,
                    args=(there, recipe, text, asked, torch.get_num_threads()),
                    daemon=True,
                )
                process.start()
                there.close()  # so that its end is seen when the worker ends
                running[here] = _Worker(seed, process, progress)
            for ready in wait(list(running)):
                here = next(one for one in running if one is ready)
                try:
                    running[here].hear(here.recv())
                except (EOFError, OSError):
                    if error := running.pop(here).end():
                        failed.append(error)
                        progress.note(f"failed: {error}")
    finally:
        for worker in running.values():
            worker.kill()
    if failed:
        raise failed[0]


@dataclass
class _Worker:
    """A process that works on a seed, as seen from outside."""

    seed: int
    process: SpawnProcess
    progress: Progress
    finished: bool = False
    error: Exception | None = None
    tasks: dict[int, Callable[[int], None]] = field(default_factory=dict)
    shown: ExitStack = field(default_factory=ExitStack)

    def hear(self, told: tuple[Any, ...]) -> None:
        """Hand on what it tells."""
        match told:
            case ("note", text):
                self.progress.note(f"seed {self.seed}: {text}")
            case ("task", number, name, total):
                task = self.progress.task(f"seed {self.seed}: {name}", total)
                self.tasks[number] = self.shown.enter_context(task)
            case ("done", number, done):
                self.tasks[number](done)
            case ("failed", name, text):
                kind = getattr(errors, name, RuntimeError) if name else RuntimeError
                self.error = kind(f"seed {self.seed}: {text}")
            case ("finished",):
                self.finished = True

    def end(self) -> Exception | None:
        """Wait for its end, and say what went wrong, if something did."""
        self.process.join()
        self.shown.close()
        if self.error is None and not self.finished:
            self.error = RunError(
                f"seed {self.seed}: its process was ended from outside (exit code "
                f"{self.process.exitcode}), perhaps for want of memory; start again with "
                "fewer --jobs, it goes on"
            )
        return self.error

    def kill(self) -> None:
        """End it now; what it was at is taken up by the next start."""
        self.process.terminate()
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.shown.close()


def _work(there: Connection, recipe: Recipe, text: str, options: Options, threads: int) -> None:
    """Carry out one seed in this process, and tell of it."""
    from leanlung.runs.run import carry_out

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it ends us
    keep_freed_memory()
    torch.set_num_threads(threads)
    telling = _Telling(there)
    try:
        carry_out(recipe, text, options, telling)
        telling.send("finished")
    except LeanlungError as error:
        telling.send("failed", type(error).__name__, str(error))
    except OSError as error:
        where = error.filename2 or error.filename or "the disk"
        told = f"{where}: {error.strerror}; leanlung has to read or write there"
        telling.send("failed", StorageError.__name__, told)
    except Exception:  # the parent raises it
        telling.send("failed", "", traceback.format_exc())


class _Telling:
    """Tells the parent what goes on; ends this process if there is no parent any more."""

    def __init__(self, there: Connection) -> None:
        self._there = there
        self._tasks = 0

    def send(self, *told: object) -> None:
        try:
            self._there.send(told)
        except OSError:
            os._exit(1)  # nobody would carry on from here; the steps on disk stay

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        self._tasks += 1
        number = self._tasks
        self.send("task", number, name, total)
        yield lambda done: self.send("done", number, done)

    def note(self, text: str) -> None:
        self.send("note", text)


def writing(folder: Path) -> Path:
    """Name the lock of those who write what all seeds of a run share."""
    return folder / "locks" / "writing"
