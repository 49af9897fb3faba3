"""``leanlung data fetch``: the licence first; what needs an account is told."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.data_fetch import fetch
from leanlung.cli.speaking import guarded
from leanlung.studies.fetching import ARCHIVES, KnownArchive, RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer()
app.command("fetch")(guarded(fetch, goes_on=True))
app.command("other")(lambda: None)

DATA = b"x" * 3_000_000


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fetch", *[str(one) for one in arguments]])


@pytest.fixture
def local(site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The catalogue has an archive on the local server."""
    url = site.put("/film.bin", site.page(DATA))
    one = KnownArchive(
        "local", "a film", "Only on Sundays.", "https://example.org", "3 MB",
        (RemoteFile(url, "film.bin"),), "labels: ask the author",
    )  # fmt: skip
    monkeypatch.setitem(ARCHIVES, "local", one)
    return site


def test_the_licence_is_shown_and_the_file_is_there(local: Any, tmp_path: Path) -> None:
    result = leanlung("local", "--out", tmp_path, "--yes")
    assert result.exit_code == 0, result.output
    assert result.stderr.index("Only on Sundays.") < result.stderr.index(
        "film.bin (MB): 3 of 3"
    )
    assert "no checksum is published" in result.stderr
    assert f"3,000,000 bytes, sha256 {hashlib.sha256(DATA).hexdigest()}" in result.stdout
    assert "by hand: labels: ask the author" in result.stdout
    assert (tmp_path / "local" / "film.bin").read_bytes() == DATA


def test_without_a_terminal_nobody_agrees(local: Any, tmp_path: Path) -> None:
    result = leanlung("local", "--out", tmp_path)
    assert result.exit_code == 2
    assert "Only on Sundays." in result.stderr
    assert "--yes" in result.stderr
    assert local.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 1)])
def test_on_a_terminal_one_is_asked(
    local: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("leanlung.cli.data_fetch.sys", terminal)
    monkeypatch.setattr(typer, "confirm", lambda *_words, **_more: said == "y")
    result = leanlung("local", "--out", tmp_path)
    assert result.exit_code == code, result.output
    assert (tmp_path / "local" / "film.bin").is_file() == (said == "y")
    assert bool(local.asked) == (said == "y")


def test_programs_are_answered_in_json_alone(local: Any, tmp_path: Path) -> None:
    found = json.loads(leanlung("local", "--out", tmp_path, "--yes", "--json").stdout)
    assert found["folder"] == str(tmp_path / "local")
    assert found["files"][0]["sha256"] == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("name", "where"), [("chexpert", "Stanford"), ("radiography", "Kaggle")]
)
def test_what_needs_an_account_is_said_plainly(tmp_path: Path, name: str, where: str) -> None:
    result = leanlung(name, "--out", tmp_path, "--yes")
    assert result.exit_code == 1
    assert "cannot be downloaded from here" in result.stdout
    assert f"account with {where}" in result.stdout or f"{where} account" in result.stdout
    assert ARCHIVES[name].page in result.stdout
    assert list(tmp_path.iterdir()) == []
    told = json.loads(leanlung(name, "--json").stdout)
    assert (told["files"], told["page"]) == ([], ARCHIVES[name].page)


def test_the_list_says_what_is_free() -> None:
    lines = leanlung("--list").stdout.splitlines()
    how = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert how == dict.fromkeys(ARCHIVES, "by") | {
        "rsna2018": "partly", "nih14": "partly", "shenzhen": "partly", "kermany": "free",
        "covid_chestxray": "free", "actualmed": "free", "figure1": "free", "medmnist": "free",
        "montgomery": "free",
    }  # fmt: skip
    listed = json.loads(leanlung("--list", "--json").stdout)["archives"]
    assert [one["name"] for one in listed] == list(ARCHIVES)


@pytest.mark.parametrize(("given", "hint"), [((), "--list"), (("kermani",), "'kermany'")])
def test_an_archive_has_to_be_named(given: tuple[str, ...], hint: str) -> None:
    result = leanlung(*given)
    assert result.exit_code == 2
    assert hint in result.stderr
