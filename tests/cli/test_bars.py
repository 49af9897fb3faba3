"""Where no terminal shows bars, a run leaves lines that can be read later."""

from __future__ import annotations

import io

from rich.console import Console

from leanlung.cli.bars import Bars, Lines, watching


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=80)


def told(one: Console) -> list[str]:
    return one.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_terminal_gets_bars_and_a_file_gets_lines():
    assert isinstance(watching(console(terminal=True)), Bars)
    assert isinstance(watching(console(terminal=False)), Lines)


def test_few_parts_are_told_one_by_one():
    log = console(terminal=False)
    with Lines(log) as lines, lines.task("fitting", 3) as done:
        for n in (1, 2, 3):
            done(n)
    assert told(log) == ["fitting: 1 of 3", "fitting: 2 of 3", "fitting: 3 of 3"]


def test_many_parts_are_told_by_tenths():
    log = console(terminal=False)
    with Lines(log) as lines, lines.task("preparing images", 1000) as done:
        for n in range(1, 1001):
            done(n)
    assert told(log) == [f"preparing images: {n}00 of 1000" for n in range(1, 11)]


def test_a_part_told_twice_stands_once():
    log = console(terminal=False)
    with Lines(log) as lines, lines.task("fitting", 2) as done:
        done(1)
        done(1)
        done(2)
    assert told(log) == ["fitting: 1 of 2", "fitting: 2 of 2"]


def test_notes_stay():
    log = console(terminal=False)
    with Lines(log) as lines:
        lines.note("round 3: the schedule had nothing to remove")
    assert told(log) == ["round 3: the schedule had nothing to remove"]
    screen = console(terminal=True)
    with Bars(screen) as bars, bars.task("fitting", 2) as done:
        bars.note("a long note")
        done(2)
    assert any("a long note" in line for line in told(screen))
    assert any("2/2" in line for line in told(screen))
