"""Class folders: one folder a class, with its images in it.

root/covid/1.png                     patient unknown: every image counts as one
root/covid/patient-7/first.dcm       patient-7 of class covid, with as many images as lie there
root/covid/images/1.png              patient unknown; its lung mask is root/covid/masks/1.png
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES = {".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".tif", ".tiff", ".bmp", ""}
_SUFFIXES |= {".jpe", ".jfif", ".dib", ".ima"}
# Pictures that are not read: listed all the same, to be told as unreadable.
_SUFFIXES |= {".gif", ".webp", ".heic", ".jp2", ".nii", ".npy"}
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}


def read_folders(root: Path) -> Cohort:
    """List every image below class folders; no image is opened.

    A folder inside a class folder is a patient; images that lie in the class folder itself
    have no known patient, and each counts as a patient of its own. So do those in a folder
    ``images``, whose lung masks lie beside it in ``masks`` under the same name, whatever the
    suffix. Names that start with a dot, ``__MACOSX`` and files that are no images (by their
    suffix) are passed over. Links are followed; one that leads nowhere is kept, to be told as
    unreadable.

    Args:
        root: Its sub-folders are the classes.

    Returns:
        The cohort, classes and images in alphabetical order.

    Raises:
        StudyError: If there is no folder, the folders are parts of a split, a class folder has
            no image, images lie deeper than one folder below their class, a mask belongs to no
            image or to several, or a name is not UTF-8.
    """
    if not root.is_dir():
        msg = f"{root}: no such folder; one with a sub-folder for each class was expected"
        raise StudyError(msg)
    folders = [entry for entry in _entries(root) if entry.is_dir()]
    if not folders:
        msg = (
            f"{root}: neither a manifest (cohort.csv, manifest.csv or metadata.csv) nor a "
            "sub-folder for each class is there"
        )
        raise StudyError(msg)
    names = [folder.name for folder in folders]
    if _PARTS.issuperset(name.lower() for name in names):
        msg = (
            f"{root}: the folders {names} are parts of a split, and classes were expected; put "
            "each class into one folder, or write a manifest with a column 'split'"
        )
        raise StudyError(msg)
    studies: list[Study] = []
    for folder in folders:
        images = _images(folder)
        masks = _lung_masks(folder, images)
        if not images:
            msg = f"{folder}: class {folder.name!r} is empty; add images or remove the folder"
            raise StudyError(msg)
        studies += [_study(path, folder, root, masks) for path in images]
    return Cohort(root.resolve().name, tuple(names), tuple(studies))


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not _passed_over(path.name))


def _images(folder: Path) -> list[Path]:
    """List what lies in a class and in its patients; refuse what lies deeper."""
    images = []
    for entry in _entries(folder):
        if _is_folder(entry, "masks"):
            continue
        for path in _entries(entry) if entry.is_dir() else [entry]:
            if path.is_dir():
                _require_no_image_in(path, folder)
            elif _is_image(path):
                images.append(path)
    return images


def _lung_masks(folder: Path, images: list[Path]) -> dict[Path, Path]:
    """Match what lies in ``masks`` to the images by name."""
    with_masks = [path for path in images if _is_folder(path.parent, "images")]
    by_name = {path.stem: path for path in with_masks}
    times = Counter(path.stem for path in with_masks)
    found: dict[Path, Path] = {}
    for entry in (entry for entry in _entries(folder) if _is_folder(entry, "masks")):
        if not by_name:
            msg = f"{entry}: masks, but no folder 'images' beside them holds an image"
            raise StudyError(msg)
        for mask in filter(_is_image, _entries(entry)):
            if mask.stem not in by_name:
                msg = f"{mask}: no image of the name {mask.stem!r} in {folder / 'images'}"
                raise StudyError(msg)
            if times[mask.stem] > 1 or by_name[mask.stem] in found:
                msg = (
                    f"{folder}: several files are named {mask.stem!r} in 'images' or in "
                    "'masks', whatever their suffix; one of each was expected; rename or "
                    "remove the others"
                )
                raise StudyError(msg)
            found[by_name[mask.stem]] = mask
    return found


def _is_folder(entry: Path, name: str) -> bool:
    return entry.name.lower() == name and entry.is_dir()


def _require_no_image_in(deep: Path, folder: Path) -> None:
    for path in sorted(deep.rglob("*")):
        inside = path.relative_to(folder).parts
        if _is_image(path) and not path.is_dir() and not any(map(_passed_over, inside)):
            msg = (
                f"{path}: lies {len(inside) - 1} folders below its class {folder.name!r}; "
                "class/image or class/patient/image was expected; write a manifest for others"
            )
            raise StudyError(msg)


def _passed_over(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _is_image(path: Path) -> bool:
    # Files of hospital archives often end in a UID, whose last part is digits.
    suffix = path.suffix.lower()
    return suffix in _SUFFIXES or suffix[1:].isdigit() or path.name.lower().endswith(".nii.gz")


def _study(path: Path, folder: Path, root: Path, masks: dict[Path, Path]) -> Study:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        msg = f"{name!r} below {root}: this name is not UTF-8 and fits no manifest; rename it"
        raise StudyError(msg) from None
    if path.parent == folder or _is_folder(path.parent, "images"):
        return Study(name, name, path, folder.name, "image_only", masks.get(path))
    return Study(name, path.parent.name, path, folder.name, patient_id_confidence="derived")
