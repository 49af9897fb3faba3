"""RSNA Pneumonia Detection Challenge 2018: adult radiographs of the NIH, read again.

::

    stage_2_train_labels.csv         patientId,x,y,width,height,Target   one row a box
    stage_2_detailed_class_info.csv  patientId,class                     one row a box too
    stage_2_train_images/<patientId>.dcm
    stage_2_test_images/<patientId>.dcm                                  no labels
    pneumonia-challenge-dataset-mappings_2018.json                       not in the archive

    <StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm          as RSNA gives it itself
    pneumonia-challenge-annotations-adjudicated-kaggle_2018.json         (`rsna_annotations`)

``patientId`` names an image, not a person. The mapping tells the NIH image of each
(``img_id``, such as ``00019124_092.png``), whose first eight digits are the patient; so ids are
those of `nih14`, and both archives can be joined. Without it every image counts as a patient.

Classes: ``Normal``, ``No Lung Opacity / Not Normal``, ``Lung Opacity``. Boxes are kept in the
attribute ``boxes`` as ``x y width height; …``. Sex, age and view stand in the DICOM headers,
which are read if pydicom is installed; pixels are not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.ledger import NOT_THERE, Ledger, refuse_names
from leanlung.studies.archives.places import by_stem, files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.archives.rsna_annotations import NAME as ANNOTATIONS
from leanlung.studies.archives.rsna_annotations import read_annotations
from leanlung.studies.archives.words import sex, years

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "rsna2018"
LICENCE = "RSNA challenge terms (NIH images)"
MAPPING = "pneumonia-challenge-dataset-mappings_2018.json"
MAPPING_AT = f"https://s3.amazonaws.com/east1.public.rsna.org/AI/2018/{MAPPING}"

_CLASSES = {
    "normal": "normal",
    "no lung opacity / not normal": "no_opacity_not_normal",
    "lung opacity": "lung_opacity",
}
_TARGETS = {"0": "no_lung_opacity", "1": "lung_opacity"}
_NIH = re.compile(r"(\d{8})_(\d{3})\.png")
_UID = re.compile(r"[0-9.]+")
_TEST = "test image: its label was not published"
_EXCLUDED = "no verdict: a reader marked it Exclude"
_NO_VERDICT = "no verdict of all readers"


def fits(sight: Sight) -> bool:
    """Tell the archive by one of its tables."""
    return sight.has(rf"stage_2_(train_labels|detailed_class_info)\.csv|{ANNOTATIONS}")


def read(root: Path, asked: Asked) -> Ledger:
    """Read the archive as Kaggle or as RSNA gives it; see the module for the names.

    Raises:
        StudyError: If a table is missing, an image is in two classes, or a file is unknown.
    """
    sight = sight_of(root)
    classes, boxes, unlabelled = _labels(sight)
    nih = read_mapping(asked.mapping or sight.find(re.escape(MAPPING)))
    files = by_stem(files_below(root))
    ledger = Ledger(NAME)
    strange = []
    for stem, path in files.items():
        if stem not in classes:
            if reason := unlabelled(path):
                ledger.leave(path.stem, reason)
            else:
                strange.append(path)
    refuse_names(
        NAME, strange, "<patientId>.dcm, with a row in stage_2_detailed_class_info.csv"
    )
    told = unmapped = 0
    for image, (finding, label) in classes.items():
        film = files.get(image)
        if film is None:
            ledger.leave(image, NOT_THERE)
            continue
        found = nih.get(image, "")
        unmapped += not found
        header = _header(film)
        told += bool(header)
        ledger.keep(
            image,
            film,
            label,
            patient=nih_patient(found),
            confidence="exact",
            finding=finding,
            modality="X-ray",
            license=LICENCE,
            nih_image=found,
            boxes="; ".join(boxes.get(image, [])),
            sex=header.get("sex", ""),
            age=header.get("age", ""),
            view=header.get("view", ""),
        )
    if unmapped:
        ledger.note(
            f"the patient is not known of {unmapped} images, and each counts as one: patientId "
            f"names an image; give --mapping with {MAPPING_AT}"
        )
    if ledger.studies and not told:
        ledger.note(
            "sex, age and view are in the DICOM headers, which were not read: no DICOM files, "
            'or no pydicom (pip install "leanlung[dicom]")'
        )
    return ledger


def read_mapping(path: Path | None) -> dict[str, str]:
    """Read the official mapping of image ids to NIH images.

    Args:
        path: The JSON file; nothing is known without it.

    Returns:
        ``img_id`` by ``subset_img_id`` in small letters, and by ``SOPInstanceUID``.

    Raises:
        StudyError: If it is not that file.
    """
    if path is None:
        return {}
    if path.suffix.lower() in {".pkl", ".pickle"}:
        msg = f"{path}: a pickle may run anything and is not read; take {MAPPING_AT}"
        raise StudyError(msg)
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_bytes())
        found = {str(e["subset_img_id"]).casefold(): str(e["img_id"]) for e in entries}
        found |= {str(e.get("SOPInstanceUID", "")): str(e["img_id"]) for e in entries}
        found.pop("", None)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); the mapping is at {MAPPING_AT}"
        raise StudyError(msg) from error
    except (ValueError, KeyError, TypeError) as error:
        msg = (
            f"{path}: not the mapping; a JSON list whose entries have subset_img_id and img_id "
            f"was expected, as at {MAPPING_AT}"
        )
        raise StudyError(msg) from error
    for image in found.values():
        nih_patient(image)
    return found


def nih_patient(image: str) -> str:
    """Give the patient of an NIH image, with prefix; blank for a blank.

    Examples:
        >>> nih_patient("00019124_092.png")
        'nih-00019124'

    Raises:
        StudyError: If it is no name of an NIH image.
    """
    if not image:
        return ""
    found = _NIH.fullmatch(image)
    if found is None:
        msg = f"{image!r} is no NIH image; 8 digits, _, 3 digits and .png were expected"
        raise StudyError(msg)
    return f"nih-{found[1]}"


_Labels = tuple[dict[str, tuple[str, str]], dict[str, list[str]], "Callable[[Path], str]"]


def _labels(sight: Sight) -> _Labels:
    """Give word and label of every image, its boxes, and why a file may have no label."""
    project = sight.find(ANNOTATIONS)
    if project is None or sight.has(r"stage_2_(train_labels|detailed_class_info)\.csv"):
        return _classes(sight), _boxes(sight), _of_kaggle
    told = read_annotations(project)
    classes: dict[str, tuple[str, str]] = {}
    for image, words in told.classes.items():
        if len(words) > 1 or words[0].casefold() not in _CLASSES:
            msg = f"{project}: {image} is {words}; one of {list(_CLASSES)} was expected"
            raise StudyError(msg)
        classes[image] = (words[0], _CLASSES[words[0].casefold()])

    def unlabelled(path: Path) -> str:
        if _UID.fullmatch(path.stem) is None:
            return ""
        return _EXCLUDED if path.stem in told.excluded else _NO_VERDICT

    return classes, told.boxes, unlabelled


def _of_kaggle(path: Path) -> str:
    return _TEST if "test" in path.parent.name.casefold() else ""


def _classes(sight: Sight) -> dict[str, tuple[str, str]]:
    """Give the archive's word and the label of every image of Kaggle's tables."""
    table = sight.find(r"stage_2_detailed_class_info\.csv")
    column, words = ("class", _CLASSES) if table else ("target", _TARGETS)
    if table is None:
        table = sight.need(r"stage_2_train_labels\.csv", "stage_2_detailed_class_info.csv")
    found: dict[str, tuple[str, str]] = {}
    for row in rows_of(table, "patientid", column):
        image, word = row["patientid"].casefold(), row[column]
        if word.casefold() not in words:
            msg = f"{table}: {column} {word!r} of {image}; one of {list(words)} was expected"
            raise StudyError(msg)
        label = words[word.casefold()]
        if found.setdefault(image, (word, label))[1] != label:
            msg = f"{table}: {image} is {found[image][0]!r} and {word!r}; get the archive again"
            raise StudyError(msg)
    return found


def _boxes(sight: Sight) -> dict[str, list[str]]:
    table = sight.find(r"stage_2_train_labels\.csv")
    found: dict[str, list[str]] = {}
    columns = ("x", "y", "width", "height")
    for row in rows_of(table, "patientid", *columns) if table else []:
        box = [row[name] for name in columns]
        if all(box):  # blank where Target is 0
            found.setdefault(row["patientid"].casefold(), []).append(" ".join(box))
    return found


def _header(path: Path) -> dict[str, str]:
    """Read sex, age and view from a DICOM header; nothing if that cannot be done."""
    if path.suffix.lower() not in {".dcm", ".dicom"}:
        return {}
    try:
        import pydicom
    except ImportError:
        return {}
    tags = ["PatientSex", "PatientAge", "ViewPosition"]
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
    except Exception:  # a damaged file is told when its pixels are read
        return {}
    # Taken as they stand: the ages of this archive lack the letter that DICOM asks for, and
    # pydicom would warn of every file.
    told = {name: _text(header.get_item(name)) for name in tags}
    return {
        "sex": sex(told["PatientSex"]),
        "age": years(told["PatientAge"]),
        "view": told["ViewPosition"],
    }


def _text(element: Any) -> str:  # noqa: ANN401 - of pydicom, which tells no types
    value = getattr(element, "value", "")
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
