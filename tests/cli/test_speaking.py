"""What goes wrong ends in a message and its exit code; only a bug shows where it broke."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leanlung.cli.app import app


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_bug_ends_with_seventy_and_says_what_to_report(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("leanlung.runs.summary_of", broken)
    result = leanlung("show", finished)
    assert result.exit_code == 70
    assert "ZeroDivisionError" in result.stderr
    assert "This is a bug in leanlung" in result.stderr


def test_ctrl_c_ends_with_a_word_on_going_on(
    films: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leanlung.runs.run", interrupted)
    result = leanlung("run", recipe_file, "--data", films, "--out", films.parent / "runs")
    assert result.exit_code == 130
    assert result.stderr == "stopped; run the same command again, it goes on from here\n"


def test_ctrl_c_promises_nothing_of_a_verb_that_begins_anew(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leanlung.runs.bundle_pruning.prune_bundle", interrupted)
    bundle = finished / "seed-0" / "8-export" / "bundle"
    result = leanlung("prune", bundle, "--data", tmp_path, "--out", tmp_path / "new")
    assert result.exit_code == 130
    assert result.stderr.endswith("stopped; run the same command again, it begins anew\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "a"), "leanlung: a: Permission denied; "),
        (
            NotADirectoryError(20, "Not a directory", ".b.partial", None, "b"),
            "leanlung: b: Not ",
        ),
        (OSError(36, "File name too long", "c"), "leanlung: c: File name too long; "),
    ],
)
def test_what_the_system_refuses_is_told_with_its_path(
    finished: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, told: str
) -> None:
    def refused(_folder: object) -> None:
        raise error

    monkeypatch.setattr("leanlung.runs.summary_of", refused)
    result = leanlung("show", finished)
    assert result.exit_code == 1
    assert result.stderr.startswith(told)
    assert len(result.stderr.splitlines()) == 1


def test_an_error_of_the_system_without_a_path_is_a_bug(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: object) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("leanlung.runs.summary_of", broken)
    assert leanlung("show", finished).exit_code == 70
