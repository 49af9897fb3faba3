"""The data of a run are read, prepared and split, or refused with the reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung.foundations.errors import DataRefused, StudyError, UsageError
from leanlung.runs import Recipe, Silent, read_recipe
from leanlung.runs.gathering import Gathered, gather


def gathered(
    recipe_file: Path, data: Path | None, *changes: str, allow: bool = False
) -> Gathered:
    recipe: Recipe = read_recipe(recipe_file, changes)
    out = recipe_file.parent / "out"
    return gather(recipe, data, out, allow=allow, progress=Silent())


def doubled(films: Path, new_patient: bool) -> None:
    """Add a copy of every film of class upper, under its own or a new patient."""
    manifest = films / "manifest.csv"
    lines = manifest.read_text().splitlines()
    for line in lines[1:]:
        name, label, patient, *rest = line.split(",")
        if label == "upper":
            copy = name.replace(".png", "-again.png")
            (films / copy).write_bytes((films / name).read_bytes())
            owner = f"{patient}-x" if new_patient else patient
            lines.append(",".join([copy, label, owner, *rest]))
    manifest.write_text("\n".join(lines) + "\n")


def test_no_patient_is_in_two_parts(films: Path, recipe_file: Path) -> None:
    found = gathered(recipe_file, films)
    parts: dict[str, set[str]] = {}
    for study in found.cohort.studies:
        parts.setdefault(study.patient_id, set()).add(found.parts[study.study_id])
    assert all(len(where) == 1 for where in parts.values())
    told = found.as_dict()
    assert (told["studies"], told["patients"], told["made_up"]) == (60, 30, False)
    assert sum(sum(part["studies"].values()) for part in told["parts"].values()) == 60
    assert told["confounding"]["sources"] == ["A", "B"]


def test_rows_point_at_each_studys_own_image(films: Path, recipe_file: Path) -> None:
    found = gathered(recipe_file, films, "pixels.size=48")
    for study in found.cohort.studies[::7]:
        expected = np.asarray(Image.open(study.image))
        assert np.array_equal(found.images[found.rows[study.study_id]].numpy(), expected)


def test_the_fingerprint_follows_content_and_not_place(films: Path, recipe_file: Path) -> None:
    first = gathered(recipe_file, films).fingerprint
    films.rename(films.with_name("moved"))
    moved = films.with_name("moved")
    assert gathered(recipe_file, moved).fingerprint == first
    Image.fromarray(np.zeros((48, 48), dtype=np.uint8) + 7).save(moved / "films/003-1.png")
    assert gathered(recipe_file, moved).fingerprint != first


def test_the_same_film_under_two_patients_is_refused(films: Path, recipe_file: Path) -> None:
    doubled(films, new_patient=True)
    with pytest.raises(
        DataRefused, match=r"(?s)leaks between the parts .*are the same picture"
    ) as e:
        gathered(recipe_file, films)
    assert e.value.exit_code == 3
    assert "--allow" in str(e.value)


def test_leaks_may_be_allowed_and_are_remembered(films: Path, recipe_file: Path) -> None:
    doubled(films, new_patient=True)
    found = gathered(recipe_file, films, allow=True)
    assert found.leaks
    assert found.as_dict()["leaks_allowed"][0]["kind"] == "identical"


def test_look_alike_patients_may_be_kept_together(films: Path, recipe_file: Path) -> None:
    doubled(films, new_patient=True)
    assert gathered(recipe_file, films, "split.look_alikes=together").leaks == ()


def test_copies_of_one_patient_are_no_leak(films: Path, recipe_file: Path) -> None:
    doubled(films, new_patient=False)
    assert gathered(recipe_file, films).leaks == ()


def test_a_film_saved_again_at_another_size_is_refused(films: Path, recipe_file: Path) -> None:
    doubled(films, new_patient=True)
    for path in (films / "films").glob("*-again.png"):
        Image.open(path).resize((40, 40)).save(path.with_suffix(".jpg"), quality=60)
    manifest = films / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("-again.png", "-again.jpg"))
    with pytest.raises(DataRefused, match="are nearly the same picture"):
        gathered(recipe_file, films)


def test_a_given_split_with_a_shared_patient_is_refused(films: Path, recipe_file: Path) -> None:
    manifest = films / "manifest.csv"
    head, *rows = manifest.read_text().splitlines()
    parts = ["train", "validation", "test"]
    given = [f"{row},{parts[n % 3]}" for n, row in enumerate(rows)]
    manifest.write_text("\n".join([head + ",split", *given]) + "\n")
    with pytest.raises(DataRefused, match="share a patient"):
        gathered(recipe_file, films, "split.by=manifest")


def test_a_given_split_is_taken(films: Path, recipe_file: Path) -> None:
    manifest = films / "manifest.csv"
    head, *rows = manifest.read_text().splitlines()
    parts = ["train", "train", "validation", "validation", "test", "test"]
    given = [f"{row},{parts[(n // 2) % 6]}" for n, row in enumerate(rows)]
    manifest.write_text("\n".join([head + ",split", *given]) + "\n")
    found = gathered(recipe_file, films, "split.by=manifest")
    assert [found.parts[s.study_id] for s in found.cohort.studies[:12:2]] == parts


def test_a_few_bad_images_are_listed_and_the_run_goes_on(
    films: Path, recipe_file: Path
) -> None:
    bad = films / "films/004-0.png"
    bad.write_bytes(bad.read_bytes()[:200])
    (films / "films/005-0.png").unlink()
    found = gathered(recipe_file, films)
    told = {Path(one["image"]).name: one["reason"] for one in found.as_dict()["unreadable"]}
    assert set(told) == {"004-0.png", "005-0.png"}
    assert "004-0.png" in told["004-0.png"]
    assert len(found.cohort.studies) == 58
    assert len(set(found.rows.values())) == 58


def test_too_many_bad_images_stop_the_run(films: Path, recipe_file: Path) -> None:
    for number in range(4):
        (films / f"films/00{number}-0.png").write_bytes(b"no image")
    with pytest.raises(
        StudyError, match=r"4 of 60 images cannot be used, more than the 5 %"
    ) as e:
        gathered(recipe_file, films)
    assert "000-0.png" in str(e.value)
    assert gathered(recipe_file, films, "data.bad_images=0.1").cohort.unreadable


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('data.classes=["upper", "louwer"]', r"class 'louwer'.*did you mean 'lower'\?"),
        ('data.leave_out=["sideways"]', "names class 'sideways'"),
    ],
)
def test_classes_that_are_not_there_are_refused(
    films: Path, recipe_file: Path, change: str, told: str
) -> None:
    with pytest.raises(StudyError, match=told):
        gathered(recipe_file, films, change)


def test_a_label_without_a_class_is_refused_unless_left_out(
    films: Path, recipe_file: Path
) -> None:
    manifest = films / "manifest.csv"
    text = manifest.read_text().replace("028-0.png,upper", "028-0.png,uper")
    manifest.write_text(text)
    with pytest.raises(StudyError, match=r"'uper' \(1 studies\) is no class of the recipe"):
        gathered(recipe_file, films)
    found = gathered(recipe_file, films, 'data.leave_out=["uper"]')
    assert found.left_out == {"uper": 1}


def test_a_patient_of_two_classes_is_allowed_and_told(films: Path, recipe_file: Path) -> None:
    manifest = films / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("000-1.png,upper", "000-1.png,lower"))
    found = gathered(recipe_file, films)
    assert found.as_dict()["patients_of_several_classes"] == ["p000"]


def test_images_of_unknown_patients_are_counted(films: Path, recipe_file: Path) -> None:
    for label in ("upper", "lower"):
        (films / label).mkdir()
    rows = (films / "manifest.csv").read_text().splitlines()[1:]
    for row in rows:
        name, label, *_ = row.split(",")
        (films / name).rename(films / label / Path(name).name)
    (films / "films").rmdir()
    (films / "manifest.csv").unlink()
    assert gathered(recipe_file, films).as_dict()["patients_unknown"] == 60


def test_without_data_one_is_told_to_give_some(recipe_file: Path) -> None:
    with pytest.raises(UsageError, match="give their folder with --data"):
        gathered(recipe_file, None)


def test_phantoms_need_no_data_and_are_stamped(recipe_file: Path) -> None:
    found = gathered(
        recipe_file,
        None,
        "data.phantoms.patients=24",
        "data.phantoms.size=64",
        'data.classes=["normal", "lobar_consolidation", "ground_glass"]',
    )
    assert found.as_dict()["made_up"] is True
    assert len(found.cohort.patients) == 24
