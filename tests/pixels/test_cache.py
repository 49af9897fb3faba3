"""Images are decoded once, found again by what is in them, and never half-written."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StorageError, StudyError
from leanlung.pixels import PixelSpec, Prepared, Reader, Source, prepare, prepared_images

SMALL = PixelSpec(size=16)
LUNGS = PixelSpec(size=16, crop="lungs", margin=0.0)


class Archive:
    """Files that hold one grey value, how often each was decoded, and what may go wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.decoded: Counter[str] = Counter()
        self.codec = True
        self._lock = threading.Lock()
        folder.mkdir(exist_ok=True)

    def image(self, name: str, content: str) -> Path:
        (self.folder / name).write_text(content)
        return self.folder / name

    def images(self, *contents: str) -> list[Source]:
        return [Source(self.image(f"{n}.png", text)) for n, text in enumerate(contents)]

    def decode(self, path: Path) -> np.ndarray:
        with self._lock:
            self.decoded[path.name] += 1
        if not path.is_file():
            msg = f"{path}: cannot be read"
            raise StudyError(msg)
        text = path.read_text()
        if text == "damaged" or (text.startswith("rare ") and not self.codec):
            msg = f"{path}: no codec" if text != "damaged" else f"{path}: damaged"
            raise StudyError(msg)
        if text.startswith("mask"):
            mask = np.zeros((20, 20), np.float32)
            mask[5:15, 5:15] = text == "mask"
            return mask
        image = np.zeros((40, 40), np.float32)
        image[10:30, 10:30] = float(text.removeprefix("rare "))
        return image

    def describe(self, image: np.ndarray) -> dict[str, str]:
        return {"brightest": f"{image.max():.2f}"}

    def prepared(self, sources: list[Source], spec: PixelSpec = SMALL, **told) -> Prepared:
        reader = Reader(self.decode, self.describe)
        return prepared_images(sources, spec, self.cache, reader, **told)

    def decodes(self, sources: list[Source], spec: PixelSpec = SMALL) -> int:
        """How many files are decoded to prepare these."""
        before = self.decoded.total()
        self.prepared(sources, spec)
        return self.decoded.total() - before


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def alike(one: Prepared, other: Prepared) -> bool:
    return torch.equal(one.images, other.images) and one.rows == other.rows


def test_images_come_in_their_order_as_they_were_prepared(archive):
    sources = archive.images("0.2", "0.9", "0.4")
    found = archive.prepared(sources)
    assert found.images.dtype == torch.uint8
    assert found.images.shape == (3, 16, 16)
    for source, row in zip(sources, found.rows, strict=True):
        expected = prepare(archive.decode(source.image), SMALL)
        np.testing.assert_array_equal(found.images[row], expected)
    assert found.rows == (0, 1, 2)
    assert found.reasons == ("", "", "")
    assert found.facts == ({"brightest": "0.20"}, {"brightest": "0.90"}, {"brightest": "0.40"})


def test_more_images_than_are_decoded_at_once_keep_their_order(archive):
    count = 8 * (os.cpu_count() or 1) * 2 + 3
    found = archive.prepared(archive.images(*(str((n % 5 + 1) / 5) for n in range(count))))
    middle = found.images[:, 8, 8].tolist()
    assert middle == [round((n % 5 + 1) / 5 * 255) for n in range(count)]


def test_the_second_time_nothing_is_decoded_and_all_is_the_same(archive):
    sources = archive.images("0.2", "0.9")
    first = archive.prepared(sources)
    assert archive.decodes(sources) == 0
    again = archive.prepared(sources)
    assert alike(first, again)
    assert again.facts == first.facts


def test_the_second_time_nothing_is_written(archive, monkeypatch):
    sources = archive.images("0.2", "damaged")
    first = archive.prepared(sources)
    for name in ("write_json", "replacing"):
        monkeypatch.delattr(f"leanlung.pixels.cache.{name}")
    assert alike(archive.prepared(sources), first)


def test_a_changed_file_is_prepared_anew(archive):
    sources = archive.images("0.2", "0.9")
    archive.prepared(sources)
    archive.image("1.png", "0.55")
    assert archive.prepared(sources).images[:, 8, 8].tolist() == [51, 140]


def test_the_same_content_is_found_under_another_name_and_place(archive, tmp_path):
    first = archive.prepared(archive.images("0.2", "0.9"))
    elsewhere = Archive(tmp_path / "elsewhere")
    elsewhere.cache = archive.cache
    sources = [
        Source(elsewhere.image(name, text)) for name, text in [("b", "0.2"), ("a", "0.9")]
    ]
    assert alike(elsewhere.prepared(sources), first)
    assert elsewhere.decoded.total() == 0


def test_files_that_moved_are_read_through_once_and_not_every_time(
    archive, tmp_path, monkeypatch
):
    archive.prepared(archive.images("0.2", "0.9"))
    archive.folder.rename(tmp_path / "moved")
    moved = Archive(tmp_path / "moved")
    sources = [Source(moved.folder / f"{n}.png") for n in range(2)]
    moved.prepared(sources)
    read = []
    monkeypatch.setattr(fingerprints, "of_file", read.append)
    moved.prepared(sources)
    assert read == []
    assert moved.decoded.total() == 0


def test_the_order_of_the_files_matters(archive):
    sources = archive.images("0.2", "0.9")
    archive.prepared(sources)
    assert archive.prepared(sources[::-1]).images[:, 8, 8].tolist() == [230, 51]


