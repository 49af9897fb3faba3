"""Read NIfTI: units, laziness, memory, and every kind of bad file."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.within import file_of, parted, within
from leanlung.studies.pictures import decode
from leanlung.studies.volumes import (
    LUNG,
    close_all,
    labels,
    nifti,
    opened,
    read_mask,
    read_volume,
    slices,
    window_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count how often a file is decompressed."""
    times: list[Path] = []
    once = nifti._decompressed

    def count(header: nifti.Header) -> NDArray[np.uint8]:
        times.append(header.path)
        return once(header)

    monkeypatch.setattr(nifti, "_decompressed", count)
    return times


def test_hounsfield_units_go_through_the_window(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    path = save(body)
    volume = read_volume(path)
    assert not volume.windowed
    pictures = dict(slices(volume, window_of("mediastinum")))
    assert list(pictures) == list(range(6))
    # 100: (100 + 160) / 400 * 255 = 165.75; 200: 229.5; -1000: black.
    assert pictures[0][1].tolist() == [166, 0, 0, 0]
    assert pictures[0][0].tolist() == [230, 230, 230, 230]


def test_slope_and_intercept_of_the_header_count(
    body: NDArray[np.int16], save: Callable[..., Path], tmp_path: Path
) -> None:
    image = nibabel.Nifti1Image(((body + 1024) // 4).astype(np.uint16), np.eye(4))
    image.header.set_slope_inter(4, -1024)
    nibabel.save(image, tmp_path / "scaled.nii.gz")
    found = opened(tmp_path / "scaled.nii.gz").plane(0)
    assert found[1].tolist() == [100, -1000, -1000, -1000]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_grey_from_0_to_255_is_left_as_it_is(save: Callable[..., Path], dtype: Any) -> None:
    voxels = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype) * 11
    volume = read_volume(save(voxels))
    assert volume.windowed
    found = np.stack([picture for _, picture in slices(volume, LUNG)])
    np.testing.assert_array_equal(found, voxels[::-1, ::-1].transpose(2, 1, 0).astype(np.uint8))


def test_values_that_are_neither_are_refused(save: Callable[..., Path]) -> None:
    voxels = np.arange(24).reshape(2, 3, 4).astype(np.int16) * 100
    with pytest.raises(StudyError, match="from 0 to 2300: neither Hounsfield"):
        read_volume(save(voxels))


@pytest.mark.parametrize(
    ("voxels", "words"),
    [
        (np.full((3, 3, 3), -1000, np.int16), "all voxels are -1000"),
        (np.full((3, 3, 3), np.nan, np.float32), "no voxel is a number"),
        (np.zeros((3, 3, 1), np.int16), "a volume of one slice"),
        (np.zeros((3, 3, 3, 2), np.int16), "4-D, 3 x 3 x 3 x 2"),
        (np.zeros((3, 3), np.int16), "2-D"),
        (np.zeros((3, 3, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "kind RGB"),
        (np.zeros((3, 3, 3), np.complex64), "kind complex"),
    ],
    ids=["constant", "nan", "one slice", "4-D", "2-D", "RGB", "complex"],
)
def test_what_is_no_scan_is_refused(
    save: Callable[..., Path], voxels: NDArray[Any], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        read_volume(save(voxels))


def test_a_fourth_axis_of_one_is_none(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    assert read_volume(save(body[..., None])).shape == (6, 5, 4)


def test_a_slice_with_nan_is_refused_and_the_others_go_on(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    voxels = body.astype(np.float32)
    voxels[0, 0, 2] = np.nan
    found = opened(save(voxels))
    assert found.plane(1).shape == (5, 4)
    with pytest.raises(StudyError, match="slice 2: 1 voxels are no number"):
        found.plane(2)


def test_a_slice_that_is_not_there_is_refused(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    with pytest.raises(StudyError, match="no slice 6; it has 0 to 5"):
        opened(save(body)).plane(6)


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.999])
def test_a_truncated_file_is_told(save: Callable[..., Path], kept: float) -> None:
    noise = np.random.default_rng(0).integers(-1000, 500, (20, 20, 20)).astype(np.int16)
    path = save(noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(StudyError, match="truncated or damaged"):
        read_volume(path)


def test_a_damaged_byte_is_told(save: Callable[..., Path]) -> None:
    noise = np.random.default_rng(0).integers(-1000, 500, (20, 20, 20)).astype(np.int16)
    path = save(noise)
    data = bytearray(gzip.decompress(path.read_bytes()))
    packed = bytearray(gzip.compress(bytes(data)))
    packed[-6] ^= 1  # in the checksum
    path.write_bytes(packed)
    with pytest.raises(StudyError, match="truncated or damaged"):
        read_volume(path)


def test_a_truncated_file_that_is_not_packed_is_told(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    path = save(body, "scan.nii")
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(StudyError, match="truncated"):
        read_volume(path)


def test_a_header_that_promises_more_than_a_file_can_hold_takes_no_memory(
    save: Callable[..., Path], body: NDArray[np.int16]
) -> None:
    path = save(body)
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()  # dim[1..3]
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(StudyError, match="promises 54000000000000 bytes"):
        read_volume(path)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.txt"])
def test_what_is_no_nifti_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no volume")
    with pytest.raises(StudyError, match=r"NIfTI|no volume"):
        read_volume(tmp_path / name)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_volume(tmp_path / "none.nii.gz")


def test_a_packed_volume_is_decompressed_once_whatever_reads_it(
    body: NDArray[np.int16], save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = counted(monkeypatch)
    path = save(body)
    volume = read_volume(path)
    for index in range(6):
        decode(within(path, f"z={index:03d},window=lung"))
    assert len(list(slices(volume, LUNG))) == 6
    assert len(times) == 1
    read_volume(save(body, "other.nii.gz"))  # one scan at a time
    decode(within(path, "z=000"))
    assert len(times) == 3


def test_many_threads_decompress_it_once(
    body: NDArray[np.int16], save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = counted(monkeypatch)
    path = save(body)
    found: list[NDArray[Any]] = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(opened(path).plane(i)))
        for i in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(times), len(found)) == (1, 6)


def test_a_file_written_anew_is_read_anew(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    path = save(body)
    assert opened(path).plane(0)[0, 0] == 200
    assert opened(save(np.where(body == 200, 250, body).astype(np.int16))).plane(0)[0, 0] == 250


def test_only_slices_that_are_asked_for_are_read_of_an_unpacked_volume(
    body: NDArray[np.int16], save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    alone = nifti.Stored.plane

    def count(self: nifti.Stored, index: int) -> NDArray[Any]:
        asked.append(index)
        return alone(self, index)

    monkeypatch.setattr(nifti.Stored, "plane", count)
    path = save(body, "scan.nii")
    read_volume(path)
    assert asked == [3]  # the middle one tells the units
    opened(path).plane(1)
    assert asked == [3, 1]


def test_memory_stays_below_two_volumes(save: Callable[..., Path]) -> None:
    voxels = np.random.default_rng(0).integers(-1000, 500, (128, 128, 80)).astype(np.int16)
    path = save(voxels)
    stored = voxels.nbytes
    del voxels
    nibabel.load(path)  # what importing takes is not counted
    close_all()
    tracemalloc.start()
    seen = sum(1 for _ in slices(read_volume(path), LUNG))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 80
    assert peak < 1.5 * stored


def test_a_mask_is_whole_numbers(body: NDArray[np.int16], save: Callable[..., Path]) -> None:
    volume = read_volume(save(body))
    marks = np.zeros(body.shape, np.float64)
    marks[..., 3] = 1.0
    marks[..., 4] = 2.0
    mask = read_mask(save(marks, "mask.nii.gz"), volume)
    found = {index: set(np.unique(plane).tolist()) for index, plane in labels(mask)}
    assert found == {0: {0}, 1: {0}, 2: {0}, 3: {1}, 4: {2}, 5: {0}}


def test_a_scan_given_as_a_mask_is_refused(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    with pytest.raises(StudyError, match="is it the scan"):
        opened(save(body), kind="mask").labels(0)


def test_a_slice_has_a_name_that_a_manifest_may_list(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    path = save(body)
    volume = read_volume(path)
    named = volume.name_of(2, window_of("40:400"))
    assert named.name == "scan.nii.gz#z=002,window=40:400"
    assert (file_of(named), parted(named)[1]) == (path, "z=002,window=40:400")
    pixels = decode(named)
    assert pixels.dtype == np.float32
    assert pixels[1].tolist() == [np.float32(166) / np.float32(255), 0, 0, 0]


def test_a_mask_s_slice_is_black_and_white_and_may_be_of_one_label(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    marks = np.zeros(body.shape, np.uint8)
    marks[0], marks[1] = 1, 3
    path = save(marks, "mask.nii.gz")
    whole, third = (decode(within(path, f"z=000,{word}")) for word in ("mask", "mask=3"))
    assert whole[0].tolist() == [0, 0, 1, 1]  # the patient's left is the last column
    assert third[0].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("z=9", "no slice 9"),
        ("z=1,colour=red", "'colour=red' after #"),
        ("window=lung", "#z=000"),
    ],
)
def test_a_wrong_name_of_a_slice_is_told(
    body: NDArray[np.int16], save: Callable[..., Path], words: str, found: str
) -> None:
    with pytest.raises(StudyError, match=found):
        decode(within(save(body), words))


def test_a_whole_volume_is_no_picture(
    body: NDArray[np.int16], save: Callable[..., Path]
) -> None:
    with pytest.raises(StudyError, match="leanlung data slices"):
        decode(save(body))


def test_a_file_of_such_a_name_is_meant_as_it_stands(tmp_path: Path) -> None:
    odd = tmp_path / "film#z=1.png"
    assert parted(odd) == (tmp_path / "film", "z=1.png")
    odd.write_bytes(b"")
    assert parted(odd) == (odd, "")
