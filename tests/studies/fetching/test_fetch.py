"""An archive is fetched once, gone on with, noted with its digests; the catalogue is sound."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.locks import held
from leanlung.studies.fetching import (
    ARCHIVES,
    KnownArchive,
    RemoteFile,
    download,
    fetch,
    known_archive,
)
from leanlung.studies.fetching.download import checksum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Notes:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[int, int | None], None]]:
        self.told.append(f"file {name}")
        yield lambda _done, _total: None

    def note(self, text: str) -> None:
        self.told.append(text)


def zip_bytes(**files: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"top/{name}", data)
    return kept.getvalue()


TABLE = b"path,label\n"


@pytest.fixture
def archive(site: Any) -> KnownArchive:
    """An archive of a zip file and a table on the local server."""
    films = site.put("/films.zip", site.page(zip_bytes(a=b"film", b=b"other")))
    table = site.put("/table.csv", site.page(TABLE))
    md5 = hashlib.md5(TABLE).hexdigest()
    files = (RemoteFile(films, "films.zip"), RemoteFile(table, "table.csv", f"md5:{md5}"))
    page = "https://example.org"
    return KnownArchive(
        "films", "two films", "free", page, "1 kB", files, "masks: ask the author"
    )


def test_files_are_unpacked_noted_and_told(archive: KnownArchive, tmp_path: Path) -> None:
    found = fetch(archive, tmp_path, Notes())
    here = tmp_path / "films"
    assert sorted(path.relative_to(here).as_posix() for path in here.rglob("*")) == [
        ".fetching.lock",
        "fetched.json",
        "table.csv",
        "top",
        "top/a",
        "top/b",
    ]
    first, second = found.files
    assert first.unpacked is not None
    assert (first.unpacked.files, first.unpacked.bytes) == (2, 9)
    assert second.unpacked is None
    record = json.loads((here / "fetched.json").read_text())
    assert record["files"] == json.loads(json.dumps(found.as_dict()["files"]))
    assert record["files"][1]["sha256"] == hashlib.sha256(TABLE).hexdigest()
    assert record["licence"] == "free"
    assert found.by_hand == "masks: ask the author"


def test_what_is_there_is_not_downloaded_again(
    archive: KnownArchive, site: Any, tmp_path: Path
) -> None:
    first = fetch(archive, tmp_path, Notes())
    asked = len(site.asked)
    notes = Notes()
    assert fetch(archive, tmp_path, notes) == first
    assert len(site.asked) == asked == 2
    assert [note.split(":")[1].split(",")[0] for note in notes.told] == [
        " is there already"
    ] * 2


def test_a_file_that_was_changed_since_is_named_and_left_alone(
    archive: KnownArchive, tmp_path: Path
) -> None:
    fetch(archive, tmp_path, Notes())
    (tmp_path / "films" / "table.csv").write_bytes(b"mine")
    with pytest.raises(StudyError, match=r"table\.csv: is there, but"):
        fetch(archive, tmp_path, Notes())
    assert (tmp_path / "films" / "table.csv").read_bytes() == b"mine"


def test_a_fetch_that_stopped_goes_on_with_what_is_missing(
    archive: KnownArchive, site: Any, tmp_path: Path
) -> None:
    def broken(file: RemoteFile, *rest: Any, **more: Any) -> Any:
        if file.name == "table.csv":
            raise KeyboardInterrupt
        return download(file, *rest, **more)

    with pytest.raises(KeyboardInterrupt):
        fetch(archive, tmp_path, Notes(), broken)
    assert (tmp_path / "films" / "top" / "a").read_bytes() == b"film"
    found = fetch(archive, tmp_path, Notes())
    assert [one[0] for one in site.asked] == ["/films.zip", "/table.csv"]
    assert len(found.files) == 2


def test_an_archive_that_was_not_unpacked_yet_is_not_downloaded_again(
    archive: KnownArchive, site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        module = sys.modules["leanlung.studies.fetching.fetch"]
        patched.setattr(module, "unpack", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fetch(archive, tmp_path, Notes())
    assert (tmp_path / "films" / "films.zip").is_file()
    fetch(archive, tmp_path, Notes())
    assert [one[0] for one in site.asked] == ["/films.zip", "/table.csv"]
    assert not (tmp_path / "films" / "films.zip").exists()


def test_two_processes_do_not_fetch_one_archive(
    archive: KnownArchive, site: Any, tmp_path: Path
) -> None:
    with (
        held(tmp_path / "films" / ".fetching.lock"),
        pytest.raises(StudyError, match="another process"),
    ):
        fetch(archive, tmp_path, Notes())
    assert site.asked == []


def test_a_damaged_record_is_told(archive: KnownArchive, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "fetched.json").write_text('{"files": [1]}')
    with pytest.raises(StudyError, match="remove it to begin anew"):
        fetch(archive, tmp_path, Notes())


NAMES = [
    "rsna2018", "kermany", "covid_chestxray", "radiography", "covidx", "actualmed", "figure1",
    "nih14", "chexpert", "mimic_cxr", "medmnist", "montgomery", "shenzhen", "jsrt", "twitter",
]  # fmt: skip


def test_the_catalogue_names_every_archive_that_is_read() -> None:
    assert sorted(ARCHIVES) == sorted(NAMES)
    with pytest.raises(UsageError, match="did you mean 'kermany'"):
        known_archive("kermani")


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_says_what_can_be_had_and_how(name: str) -> None:
    archive = known_archive(name)
    assert archive.name == name
    assert archive.files or archive.by_hand  # free, or told how
    assert re.match(r"https?://", archive.page)
    assert archive.about
    assert archive.licence.endswith(".")
    for file in archive.files:
        assert file.url.startswith("https://")
        assert re.fullmatch(r"[\w.-]+", file.name)
        checksum_of(file.checksum)
    names = [file.name for file in archive.files]
    assert len(set(names)) == len(names)


def test_what_needs_an_account_has_no_address() -> None:
    needing = {n for n in NAMES if "account" in ARCHIVES[n].by_hand and not ARCHIVES[n].files}
    assert needing == {"radiography", "covidx", "chexpert", "mimic_cxr", "twitter"}


def test_the_parts_of_the_nih_archive_are_twelve_different_files() -> None:
    files = ARCHIVES["nih14"].files
    assert [file.name for file in files] == [f"images_{n:03d}.tar.gz" for n in range(1, 13)]
    assert len({file.url for file in files}) == len({file.checksum for file in files}) == 12
