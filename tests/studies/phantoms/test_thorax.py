"""Made-up CT: the Hounsfield units asked for, where masks say they are, and real files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax, make_ct

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.studies.phantoms import Thorax

SPEC = ThoraxSpec(patients=3, slices=(24, 30), size=96)


@pytest.fixture(scope="module")
def thorax() -> Thorax:
    return draw_thorax(Seeds(0), 0, SPEC)


def test_lung_is_air_and_lesions_are_denser_and_inside_it(thorax: Thorax) -> None:
    lungs = thorax.lungs > 0
    healthy = thorax.hounsfield[lungs & ~thorax.infection]
    assert np.median(healthy) == pytest.approx(-850, abs=10)
    assert np.median(thorax.hounsfield[thorax.infection]) > -700
    assert thorax.infection.any()
    assert not (thorax.infection & ~lungs).any()
    assert np.median(thorax.hounsfield[:, :3]) == pytest.approx(-1000, abs=10)


def test_label_1_is_the_left_lung_at_the_picture_s_right(thorax: Thorax) -> None:
    columns = [np.flatnonzero((thorax.lungs == label).any((0, 1))).mean() for label in (1, 2)]
    assert columns[0] > 48 > columns[1]


def test_some_slices_show_no_lung_some_clear_lung_and_some_lesions(thorax: Thorax) -> None:
    lungs, sick = thorax.lungs.any((1, 2)), thorax.infection.any((1, 2))
    assert not lungs.all()
    assert (lungs & ~sick).any()
    assert sick.any()


def test_a_patient_does_not_change_when_others_are_added(thorax: Thorax) -> None:
    from dataclasses import replace

    again = draw_thorax(Seeds(0), 0, replace(SPEC, patients=9))
    np.testing.assert_array_equal(again.hounsfield, thorax.hounsfield)
    other = draw_thorax(Seeds(0), 1, SPEC)
    assert len({len(draw_thorax(Seeds(0), n, SPEC).lungs) for n in range(3)}) > 1
    assert other.spacing[0] == pytest.approx(240 / len(other.lungs))


def test_nobody_is_sick_where_nobody_shall_be() -> None:
    well = ThoraxSpec(patients=1, slices=(4, 4), size=48, sick=0.0)
    assert not draw_thorax(Seeds(0), 0, well).infection.any()


def test_files_say_that_they_are_made_up_and_where_they_lie(tmp_path: Path) -> None:
    folder = make_ct(tmp_path / "ct", ThoraxSpec(patients=3, slices=(4, 6), size=48))
    scan = nibabel.load(folder / "ct_scans/coronacases_org_001.nii.gz")
    grey = nibabel.load(
        folder / "ct_scans/radiopaedia_org_covid-19-pneumonia-3_80003_1-dcm.nii.gz"
    )
    assert bytes(scan.header["descrip"].tobytes()).startswith(b"made up")
    assert nibabel.aff2axcodes(scan.affine) == ("L", "P", "S")
    assert nibabel.aff2axcodes(grey.affine) == ("R", "A", "S")
    assert (scan.get_data_dtype(), grey.get_data_dtype()) == (np.int16, np.uint8)
    # Both scanners' middle slice column lies over the world's origin.
    for image in (scan, grey):
        middle = [(side - 1) / 2 for side in image.shape[:2]]
        assert (image.affine @ (*middle, 0, 1))[:2] == pytest.approx([0, 0], abs=1e-3)


def test_an_archive_is_taken_as_it_is_or_refused(tmp_path: Path) -> None:
    spec = ThoraxSpec(patients=1, slices=(3, 3), size=32)
    folder = make_ct(tmp_path / "ct", spec)
    stamp = (folder / "ct_scans/coronacases_org_001.nii.gz").stat().st_mtime_ns
    make_ct(folder, spec)
    assert (folder / "ct_scans/coronacases_org_001.nii.gz").stat().st_mtime_ns == stamp
    with pytest.raises(StudyError, match="another specification"):
        make_ct(folder, ThoraxSpec(patients=2, slices=(3, 3), size=32))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("")
    with pytest.raises(StudyError, match="something else"):
        make_ct(tmp_path / "other", spec)


@pytest.mark.parametrize(
    "wrong",
    [{"patients": 0}, {"slices": (1, 3)}, {"slices": (5, 3)}, {"size": 8}, {"sick": 2.0}],
)
def test_an_impossible_specification_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match=next(iter(wrong))):
        ThoraxSpec(**wrong)
