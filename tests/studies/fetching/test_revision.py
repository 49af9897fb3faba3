"""A repository is fetched as it was at a commit or a tag, and which commit came is noted."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.data_fetch import fetch as verb
from leanlung.cli.speaking import guarded
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.studies.fetching import (
    ARCHIVES,
    KnownArchive,
    RemoteFile,
    at_revision,
    fetch,
    known_archive,
)
from leanlung.studies.fetching.revision import Revision, revision_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OLD, NEW = "0123456789abcdef0123456789abcdef01234567", "f" * 40
SECONDS = 1_600_000_000  # 2020-09-13 12:26:40 UTC

app = typer.Typer()
app.command("fetch")(guarded(verb, goes_on=True))
app.command("other")(lambda: None)


class Silent:
    @contextmanager
    def file(self, _name: str) -> Iterator[Callable[[int, int | None], None]]:
        yield lambda _done, _total: None

    def note(self, text: str) -> None: ...


def packed(commit: str, *, dated: bool = True) -> bytes:
    """A zip file as ``git archive`` writes it: the commit as comment, times as extra field."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        info = zipfile.ZipInfo("films/table.csv")
        if dated:
            info.extra = struct.pack("<HHBi", 0x5455, 5, 1, SECONDS)
        archive.writestr(info, f"path,{commit}\n")
        archive.comment = commit.encode()
    return kept.getvalue()


@pytest.fixture
def repository(site: Any, monkeypatch: pytest.MonkeyPatch) -> KnownArchive:
    """A repository on the local server: its newest state, an old commit and a tag of it."""
    newest = site.put("/archive/HEAD.zip", site.page(packed(NEW)))
    for name in (OLD, OLD[:7], "v1.0"):
        site.put(f"/archive/{name}.zip", site.page(packed(OLD)))
    file = RemoteFile(newest, "films.zip", states=f"{site.url}/archive/{{revision}}.zip")
    one = KnownArchive("films", "films", "Free.", "https://example.org", "1 kB", (file,))
    monkeypatch.setitem(ARCHIVES, "films", one)
    return one


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fetch", *[str(one) for one in arguments], "--yes"])


@pytest.mark.parametrize("asked", [OLD, OLD[:7], "v1.0"])
def test_the_revision_comes_and_is_noted(
    repository: KnownArchive, tmp_path: Path, asked: str
) -> None:
    result = leanlung("films", "--out", tmp_path, "--revision", asked)
    assert result.exit_code == 0, result.output
    assert f"commit {OLD} of 2020-09-13T12:26:40+00:00" in result.stdout
    [told] = json.loads((tmp_path / "films" / "fetched.json").read_text())["files"]
    assert (told["asked"], told["commit"]) == (asked, OLD)
    assert told["committed"] == "2020-09-13T12:26:40+00:00"
    assert told["url"].endswith(f"/archive/{asked}.zip")
    assert OLD in (tmp_path / "films" / "films" / "table.csv").read_text()


def test_without_one_the_newest_comes_and_tells_its_commit(
    repository: KnownArchive, tmp_path: Path
) -> None:
    [file] = fetch(repository, tmp_path, Silent()).files
    assert (file.asked, file.commit) == ("", NEW)


def test_two_revisions_do_not_share_a_folder(
    repository: KnownArchive, site: Any, tmp_path: Path
) -> None:
    fetch(at_revision(repository, "v1.0"), tmp_path, Silent())
    told = f"of commit {OLD}, and the newest was asked for; choose another --out"
    with pytest.raises(StudyError, match=told):
        fetch(repository, tmp_path, Silent())
    # The commit that the tag is of is there already.
    fetch(at_revision(repository, OLD[:9].upper()), tmp_path, Silent())
    assert [one[0] for one in site.asked] == ["/archive/v1.0.zip"]


def test_another_commit_than_was_asked_for_is_thrown_away(
    repository: KnownArchive, site: Any, tmp_path: Path
) -> None:
    site.put(f"/archive/{OLD}.zip", site.page(packed(NEW)))
    with pytest.raises(StudyError, match=f"commit {NEW} came, and {OLD} was asked for"):
        fetch(at_revision(repository, OLD), tmp_path, Silent())
    assert not (tmp_path / "films" / "films.zip").exists()


def test_a_revision_that_is_not_there_is_told(repository: KnownArchive, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="404"):
        fetch(at_revision(repository, "v2.0"), tmp_path, Silent())


@pytest.mark.parametrize("name", ["kermany", "nih14"])
def test_archives_outside_repositories_have_none(tmp_path: Path, name: str) -> None:
    result = leanlung(name, "--out", tmp_path, "--revision", "v1.0")
    assert result.exit_code == 2
    assert "in no git repository" in result.stderr
    assert "covid_chestxray, actualmed, figure1" in " ".join(result.stderr.split())


@pytest.mark.parametrize("name", ["", "-x", "../../other", "a b", "a?b", "#"])
def test_what_cannot_be_a_revision_is_refused(repository: KnownArchive, name: str) -> None:
    with pytest.raises(UsageError, match="a git commit or a tag was expected"):
        at_revision(repository, name)


def test_the_address_of_a_state_on_github() -> None:
    [file] = at_revision(known_archive("covid_chestxray"), "v1.0/b").files
    assert file.url == (
        "https://github.com/ieee8023/covid-chestxray-dataset/archive/v1.0/b.zip"
    )


def test_a_file_that_tells_no_commit_has_no_revision(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed("packed by hand"))
    assert revision_of(path) is None
    path.write_bytes(b"no zip file")
    assert revision_of(path) is None
    path.write_bytes(packed(OLD, dated=False))
    assert revision_of(path) == Revision(OLD, "")
