"""DICOM series: order, gaps, mixtures, and each slice's own rescaling."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax, write_nifti, write_series
from leanlung.studies.pictures import decode
from leanlung.studies.volumes import LUNG, opened, read_mask, read_volume, slices, window_of

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.phantoms import Thorax

SPEC = ThoraxSpec(slices=(6, 6), size=32)


@pytest.fixture(scope="module")
def thorax() -> Thorax:
    return draw_thorax(Seeds(1), 0, SPEC)


@pytest.fixture(scope="module")
def written(thorax: Thorax, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series") / "one"
    write_series(folder, thorax, patient="p-7")
    return folder


@pytest.fixture
def series(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "one")


def change(folder: Path, name: str, **tags: object) -> None:
    one = pydicom.dcmread(folder / name)
    for tag, value in tags.items():
        setattr(one, tag, value)
    one.save_as(folder / name)


def test_slices_come_in_the_order_of_their_places_not_of_their_names(
    series: Path, thorax: Thorax
) -> None:
    volume = read_volume(series)
    assert (volume.shape, volume.patient) == ((6, 32, 32), "p-7")
    assert volume.spacing == pytest.approx(thorax.spacing)
    assert volume.made_up
    assert not volume.windowed
    found = np.stack([opened(series).plane(index) for index in range(6)])
    np.testing.assert_array_equal(found, thorax.hounsfield)
    assert volume.files[0].name == "1-006.dcm"  # the first file is of the head


def test_a_series_and_a_nifti_file_of_one_scan_are_the_same_pictures(
    series: Path, thorax: Thorax, tmp_path: Path
) -> None:
    write_nifti(tmp_path / "scan.nii.gz", thorax.hounsfield, thorax.spacing)
    first = dict(slices(read_volume(series), LUNG))
    second = dict(slices(read_volume(tmp_path / "scan.nii.gz"), LUNG))
    assert len(first) == 6
    for index, plane in second.items():
        np.testing.assert_array_equal(first[index], plane)


def test_a_nifti_mask_fits_a_series(series: Path, thorax: Thorax, tmp_path: Path) -> None:
    write_nifti(tmp_path / "lungs.nii.gz", thorax.lungs, (*thorax.spacing,), axes="RAS")
    volume = read_volume(series)
    mask = read_mask(tmp_path / "lungs.nii.gz", volume)
    np.testing.assert_array_equal(opened(mask.path, kind="mask").labels(3), thorax.lungs[3])


def test_one_file_of_a_series_is_named_with_its_window(series: Path) -> None:
    volume = read_volume(series)
    window = window_of("mediastinum")
    named = volume.name_of(2, window)
    assert named.name == "1-004.dcm#window=mediastinum"
    np.testing.assert_array_equal(np.rint(decode(named) * 255), dict(slices(volume, window))[2])


def test_rows_that_run_from_left_to_right_are_turned(series: Path, thorax: Thorax) -> None:
    for path in series.iterdir():
        one = pydicom.dcmread(path)
        x, y, z = one.ImagePositionPatient
        one.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
        one.ImagePositionPatient = [-x, -y, z]
        one.PixelData = one.pixel_array[::-1, ::-1].tobytes()
        one.save_as(path)
    np.testing.assert_array_equal(opened(series).plane(4), thorax.hounsfield[4])
    upright = decode(read_volume(series).name_of(4, LUNG))
    np.testing.assert_array_equal(
        np.rint(upright * 255), dict(slices(read_volume(series), LUNG))[4]
    )


def test_slope_and_intercept_are_each_slice_s_own(series: Path, thorax: Thorax) -> None:
    one = pydicom.dcmread(series / "1-002.dcm")
    one.PixelData = (one.pixel_array // 2).astype("<u2").tobytes()
    one.RescaleSlope = 2
    one.save_as(series / "1-002.dcm")
    volume = read_volume(series)
    assert volume.notes == ("slope or intercept differ: 2 pairs, each slice by its own",)
    assert np.abs(opened(series).plane(4) - thorax.hounsfield[4]).max() <= 1


def test_a_missing_slice_is_told_with_its_place(series: Path, thorax: Thorax) -> None:
    (series / "1-003.dcm").unlink()
    with pytest.raises(StudyError, match=r"80\.00 mm after 1-004\.dcm; 1 such gaps"):
        read_volume(series)
    assert thorax.spacing[0] == 40.0


def test_a_doubled_slice_is_told_with_both_files(series: Path) -> None:
    shutil.copy(series / "1-003.dcm", series / "copy.dcm")
    with pytest.raises(StudyError, match=r"twice \(1-003\.dcm and copy\.dcm\)"):
        read_volume(series)


def test_of_mixed_series_one_has_to_be_named(series: Path, thorax: Thorax) -> None:
    write_series(series, thorax, patient="p-7", series="22")
    with pytest.raises(StudyError, match=r"2 are there(.|\n)*2\.25\.1: 6 slices, made up 1"):
        read_volume(series)
    volume = read_volume(series, ".22")
    assert volume.series.endswith(".22")
    assert volume.notes == ("other series in its folder: 1",)
    with pytest.raises(StudyError, match="0 end in '9'"):
        read_volume(series, "9")


def test_other_files_in_the_folder_are_passed_over(series: Path) -> None:
    (series / "notes.txt").write_text("no DICOM")
    assert read_volume(series).shape[0] == 6


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"PixelSpacing": [3, 3]}, "another size, spacing or orientation"),
        ({"NumberOfFrames": 3}, "3 frames in one file"),
        ({"PixelSpacing": None}, "without place, orientation or spacing"),
    ],
)
def test_a_slice_that_does_not_fit_is_named(
    series: Path, tags: dict[str, Any], words: str
) -> None:
    change(series, "1-003.dcm", **tags)
    with pytest.raises(StudyError, match=f"1-003.dcm.*{words}"):
        read_volume(series)


def test_a_coronal_series_is_refused(series: Path) -> None:
    for number, path in enumerate(sorted(series.iterdir())):
        change(
            series,
            path.name,
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            ImagePositionPatient=[0, number * 5, 0],
        )
    with pytest.raises(StudyError, match="coronal or sagittal"):
        read_volume(series)


def test_an_empty_folder_and_a_series_of_one_are_refused(series: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="no DICOM image"):
        read_volume(tmp_path / "empty")
    for path in list(series.iterdir())[1:]:
        path.unlink()
    with pytest.raises(StudyError, match="one slice"):
        read_volume(series)


def test_pixels_that_are_cut_off_name_their_file(series: Path) -> None:
    data = (series / "1-003.dcm").read_bytes()
    (series / "1-003.dcm").write_bytes(data[:-500])
    with pytest.raises(StudyError, match=r"1-003\.dcm: DICOM pixel data"):
        opened(series).plane(3)


def test_a_colour_slice_is_refused(series: Path) -> None:
    change(series, "1-003.dcm", PhotometricInterpretation="RGB")
    with pytest.raises(StudyError, match="grey was expected"):
        opened(series).plane(3)
