"""Images are decoded once, found again by what is in them, and never half-written."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from leanlung.foundations import fingerprints
from leanlung.pixels import PixelSpec, Prepared, Source, prepare

SMALL = PixelSpec(size=16)
LUNGS = PixelSpec(size=16, crop="lungs", margin=0.0)


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
    elsewhere = archive.another(tmp_path / "elsewhere")
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
    moved = archive.another(tmp_path / "moved")
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
    moved = archive.another(tmp_path / "moved")
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


def test_progress_is_told_image_by_image_and_at_once_the_second_time(archive):
    sources = archive.images("0.2", "damaged", "0.4")
    told: list[int] = []
    archive.prepared(sources, watch=told.append)
    assert told == [1, 2, 3, 3]
    told.clear()
    archive.prepared(sources, watch=told.append)
    assert told == [3]
