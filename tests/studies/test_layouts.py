"""What --data gives is read as a manifest where there is one, else as class folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives import ARCHIVES
from leanlung.studies.layouts import LAYOUTS, MANIFESTS, read_cohort

TEXT = "image_path,label,patient_id\nfilms/1.png,covid,ann\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Class folders of one image each, so that either layout finds something."""
    for name in ("films/1.png", "more/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("layout", ["auto", "folders"])
def test_without_a_manifest_folders_are_classes(archive, layout):
    assert read_cohort(archive, layout=layout).classes == ("films", "more")


@pytest.mark.parametrize("layout", ["auto", "manifest"])
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_of_a_usual_name_is_found(archive, name, layout):
    (archive / name).write_text(TEXT)
    cohort = read_cohort(archive, layout=layout)
    assert cohort.classes == ("covid",)
    assert cohort.studies[0].image == archive / "films" / "1.png"


def test_of_several_manifests_the_one_a_run_writes_comes_first(archive):
    for name in reversed(MANIFESTS):
        (archive / name).write_text(TEXT.replace("covid", Path(name).stem))
    assert read_cohort(archive).classes == ("cohort",)


def test_folders_can_be_asked_for_in_spite_of_a_manifest(archive):
    (archive / "cohort.csv").write_text(TEXT)
    assert read_cohort(archive, layout="folders").classes == ("films", "more")


@pytest.mark.parametrize("layout", ["auto", "manifest"])
def test_the_manifest_itself_may_be_given(archive, layout):
    (archive / "odd name.csv").write_text(TEXT)
    cohort = read_cohort(archive / "odd name.csv", layout=layout)
    assert cohort.name == "odd name"
    assert cohort.studies[0].image.is_file()


@pytest.mark.parametrize("layout", ["auto", "manifest"])
@pytest.mark.parametrize("manifest", ["lists/2020.csv", "lists"])
def test_a_manifest_named_by_a_recipe_is_looked_for_below_the_data(archive, manifest, layout):
    (archive / "lists").mkdir()
    for name in ("2020.csv", "cohort.csv"):
        (archive / "lists" / name).write_text(TEXT)
    cohort = read_cohort(archive, manifest, layout)
    assert cohort.studies[0].image == archive / "films" / "1.png"


def test_paths_in_it_may_be_meant_from_the_data_folder(archive):
    (archive / "a" / "b").mkdir(parents=True)
    (archive / "a" / "b" / "m.csv").write_text(TEXT)
    [study] = read_cohort(archive, "a/b/m.csv").studies
    assert study.image == archive / "films" / "1.png"


def test_data_that_are_not_there_are_named(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_cohort(tmp_path / "gone")
    assert str(caught.value) == (
        f"{tmp_path / 'gone'}: no such file or folder; give the images' folder with --data"
    )


def test_a_manifest_that_is_not_there_is_named(archive):
    with pytest.raises(StudyError, match=r"lists/2020\.csv: no such file"):
        read_cohort(archive, "lists/2020.csv")


def test_a_manifest_asked_for_where_there_is_none_says_which_names_were_looked_for(archive):
    with pytest.raises(StudyError) as caught:
        read_cohort(archive, layout="manifest")
    assert str(caught.value) == (
        f"{archive}: no manifest in this folder; cohort.csv, manifest.csv or metadata.csv was "
        "expected, or one named by data.manifest in the recipe"
    )


@pytest.mark.parametrize(("told", "named"), [(["films"], "films"), ([], "")])
def test_a_folder_that_may_not_be_read_is_named(archive, monkeypatch, told, named):
    def forbid(folder: Path) -> list[Path]:
        if folder == archive:
            return [archive / "films"]
        raise PermissionError(13, "Permission denied", *(str(archive / name) for name in told))

    monkeypatch.setattr(Path, "iterdir", forbid)
    with pytest.raises(StudyError) as caught:
        read_cohort(archive)
    assert str(caught.value) == (
        f"{archive / named}: cannot be read (Permission denied); ask its owner"
    )


def test_an_unknown_layout_is_refused_with_what_was_probably_meant(archive):
    with pytest.raises(StudyError) as caught:
        read_cohort(archive, layout="folder")
    assert str(caught.value) == (
        f"no layout 'folder'; there are {sorted(['auto', *LAYOUTS])}; did you mean 'folders'?"
    )


def test_every_layout_says_in_a_line_what_it_reads():
    assert set(LAYOUTS) == {"manifest", "folders", *ARCHIVES}
    assert all(layout.about and "\n" not in layout.about for layout in LAYOUTS.values())
