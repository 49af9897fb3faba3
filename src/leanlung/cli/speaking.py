"""Speaking: answers on standard output, everything else on standard error, exit codes."""

from __future__ import annotations

import functools
import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from leanlung import __version__
from leanlung.foundations.errors import LeanlungError

if TYPE_CHECKING:
    from collections.abc import Callable

BUG, INTERRUPTED = 70, 130
NOT_SHOWN = 4
"""Exit code of a comparison that does not show non-inferiority."""


_UNCUT = 10_000
"""Letters in a line that no table fills."""


def answers(*, uncut: bool = False) -> Console:
    """Give the console for answers; brackets and colons in names and paths stay as they are.

    Args:
        uncut: Where no terminal sets a width, lines of a table are as long as what they hold.
    """
    free = not sys.stdout.isatty()
    return Console(
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=free,
        width=_UNCUT if uncut and free else None,
    )


def asides() -> Console:
    """Give the console for progress and messages."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def answer_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print an answer for programs; letters that the output cannot hold are escaped."""
    plain = "utf" in (sys.stdout.encoding or "").lower()
    typer.echo(json.dumps(value, indent=2, ensure_ascii=not plain, allow_nan=False))


def tell_stamps(*, as_published: bool = False, made_up: bool = False) -> None:
    """Say, before any figure, why figures mean less than they seem to."""
    if as_published:
        answers().print(
            "AS PUBLISHED, FLAWS INCLUDED: no figure here tells how well it would do."
        )
    if made_up:
        answers().print("MADE-UP IMAGES: nothing here says anything about real patients.")


def guarded(verb: Callable[..., None], *, goes_on: bool = False) -> Callable[..., None]:
    """Turn errors into messages and exit codes.

    Ours end in their message and code, a file the system refuses in 1, Ctrl-C in 130;
    anything else is a bug: 70, with its traceback and what to report.

    Args:
        verb: What is done.
        goes_on: Whether it takes up what an interrupted one left.
    """
    after = "goes on from here" if goes_on else "begins anew"

    @functools.wraps(verb)
    def speak(*arguments: Any, **options: Any) -> None:  # noqa: ANN401 - handed on as they are
        try:
            verb(*arguments, **options)
        except typer.Exit:
            raise
        except LeanlungError as error:
            typer.echo(f"leanlung: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo(f"stopped; run the same command again, it {after}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if isinstance(error, OSError) and (path := error.filename2 or error.filename):
                typer.echo(
                    f"leanlung: {path}: {error.strerror}; leanlung has to read or write there; "
                    "give another path, or ask its owner",
                    err=True,
                )
                raise typer.Exit(1) from None
            traceback.print_exc()
            typer.echo(
                f"\nThis is a bug in leanlung {__version__} on Python "
                f"{sys.version.split()[0]}. Please report it with the lines above, the command "
                "and, if there is one, the recipe; leave out names and paths of patients.",
                err=True,
            )
            raise typer.Exit(BUG) from None

    return speak
