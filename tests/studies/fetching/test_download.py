"""A download is whole and right, goes on from the right byte, or says why it cannot be had."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.foundations.errors import StorageError, StudyError
from leanlung.studies.fetching import RemoteFile, download

if TYPE_CHECKING:
    from pathlib import Path

DATA = bytes(range(256)) * 40
"""10,240 bytes, each of which tells its place."""

SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()


def fetched(site: Any, page: Any, path: Path, checksum: str = "", attempts: int = 6) -> Any:
    """Download a page without waiting; give the result and the waits asked for."""
    waits: list[float] = []
    url = site.put("/file", page)
    file = RemoteFile(url, path.name, checksum)
    return download(file, path, attempts=attempts, wait=waits.append), waits


def refusal(site: Any, page: Any, path: Path, checksum: str = "") -> str:
    with pytest.raises(StudyError) as caught:
        fetched(site, page, path, checksum, attempts=2)
    assert not path.exists()
    return str(caught.value)


@pytest.mark.parametrize("checksum", ["", f"sha256:{SHA256}", f"md5:{MD5}"])
def test_a_file_comes_whole_and_its_digest_is_told(
    site: Any, tmp_path: Path, checksum: str
) -> None:
    found, waits = fetched(site, site.page(DATA), tmp_path / "a.bin", checksum)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert (found.bytes, found.sha256, found.resumed_at, waits) == (10240, SHA256, 0, [])
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_cut_connection_goes_on_from_the_very_byte(site: Any, tmp_path: Path) -> None:
    found, waits = fetched(site, site.page(DATA, cuts=[1000, 2345]), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert site.asked == [
        ("/file", None, None),
        ("/file", "bytes=1000-", '"one"'),
        ("/file", "bytes=3345-", '"one"'),
    ]
    assert (found.sha256, found.resumed_at, waits) == (SHA256, 3345, [1.0, 2.0])


def test_another_process_goes_on_where_one_was_stopped(site: Any, tmp_path: Path) -> None:
    told = refusal(site, site.page(DATA, cuts=[500, 500]), tmp_path / "a.bin")
    assert "the connection ended after 1,000 of 10,240 bytes, 2 times in a row" in told
    assert (tmp_path / "a.bin.partial").read_bytes() == DATA[:1000]
    site.asked.clear()
    found, _ = fetched(site, site.page(DATA), tmp_path / "a.bin")
    assert site.asked == [("/file", "bytes=1000-", '"one"')]
    assert (found.sha256, found.resumed_at) == (SHA256, 1000)


def test_a_file_that_changed_meanwhile_is_begun_anew(site: Any, tmp_path: Path) -> None:
    refusal(site, site.page(DATA[::-1], etag='"old"', cuts=[500, 500]), tmp_path / "a.bin")
    found, _ = fetched(site, site.page(DATA, etag='"new"'), tmp_path / "a.bin")
    assert site.asked[-1] == ("/file", "bytes=1000-", '"old"')
    assert (found.sha256, found.resumed_at) == (SHA256, 0)


def test_what_a_server_sends_whole_although_it_was_asked_for_a_part_is_not_appended(
    site: Any, tmp_path: Path
) -> None:
    found, _ = fetched(site, site.page(DATA, cuts=[1000], ranges=False), tmp_path / "a.bin")
    assert site.asked[-1][1] == "bytes=1000-"
    assert (found.sha256, found.bytes) == (SHA256, 10240)


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_validator_nothing_is_gone_on_with(
    site: Any, tmp_path: Path, etag: str | None
) -> None:
    refusal(site, site.page(DATA, etag=etag, cuts=[500, 500]), tmp_path / "a.bin")
    found, _ = fetched(site, site.page(DATA, etag=etag), tmp_path / "a.bin")
    assert [asked[1] for asked in site.asked] == [None, None, None]
    assert found.sha256 == SHA256


def test_a_partial_file_of_another_address_is_forgotten(site: Any, tmp_path: Path) -> None:
    refusal(site, site.page(b"x" * 10240, cuts=[500, 500]), tmp_path / "a.bin")
    url = site.put("/other", site.page(DATA))
    assert download(RemoteFile(url, "a.bin"), tmp_path / "a.bin").sha256 == SHA256
    assert site.asked[-1] == ("/other", None, None)


def test_a_whole_partial_file_is_not_asked_for_again(site: Any, tmp_path: Path) -> None:
    url = site.put("/file", site.page(DATA))
    (tmp_path / "a.bin.partial").write_bytes(DATA)
    note = {"url": url, "validator": '"one"', "total": len(DATA)}
    (tmp_path / "a.bin.partial.json").write_text(json.dumps(note))
    assert download(RemoteFile(url, "a.bin"), tmp_path / "a.bin").sha256 == SHA256
    assert site.asked == []


def test_a_wrong_checksum_is_told_and_nothing_of_it_is_kept(site: Any, tmp_path: Path) -> None:
    told = refusal(site, site.page(DATA), tmp_path / "a.bin", "sha256:" + "0" * 64)
    assert SHA256 in told
    assert "0" * 64 in told
    assert (tmp_path / "a.bin.partial").read_bytes() == b""


def test_a_beginning_that_was_damaged_is_fetched_again_when_the_checksum_tells(
    site: Any, tmp_path: Path
) -> None:
    refusal(site, site.page(DATA, cuts=[500, 500]), tmp_path / "a.bin")
    (tmp_path / "a.bin.partial").write_bytes(b"?" * 1000)
    found, _ = fetched(site, site.page(DATA), tmp_path / "a.bin", f"sha256:{SHA256}")
    assert [asked[1] for asked in site.asked[-2:]] == ["bytes=1000-", None]
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert found.resumed_at == 0


def test_a_checksum_of_another_form_is_refused(site: Any, tmp_path: Path) -> None:
    assert "sha256:…" in refusal(site, site.page(DATA), tmp_path / "a.bin", "sha1:abc")


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "nothing is there"), (410, "nothing"), (403, "account"), (401, "account")],
)
def test_what_a_server_refuses_is_told_at_once(
    site: Any, tmp_path: Path, status: int, word: str
) -> None:
    told = refusal(site, site.page(DATA, statuses=[status]), tmp_path / "a.bin")
    assert f": {status} " in told
    assert word in told
    assert len(site.asked) == 1


def test_a_busy_server_is_asked_again_when_it_says(site: Any, tmp_path: Path) -> None:
    page = site.page(DATA, statuses=[503, 429], headers={"Retry-After": "7"})
    found, waits = fetched(site, page, tmp_path / "a.bin")
    assert (found.sha256, waits) == (SHA256, [7.0, 7.0])


def test_tries_have_a_bound_and_grow_apart(site: Any, tmp_path: Path) -> None:
    waits: list[float] = []
    url = site.put("/file", site.page(DATA, statuses=[500] * 20))
    with pytest.raises(StudyError, match="8 times in a row"):
        download(RemoteFile(url, "a"), tmp_path / "a", attempts=8, wait=waits.append)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_tries_that_bring_much_do_not_count_up(site: Any, tmp_path: Path) -> None:
    large = os.urandom(5 << 20)
    page = site.page(large, cuts=[(1 << 20) + 1] * 4)
    found, waits = fetched(site, page, tmp_path / "a.bin", attempts=2)
    assert found.bytes == len(large)
    assert waits == [1.0] * 4


def test_nobody_there_is_told_after_all_tries(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="2 times in a row"):
        download(
            RemoteFile("http://127.0.0.1:9/x", "x"), tmp_path / "x", attempts=2, wait=print
        )


def test_chunks_that_end_early_are_no_whole_file(site: Any, tmp_path: Path) -> None:
    found, waits = fetched(site, site.page(DATA, chunked=True, cuts=[100]), tmp_path / "a.bin")
    assert (found.sha256, waits) == (SHA256, [1.0])


def test_an_answer_whose_end_would_not_show_is_not_taken(site: Any, tmp_path: Path) -> None:
    assert "how long the file is" in refusal(
        site, site.page(DATA, silent=True), tmp_path / "a.bin"
    )


def test_a_web_page_is_not_taken_for_the_file(site: Any, tmp_path: Path) -> None:
    page = site.page(
        b"<html>log in</html>", headers={"Content-Type": "text/html; charset=utf-8"}
    )
    assert "log in" in refusal(site, page, tmp_path / "a.bin")


def test_redirections_are_followed_but_not_out_of_the_web(site: Any, tmp_path: Path) -> None:
    there = site.put("/there", site.page(DATA))
    found, _ = fetched(
        site, site.page(b"", statuses=[302], headers={"Location": there}), tmp_path / "a"
    )
    assert found.sha256 == SHA256
    for place in ("file:///etc/passwd", "ftp://127.0.0.1/x"):
        page = site.page(b"", statuses=[302], headers={"Location": place})
        assert place in refusal(site, page, tmp_path / "b")


def test_no_redirection_gives_up_encryption() -> None:
    from urllib.request import Request

    from leanlung.studies.fetching.asking import _Redirections

    secure = Request("https://example.org/a")
    with pytest.raises(StudyError, match="without encryption"):
        _Redirections().redirect_request(secure, None, 302, "", {}, "http://example.org/a")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "/etc/passwd"])
def test_only_the_web_is_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(StudyError, match="https://"):
        download(RemoteFile(url, "x"), tmp_path / "x")


def test_a_file_larger_than_the_disk_is_not_begun(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 3000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(
        StorageError, match="10,240 bytes are still to come, and 3,000 are free"
    ):
        fetched(site, site.page(DATA), tmp_path / "a.bin")


def test_a_disk_that_fills_up_leaves_what_can_be_gone_on_with(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        """Takes 4,000 bytes; then the disk is full."""

        room = 4000

        def write(self, block: Any) -> int:
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken = super().write(block[: self.room]) or 0
            self.room -= taken
            return taken

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", lambda number, *_mode, **_more: Full(number, "r+b"))
        page = site.page(DATA, cuts=[3000])
        with pytest.raises(StorageError, match="goes on after 3,000 bytes"):
            fetched(site, page, tmp_path / "a.bin")
    found, _ = fetched(site, site.page(DATA), tmp_path / "a.bin")
    assert site.asked[-1][1] == "bytes=3000-"
    assert found.sha256 == SHA256


def test_progress_is_told_in_bytes_of_all(site: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    url = site.put("/file", site.page(DATA, cuts=[1000]))
    file = RemoteFile(url, "a.bin")
    download(file, tmp_path / "a.bin", lambda *one: told.append(one), wait=lambda _s: None)
    assert told[0] == (0, 10240)
    assert (1000, 10240) in told
    assert told[-1] == (10240, 10240)
