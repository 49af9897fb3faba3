"""Tables of films and masks: every mistake is told, patients never part, sizes have to fit."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.lungs import load_pairs, parted, read_pairs
from leanlung.studies.split import Shares

SHARES = Shares(0.6, 0.2, 0.2)


def test_a_table_is_read_with_its_sources(pairs_table: Path) -> None:
    pairs = read_pairs(pairs_table)
    assert len(pairs) == 20
    assert pairs[2].image == pairs_table.parent / "films/02.png"
    assert (pairs[2].patient_id, pairs[2].source, pairs[2].part) == ("p1", "B", "")


def test_paths_may_be_meant_from_a_folder_that_is_given(
    pairs_table: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "tables" / "deep"
    elsewhere.mkdir(parents=True)
    moved = pairs_table.rename(elsewhere / "pairs.csv")
    assert read_pairs(moved, tmp_path / "pairs")[0].mask == tmp_path / "pairs/masks/00.png"
    with pytest.raises(StudyError, match=r"40 mistakes:\n  line 2: no file"):
        read_pairs(moved)


def test_all_mistakes_of_a_table_are_told(pairs_table: Path) -> None:
    text = "image,mask,patient_id,split\nfilms/00.png,masks/00.png,unknown,\n"
    text += "films/01.png,masks/01.png,p1,later\nfilms/02.png,masks/none.png,p2,\n"
    pairs_table.write_text(text)
    with pytest.raises(StudyError) as told:
        read_pairs(pairs_table)
    assert "3 mistakes" in str(told.value)
    assert "line 2: image, mask and patient_id are needed" in str(told.value)
    assert "line 3: split 'later'" in str(told.value)
    assert "line 4: no file" in str(told.value)
    pairs_table.write_text("film,mask\na,b\n")
    with pytest.raises(StudyError, match="patient_id were expected"):
        read_pairs(pairs_table)


def test_films_and_masks_become_256_pixels_of_bytes(pairs_table: Path) -> None:
    loaded = load_pairs(read_pairs(pairs_table)[:2])
    assert loaded.films.shape == loaded.masks.shape == (2, 256, 256)
    film = cv2.imread(str(pairs_table.parent / "films/01.png"), cv2.IMREAD_GRAYSCALE)
    wanted = cv2.resize(film, (256, 256), interpolation=cv2.INTER_LINEAR)
    assert np.abs(loaded.films[1].astype(int) - wanted).max() <= 1
    assert {0, 255} <= set(np.unique(loaded.masks))


def test_a_mask_of_another_shape_is_left_out_and_named(pairs_table: Path) -> None:
    folder = pairs_table.parent / "masks"
    cv2.imwrite(str(folder / "03.png"), np.full((64, 80), 255, np.uint8))
    cv2.imwrite(str(folder / "04.png"), np.zeros((64, 64), np.uint8))
    cv2.imwrite(str(folder / "05.png"), np.full((32, 32), 255, np.uint8))  # half the size: fine
    loaded = load_pairs(read_pairs(pairs_table))
    assert len(loaded.pairs) == 18
    assert "03.png" in loaded.problems[0]
    assert "a lung mask of 64 x 80 pixels beside an image of 64 x 64" in loaded.problems[0]
    assert "the lung mask is empty" in loaded.problems[1]
    with pytest.raises(StudyError, match="none of 1 pairs"):
        load_pairs(read_pairs(pairs_table)[3:4])


def test_patients_do_not_part_and_sources_are_shared_out(pairs_table: Path) -> None:
    found = parted(load_pairs(read_pairs(pairs_table)), SHARES, Seeds(0)).pairs
    where: dict[str, set[str]] = {}
    for pair in found:
        where.setdefault(pair.patient_id, set()).add(pair.part)
    assert len(where) == 10
    assert {len(parts) for parts in where.values()} == {1}
    # Ten patients in two sources: each part has both.
    assert len({(pair.part, pair.source) for pair in found}) == 6


def test_the_same_film_of_two_patients_stays_together(pairs_table: Path) -> None:
    films = pairs_table.parent / "films"
    for number in (2, 4, 6, 8):  # the first film of five patients is that of the first
        (films / f"{number:02d}.png").write_bytes((films / "00.png").read_bytes())
    found = parted(load_pairs(read_pairs(pairs_table)), SHARES, Seeds(0)).pairs
    assert len({pair.part for pair in found[:10]}) == 1
    assert {pair.part for pair in found} == {"train", "validation", "test"}


def test_parts_of_the_table_are_taken_and_half_of_them_refused(pairs_table: Path) -> None:
    loaded = load_pairs(read_pairs(pairs_table)[:3])
    named = tuple(replace(pair, part="test") for pair in loaded.pairs)
    assert parted(replace(loaded, pairs=named), SHARES, Seeds(0)).pairs == named
    half = (*named[:2], loaded.pairs[2])
    with pytest.raises(StudyError, match="1 of 3 pairs have no split"):
        parted(replace(loaded, pairs=half), SHARES, Seeds(0))
