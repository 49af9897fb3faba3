"""PneumoniaMNIST: images out of one file, for trying out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.indexing import Indexed


def arrays(side: int = 28) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    held: dict[str, np.ndarray] = {}
    for part, count in (("train", 4), ("val", 2), ("test", 3)):
        held[f"{part}_images"] = generator.integers(0, 256, (count, side, side), np.uint8)
        held[f"{part}_labels"] = (np.arange(count) % 2).astype(np.uint8)[:, None]
    return held


def write(path: Path, held: dict[str, np.ndarray]) -> None:
    np.savez(path, **held)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "root" / "pneumoniamnist.npz"
    path.parent.mkdir()
    write(path, arrays())
    return path


@pytest.mark.parametrize("inner", [True, False])
def test_images_are_written_out_as_they_are(
    file: Path, of: Callable[..., Indexed], tmp_path: Path, inner: bool
) -> None:
    found = of(file if inner else file.parent, images=tmp_path / "made")
    assert found.archive == "medmnist"
    assert found.cohort.counts == {"normal": 5, "pneumonia": 4}
    second = found.cohort.studies[1]
    assert second.image == tmp_path / "made/pneumoniamnist/train/00001.png"
    assert np.array_equal(np.rint(decode(second.image) * 255), arrays()["train_images"][1])
    parts = [study.attributes["archive_split"] for study in found.cohort.studies]
    assert parts == ["train"] * 4 + ["validation"] * 2 + ["test"] * 3
    assert {study.patient_id_confidence for study in found.cohort.studies} == {"image_only"}
    assert any(note.startswith("28 x 28 pixels") for note in found.notes)


def test_where_nothing_may_be_written_it_is_said_how(
    file: Path, of: Callable[..., Indexed]
) -> None:
    with pytest.raises(StudyError, match="leanlung data index"):
        of(file)


def test_of_several_sizes_one_has_to_be_meant(
    file: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    write(file.with_name("pneumoniamnist_64.npz"), arrays(64))
    with pytest.raises(StudyError, match="one of them was expected"):
        of(file.parent, "medmnist", images=tmp_path)
    found = of(file.with_name("pneumoniamnist_64.npz"), images=tmp_path)
    assert found.cohort.studies[0].study_id == "medmnist/pneumoniamnist_64/train/00000"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("labels", {"train_labels": np.zeros((4, 2), np.uint8)}),
        ("colours", {"val_images": np.zeros((2, 28, 28, 3), np.uint8)}),
        ("classes", {"test_labels": np.full((3, 1), 7, np.uint8)}),
        ("counts", {"test_labels": np.zeros((2, 1), np.uint8)}),
    ],
)
def test_a_file_of_another_set_is_refused(
    file: Path,
    of: Callable[..., Indexed],
    tmp_path: Path,
    name: str,
    change: dict[str, np.ndarray],
) -> None:
    write(file, arrays() | change)
    with pytest.raises(StudyError, match="were expected"):
        of(file, images=tmp_path)


def test_a_damaged_file_is_named_and_a_pickle_is_not_opened(
    file: Path, of: Callable[..., Indexed], tmp_path: Path
) -> None:
    write(file, arrays() | {"train_images": np.array([{"a": 1}], object)})
    with pytest.raises(StudyError, match="not a file of MedMNIST"):
        of(file, images=tmp_path)
    file.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(StudyError, match=r"pneumoniamnist\.npz"):
        of(file, images=tmp_path)


def test_another_file_is_refused(tmp_path: Path, of: Callable[..., Indexed]) -> None:
    (tmp_path / "breastmnist.npz").touch()
    with pytest.raises(StudyError, match=r"pneumoniamnist\.npz was expected"):
        of(tmp_path / "breastmnist.npz", "medmnist", images=tmp_path)
