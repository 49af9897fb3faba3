"""RSNA 2018's annotations as RSNA gives them itself: one MD.ai project in JSON.

::

    labelGroups: [{name: "Calculated", labels: [{id, name: "Lung Opacity"}, …]}, …]
    datasets:    [{annotations: [{SOPInstanceUID, labelId, data: {x, y, width, height}}, …]}]

The group ``Calculated`` is the verdict of all readers; groups of the teams are what each saw.
An image that has no verdict has no label; some were marked ``Exclude`` by a reader.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

NAME = r"pneumonia-challenge-annotations-adjudicated[^/]*\.json"
_VERDICT = "calculated"


@dataclass
class Annotations:
    """What is told of images, by their SOPInstanceUID.

    Attributes:
        classes: The archive's words, each once; an image should have one.
        boxes: As ``x y width height``.
        excluded: Images that a reader marked ``Exclude``.
    """

    classes: dict[str, list[str]] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)


def read_annotations(path: Path) -> Annotations:
    """Read the verdicts.

    Raises:
        StudyError: If the file cannot be read, or is no such project.
    """
    try:
        project = json.loads(path.read_bytes())
        names = {
            label["id"]: (group["name"].casefold(), label["name"])
            for group in project["labelGroups"]
            for label in group["labels"]
        }
        given = [one for part in project["datasets"] for one in part["annotations"]]
        return _sorted_out(given, names)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); get the archive again"
        raise StudyError(msg) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path}: not the archive's annotations; labelGroups and datasets were expected"
        raise StudyError(msg) from error


def _sorted_out(given: list[dict[str, Any]], names: dict[str, tuple[str, str]]) -> Annotations:
    told = Annotations()
    for one in given:
        image = one.get("SOPInstanceUID")
        group, name = names[one["labelId"]]
        if not image:  # said of a study as a whole
            continue
        if group == _VERDICT:
            words = told.classes.setdefault(image, [])
            words += [name] if name not in words else []
            if box := one.get("data"):
                edges = (box[edge] for edge in ("x", "y", "width", "height"))
                told.boxes.setdefault(image, []).append(" ".join(f"{edge:g}" for edge in edges))
        elif name.casefold() == "exclude":
            told.excluded.add(image)
    return told