@pytest.mark.parametrize(
    "other",
    [PixelSpec(size=32), PixelSpec(size=16, median=True), PixelSpec(size=16, crop="lungs")],
)
def test_another_preparation_is_made_anew(archive, other):
    sources = archive.images("0.2", "0.9")
    archive.prepared(sources)
    assert archive.decodes(sources, other) == 2
    assert archive.decodes(sources, SMALL) == 0


def test_another_standardisation_uses_the_same_bytes(archive):
    sources = archive.images("0.2", "0.9")
    archive.prepared(sources)
    assert archive.decodes(sources, SMALL.model_copy(update={"standardise": "symmetric"})) == 0


def test_nothing_at_all_is_nothing(archive):
    found = archive.prepared([])
    assert found.images.shape == (0, 16, 16)
    assert found.rows == found.facts == found.reasons == ()


def test_files_that_cannot_be_used_are_listed_with_the_reason(archive):
    sources = archive.images("0.2", "damaged", "0.4", "7")
    sources.append(Source(archive.folder / "gone.png"))
    found = archive.prepared(sources)
    assert found.rows == (0, None, 1, None, None)
    folder = archive.folder
    assert found.reasons == (
        "",
        f"{folder / '1.png'}: damaged",
        "",
        f"{folder / '3.png'}: pixel values from 0 to 7 were found; [0, 1] was expected",
        f"{folder / 'gone.png'}: cannot be read",
    )
    assert found.facts[1] == found.facts[3] == found.facts[4] == {}


def test_rows_behind_the_usable_images_are_black(archive):
    found = archive.prepared(archive.images("damaged", "0.4", "damaged"))
    assert found.images[:, 8, 8].tolist() == [102, 0, 0]
    assert int(found.images[1:].max()) == 0


def test_a_file_that_comes_back_is_prepared(archive):
    sources = [*archive.images("0.2"), Source(archive.folder / "late.png")]
    assert archive.prepared(sources).rows == (0, None)
    archive.image("late.png", "0.4")
    found = archive.prepared(sources)
    assert found.rows == (0, 1)
    assert found.reasons == ("", "")


def test_only_what_could_not_be_used_is_tried_again(archive):
    sources = archive.images("0.2", "damaged", "0.4")
    first = archive.prepared(sources)
    archive.decoded.clear()
    again = archive.prepared(sources)
    assert archive.decoded == {"1.png": 1}
    assert alike(again, first)
    assert again.reasons == first.reasons


def test_what_a_new_codec_can_read_is_prepared_though_the_file_is_the_same(archive):
    archive.codec = False
    sources = archive.images("rare 0.2", "0.4")
    assert archive.prepared(sources).reasons == (f"{archive.folder / '0.png'}: no codec", "")
    archive.codec = True
    found = archive.prepared(sources)
    assert found.rows == (0, 1)
    assert found.images[:, 8, 8].tolist() == [51, 102]
    assert archive.decodes(sources) == 0


def test_a_reason_names_the_file_where_it_lies_now(archive, tmp_path):
    archive.prepared(archive.images("0.2", "damaged"))
    archive.folder.rename(tmp_path / "moved")
    moved = Archive(tmp_path / "moved")
    found = moved.prepared([Source(moved.folder / f"{n}.png") for n in range(2)])
    assert found.reasons == ("", f"{tmp_path / 'moved' / '1.png'}: damaged")


def test_a_mask_is_used_where_the_specification_crops_to_the_lungs(archive):
    [source] = archive.images("0.8")
    masked = [Source(source.image, archive.image("m.png", "mask"))]
    assert int(archive.prepared(masked, LUNGS).images.min()) == 204  # the grey square alone
    assert int(archive.prepared(masked, SMALL).images.min()) == 0


def test_a_mask_that_is_not_used_is_neither_decoded_nor_looked_at(archive):
    [source] = archive.images("0.8")
    masked = [Source(source.image, archive.image("m.png", "mask"))]
    archive.prepared(masked, SMALL)
    assert archive.decoded["m.png"] == 0
    archive.image("m.png", "damaged")
    assert archive.decodes(masked, SMALL) == 0
    assert archive.decodes([source], SMALL) == 0


def test_a_changed_mask_is_used_anew(archive):
    [source] = archive.images("0.8")
    masked = [Source(source.image, archive.image("m.png", "mask"))]
    archive.prepared(masked, LUNGS)
    archive.image("m.png", "mask, but empty")
    found = archive.prepared(masked, LUNGS)
    assert found.rows == (None,)
    told = f"{source.image} with lung mask {masked[0].mask}: the lung mask is empty; pixels"
    assert found.reasons[0].startswith(told)


def test_an_unreadable_mask_makes_its_image_unusable_and_is_named(archive):
    sources = archive.images("0.8", "0.4")
    sources[0] = Source(sources[0].image, archive.image("m.png", "damaged"))
    found = archive.prepared(sources, LUNGS)
    assert found.rows == (None, 0)
    assert found.reasons == (f"{archive.folder / 'm.png'}: damaged", "")


def facts_of(archive: Archive) -> Path:
    [path] = archive.cache.glob("*/facts.json")
    return path


def array_of(archive: Archive) -> Path:
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


def test_progress_is_told_image_by_image_and_at_once_the_second_time(archive):
    sources = archive.images("0.2", "damaged", "0.4")
    told: list[int] = []
    archive.prepared(sources, watch=told.append)
    assert told == [1, 2, 3, 3]
    told.clear()
    archive.prepared(sources, watch=told.append)
    assert told == [3]
