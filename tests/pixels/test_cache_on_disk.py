"""A cache on the disk is whole or made again, whoever was killed or wrote at the same time."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from leanlung.foundations.errors import StorageError
from leanlung.pixels import PixelSpec, Prepared

SMALL = PixelSpec(size=16)


def alike(one: Prepared, other: Prepared) -> bool:
    return torch.equal(one.images, other.images) and one.rows == other.rows


def facts_of(archive) -> Path:
    [path] = archive.cache.glob("*/facts.json")
    return path


def array_of(archive) -> Path:
    [path] = archive.cache.glob("*/*.npy")
    return path


@pytest.mark.parametrize(
    "harm",
    [
        lambda archive: facts_of(archive).unlink(),
        lambda archive: facts_of(archive).write_text('{"images": "ima'),
        lambda archive: facts_of(archive).write_text('{"sources": []}'),
        lambda archive: facts_of(archive).write_text("[]"),
        lambda archive: array_of(archive).unlink(),
        lambda archive: os.truncate(array_of(archive), 200),
        lambda archive: os.truncate(array_of(archive), 0),
        lambda archive: array_of(archive).write_bytes(b"something else" * 99),
    ],
)
def test_a_cache_that_was_killed_in_the_middle_or_damaged_is_made_again(archive, harm):
    sources = archive.images("0.2", "0.9")
    first = archive.prepared(sources)
    kept = first.images.clone()
    harm(archive)
    assert archive.decodes(sources) == 2
    again = archive.prepared(sources)
    assert torch.equal(again.images, kept)
    assert again.rows == first.rows


def test_facts_of_an_earlier_filling_never_stand_beside_images_of_a_later_one(
    archive, monkeypatch
):
    # Killed between the two files, the second filling must not leave the first one's rows.
    archive.codec = False
    sources = archive.images("rare 0.2", "0.4")
    archive.prepared(sources)
    archive.codec = True

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leanlung.pixels.cache.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        archive.prepared(sources)
    monkeypatch.undo()
    archive.codec = False
    found = archive.prepared(sources)
    assert found.rows == (None, 0)
    assert found.images[0, 8, 8] == 102


def test_two_runs_that_fill_one_cache_at_once_both_get_it_right(archive):
    # In the middle of one filling, another one begins and ends.
    sources = archive.images("0.2", "0.9", "0.4")
    usual, others = archive.decode, []

    def decode(path: Path) -> np.ndarray:
        if path.name == "2.png" and not others:
            others.append(None)
            archive.decode = usual
            others[0] = archive.prepared(sources)
        return usual(path)

    archive.decode = decode
    found = archive.prepared(sources)
    for one in (found, others[0], archive.prepared(sources)):
        assert one.images[:, 8, 8].tolist() == [51, 230, 102]
    assert archive.decodes(sources) == 0


def test_arrays_of_earlier_fillings_and_old_strays_are_cleared(archive):
    archive.codec = False
    sources = archive.images("rare 0.2", "0.4")
    archive.prepared(sources)
    earlier = array_of(archive)
    old, young = (earlier.with_name(f".images-{n}.npy.partial") for n in ("old", "young"))
    for stray in (old, young):
        stray.touch()
    os.utime(old, (0, 0))
    archive.codec = True
    archive.prepared(sources)
    assert not earlier.exists()
    assert not old.exists()
    assert young.exists()  # perhaps of a run that is filling it now
    assert array_of(archive).is_file()


@pytest.mark.parametrize("text", ["", '{"a": '])
def test_damaged_notes_on_contents_are_taken_anew(archive, text):
    sources = archive.images("0.2", "0.9")
    archive.prepared(sources)
    (archive.cache / "contents.json").write_text(text)
    assert archive.decodes(sources) == 0
    assert len(json.loads((archive.cache / "contents.json").read_text())) == 2


def test_writing_into_the_images_does_not_reach_the_disk(archive):
    sources = archive.images("0.2")
    found = archive.prepared(sources)
    found.images.fill_(7)
    assert archive.prepared(sources).images[0, 8, 8] == 51
    assert archive.decodes(sources) == 0


def test_they_lie_on_the_disk_as_one_array_that_numpy_reads(archive):
    archive.prepared(archive.images("0.2", "damaged", "0.9"))
    stored = np.load(array_of(archive))
    assert stored.shape == (3, 16, 16)
    assert stored.dtype == np.uint8
    assert stored[:, 8, 8].tolist() == [51, 230, 0]
    assert array_of(archive).stat().st_size == 128 + 3 * 16 * 16


class Full:
    """A file on a disk that takes the header and one image."""

    def __init__(self, file) -> None:
        self.file = file
        self.taken = 0

    def write(self, data: bytes) -> None:
        self.taken += len(data)
        if self.taken > 128 + 16 * 16:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *problem: object) -> None:
        self.file.close()


def test_a_full_disk_leaves_nothing_half_written(archive, monkeypatch):
    sources = archive.images("0.2", "0.9", "0.4")
    opened = Path.open

    def open_(path: Path, mode: str = "r", *arguments, **options):
        file = opened(path, mode, *arguments, **options)
        return Full(file) if mode == "wb" and ".npy" in path.name else file

    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(StorageError) as caught:
        archive.prepared(sources)
    assert ".npy: the disk is full" in str(caught.value)
    assert "run the same command again" in str(caught.value)
    assert [path for path in archive.cache.rglob("*") if path.is_file()] == [
        archive.cache / "contents.json"
    ]
    monkeypatch.undo()
    assert archive.prepared(sources).rows == (0, 1, 2)


def test_an_error_of_our_own_making_is_not_taken_for_a_bad_image(archive):
    def broken(_image: np.ndarray) -> dict[str, str]:
        raise ZeroDivisionError

    archive.describe = broken
    with pytest.raises(ZeroDivisionError):
        archive.prepared(archive.images("0.2", "0.9"))
    assert list(archive.cache.glob("*/*")) == []
