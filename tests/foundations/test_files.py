"""A file is written whole or not at all, and the message says what to do."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leanlung.foundations.errors import StorageError
from leanlung.foundations.files import (
    append_line,
    replacing,
    write_bytes,
    write_json,
    write_text,
)

KILLED = """
import os, signal, sys
from pathlib import Path
from leanlung.foundations.files import replacing
with replacing(Path(sys.argv[1])) as partial:
    partial.write_text("half of the new")
    os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = [errno.ENOSPC, errno.EDQUOT]
FORBIDDEN = [errno.EACCES, errno.EPERM, errno.EROFS]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(number: int):
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_missing_folders_are_made(tmp_path):
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"\0\xff")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"\0\xff"


def test_text_is_written_as_utf_8_and_its_line_ends_stay(tmp_path):
    write_text(tmp_path / "a.txt", "Lübeck\r\n肺\n")
    assert (tmp_path / "a.txt").read_bytes() == "Lübeck\r\n肺\n".encode()


def test_json_is_indented_keeps_its_letters_and_ends_in_a_line_end(tmp_path):
    write_json(tmp_path / "a.json", {"ort": "Lübeck", "anteil": None})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == '{\n  "ort": "Lübeck",\n  "anteil": null\n}\n'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_and_the_old_file_stays(tmp_path, number):
    path = tmp_path / "metrics.json"
    write_json(path, {"auc": 0.9})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"auc": number})
    assert json.loads(path.read_text()) == {"auc": 0.9}
    assert names(tmp_path) == ["metrics.json"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == tmp_path  # renaming works on one disk only
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path, error):
    def write_half() -> None:
        with replacing(path) as partial:
            partial.write_text("half of the new")
            raise error

    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_before_anything_was_written_is_passed_on_as_it_is(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt"):
        _ = 1 / 0
    assert names(tmp_path) == []


def test_a_killed_process_leaves_the_old_file_and_a_stray_that_the_next_one_clears(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert names(tmp_path) == [".a.txt.partial", "a.txt"]
    write_text(path, "new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", FULL)
@pytest.mark.parametrize("step", ["Path.write_bytes", "os.fsync", "Path.replace"])
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(
    tmp_path, monkeypatch, number, step
):
    path = tmp_path / "a.txt"
    path.write_text("old")
    owner, name = step.split(".")
    monkeypatch.setattr({"Path": Path, "os": os}[owner], name, failing(number))
    with pytest.raises(StorageError) as caught:
        write_text(path, "new")
    told = str(caught.value)
    assert told.startswith(f"{path}: the disk is full")
    assert "nothing half-written was left" in told
    assert "free some space and run the same command again" in told
    assert caught.value.__cause__.errno == number
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", FORBIDDEN)
@pytest.mark.parametrize("name", ["mkdir", "write_bytes"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, number, name):
    monkeypatch.setattr(Path, name, failing(number))
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path / "a.txt", "new")
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'a.txt'}: this folder cannot be written")
    assert os.strerror(number) in told
    assert told.endswith("choose another --out")
    monkeypatch.undo()
    assert names(tmp_path) == []


def test_a_folder_that_cannot_even_be_searched_is_named_too(tmp_path, monkeypatch):
    # Without the right to search it, cleaning up fails as well.
    monkeypatch.setattr(Path, "write_bytes", failing(errno.EACCES))
    monkeypatch.setattr(Path, "unlink", failing(errno.EACCES))
    with pytest.raises(StorageError, match="cannot be written"):
        write_text(tmp_path / "a.txt", "new")


def test_a_file_where_a_folder_is_needed_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path / "out" / "run" / "a.txt", "new")
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'out' / 'run' / 'a.txt'}: ")
    assert "a file stands where a folder is needed" in told
    assert told.endswith("choose another --out")
    assert (tmp_path / "out").read_text() == "a file"


def test_a_folder_where_the_file_should_be_is_named_and_stays(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(StorageError, match="a folder stands where this file belongs"):
        write_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", [errno.EFBIG, errno.EIO])
def test_a_disk_that_does_not_take_the_file_is_named(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path / "a.txt", "new")
    told = f"{tmp_path / 'a.txt'}: the disk did not take it ({os.strerror(number)})"
    assert str(caught.value) == f"{told}; check it or choose another --out"
    assert names(tmp_path) == []


def test_another_trouble_of_the_system_is_passed_on_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    with pytest.raises(OSError, match=r"Errno 22") as caught:
        write_text(tmp_path / "a.txt", "new")
    assert not isinstance(caught.value, StorageError)
    assert caught.value.__cause__ is None
    assert names(tmp_path) == []


def test_a_storage_error_from_within_is_passed_on_as_it_is(tmp_path):
    inner = StorageError("inner.txt: the disk is full")
    with pytest.raises(StorageError) as caught, replacing(tmp_path / "outer.txt"):
        raise inner
    assert caught.value is inner
    assert caught.value.__cause__ is None


def test_lines_are_added_at_the_end(tmp_path):
    book = tmp_path / "deep" / "book.jsonl"
    append_line(book, "first")
    append_line(book, "zweite Öffnung")
    assert book.read_bytes() == "first\nzweite Öffnung\n".encode()


def test_a_line_is_on_the_disk_before_the_call_returns(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _file: seen.append((tmp_path / "b").read_bytes()))
    append_line(tmp_path / "b", "first")
    assert seen == [b"first\n"]


def test_a_half_written_line_does_not_swallow_the_next(tmp_path):
    book = tmp_path / "book.jsonl"
    book.write_text('{"whole": 1}\n{"hal')
    append_line(book, '{"whole": 2}')
    assert book.read_text().splitlines() == ['{"whole": 1}', '{"hal', '{"whole": 2}']


def test_a_full_disk_leaves_a_log_as_it_was(tmp_path, monkeypatch):
    book = tmp_path / "book.jsonl"
    append_line(book, "first")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(StorageError, match=r"book\.jsonl: the disk is full"):
        append_line(book, "second")
    assert book.read_text() == "first\n"


def test_a_disk_that_takes_half_a_line_is_full(tmp_path):
    # A limit on the size of files is a disk that fills up in the middle of a line.
    book = tmp_path / "book.jsonl"
    append_line(book, "first")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))
    try:
        with pytest.raises(StorageError, match=r"book\.jsonl: the disk is full"):
            append_line(book, "second, much longer")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert book.read_text() == "first\n"


def test_a_log_in_a_forbidden_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "open", failing(errno.EACCES))
    with pytest.raises(StorageError, match="cannot be written"):
        append_line(tmp_path / "book.jsonl", "first")


def test_another_trouble_with_a_log_is_passed_on_as_it_is(tmp_path, monkeypatch):
    append_line(tmp_path / "book.jsonl", "first")
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    with pytest.raises(OSError, match=r"Errno 22") as caught:
        append_line(tmp_path / "book.jsonl", "second")
    assert not isinstance(caught.value, StorageError)
    assert (tmp_path / "book.jsonl").read_text() == "first\n"
