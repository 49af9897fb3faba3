"""``leanlung data fetch``: download an archive where that is free, and say where it is not."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leanlung.cli.bars import Bars, Lines
    from leanlung.studies.fetching import Fetched, KnownArchive

_MEGABYTE = 1_000_000


def fetch(
    name: Annotated[str, typer.Argument(help="Of the archive; see --list.")] = "",
    out: Annotated[
        Path, typer.Option(help="The archive gets a folder of its name here.")
    ] = Path("data"),
    revision: Annotated[
        str,
        typer.Option(help="A git commit or a tag, of archives that lie in a repository."),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to the licence without being asked.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Say what there is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Download an archive: its licence first, checksums checked, unpacked.

    A download that was stopped goes on when it is started again. What needs an account is told.
    """
    from leanlung.studies.fetching import ARCHIVES, at_revision, known_archive

    if list_:
        _list(list(ARCHIVES.values()), as_json=as_json)
        return
    if not name:
        msg = "which archive? leanlung data fetch NAME; --list says which there are"
        raise UsageError(msg)
    archive = known_archive(name)
    if revision:
        archive = at_revision(archive, revision)
    if not archive.files:
        _by_hand_alone(archive, as_json=as_json)
        raise typer.Exit(1)
    _agree(archive, yes=yes)
    _tell(_fetched(archive, out), as_json=as_json)


def _agree(archive: KnownArchive, *, yes: bool) -> None:
    """Show the licence, and ask."""
    console = asides()
    for line in (
        f"{archive.name}: {archive.about}",
        f"size:    {archive.size}",
        f"licence: {archive.licence}",
        f"page:    {archive.page}",
    ):
        console.print(line, soft_wrap=True)
    if yes:
        return
    if not sys.stdin.isatty():
        msg = "nobody is here to agree to the licence; read it on the page, then add --yes"
        raise UsageError(msg)
    if not typer.confirm("Do you agree to this licence?", err=True):
        console.print("nothing was downloaded")
        raise typer.Exit(1)


def _fetched(archive: KnownArchive, out: Path) -> Fetched:
    from leanlung.studies.fetching import fetch as fetch_archive

    with watching(asides()) as shown:
        return fetch_archive(archive, out, _Watching(shown))


class _Watching:
    """Shows bytes on the bars of a run."""

    def __init__(self, shown: Bars | Lines) -> None:
        self._shown = shown

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[int, int | None], None]]:
        """Show a bar in megabytes, as soon as the server says how many there are."""
        task = None
        done: Callable[[int], None] = lambda _megabytes: None  # noqa: E731

        def told(have: int, of: int | None) -> None:
            nonlocal task, done
            if task is None:
                task = self._shown.task(f"{name} (MB)", -(-(of or 0) // _MEGABYTE))
                done = task.__enter__()
            done(-(-have // _MEGABYTE))

        try:
            yield told
        finally:
            if task is not None:
                task.__exit__(None, None, None)

    def note(self, text: str) -> None:
        """Say something that stays."""
        self._shown.note(text)


def _by_hand_alone(archive: KnownArchive, *, as_json: bool) -> None:
    if as_json:
        answer_json(archive.as_dict())
        return
    console = answers()
    console.print(f"{archive.name}: {archive.about}")
    console.print(f"It cannot be downloaded from here: it {archive.by_hand}.")
    console.print(f"  page:    {archive.page}")
    console.print(f"  licence: {archive.licence}")
    console.print(f"  size:    {archive.size}")


def _tell(found: Fetched, *, as_json: bool) -> None:
    if as_json:
        answer_json(found.as_dict())
        return
    console = answers()
    for file in found.files:
        console.print(f"{file.name}: {file.bytes:,} bytes, sha256 {file.sha256}")
        if file.commit:
            console.print(f"  commit {file.commit} of {file.committed or 'no date told'}")
        if (unpacked := file.unpacked) is not None:
            console.print(f"  unpacked: {unpacked.files:,} files, {unpacked.bytes:,} bytes")
            for name in unpacked.copied:
                console.print(f"  a copy in place of a link: {name}")
            for name in unpacked.guessed:
                console.print(f"  its name was not UTF-8: {name}")
    console.print(f"folder: {found.folder}")
    if found.by_hand:
        console.print(f"by hand: {found.by_hand} ({found.page})")


def _list(archives: list[KnownArchive], *, as_json: bool) -> None:
    if as_json:
        answer_json({"archives": [archive.as_dict() for archive in archives]})
        return
    from rich.table import Table

    table = Table(box=None)
    for column in ("name", "how", "size", "what"):
        table.add_column(column, overflow="fold")
    for archive in archives:
        how = "by hand" if not archive.files else "partly" if archive.by_hand else "free"
        table.add_row(archive.name, how, archive.size, archive.about)
    answers(uncut=True).print(table)
