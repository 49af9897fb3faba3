"""PneumoniaMNIST of MedMNIST: Kermany's films at 28 to 224 pixels, for trying things out.

::

    pneumoniamnist.npz  or  pneumoniamnist_64.npz, _128.npz, _224.npz
        train_images, train_labels, val_images, val_labels, test_images, test_labels

Images are (N, size, size) bytes, labels (N, 1): 0 normal, 1 pneumonia. They lie in one file, so
they are written out as PNG. No patient is known, and nothing says that training and validation
images are of different children: good for trying out, never for claims.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.ledger import Ledger
from leanlung.studies.archives.places import sight_of
from leanlung.studies.archives.sifting import CHILDREN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight

NAME = "medmnist"
LICENCE = "CC BY 4.0"
_FILE = r"pneumoniamnist(_\d+)?\.npz"
_PARTS = {"train": "train", "val": "validation", "test": "test"}
_LABELS = ("normal", "pneumonia")

_Part = tuple["NDArray[np.uint8]", "NDArray[np.generic]"]


def fits(sight: Sight) -> bool:
    """Tell the archive by its file."""
    return sight.has(_FILE)


def read(root: Path, asked: Asked) -> Ledger:
    """Write the images of a file below ``asked.images`` and list them.

    Raises:
        StudyError: If the file is missing, one of several or another, or there is no place.
    """
    if root.is_file() and not re.fullmatch(_FILE, root.name, re.IGNORECASE):
        msg = f"{root}: pneumoniamnist.npz was expected, or that with _64, _128 or _224"
        raise StudyError(msg)
    path = sight_of(root).need(_FILE, "pneumoniamnist.npz")
    if asked.images is None:
        msg = (
            f"{path}: holds all images in one file; index it with `leanlung data index`, which "
            "writes them beside the manifest"
        )
        raise StudyError(msg)
    from PIL import Image

    ledger = Ledger(NAME)
    side = 0
    for part, (images, labels) in _parts(path).items():
        folder = asked.images / path.stem / part
        folder.mkdir(parents=True, exist_ok=True)
        side = images.shape[1]
        for number, (image, label) in enumerate(zip(images, labels[:, 0], strict=True)):
            place = folder / f"{number:05d}.png"
            Image.fromarray(image).save(place)
            ledger.keep(
                f"{path.stem}/{part}/{number:05d}",
                place,
                _LABELS[int(label)],
                finding=f"label {int(label)}",
                modality="X-ray",
                view="AP",
                population=CHILDREN,
                source="kermany",
                license=LICENCE,
                archive_split=_PARTS[part],
            )
    ledger.note(
        f"{side} x {side} pixels, and no patient is known: for trying out, not for claims"
    )
    return ledger


def _parts(path: Path) -> dict[str, _Part]:
    try:
        # Opened here, as numpy leaves a file open that turns out to be broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            found = {part: (held[f"{part}_images"], held[f"{part}_labels"]) for part in _PARTS}
    except (OSError, ValueError, KeyError, EOFError) as error:
        msg = f"{path}: not a file of MedMNIST ({error}); get the archive again"
        raise StudyError(msg) from error
    except Exception as error:  # a broken zip raises errors of its own
        msg = f"{path}: damaged ({error}); get the archive again"
        raise StudyError(msg) from error
    for part, (images, labels) in found.items():
        shapes = f"{images.dtype} {images.shape} and labels {labels.shape}"
        sound = images.dtype == np.uint8 and images.ndim == 3 and len(images) == len(labels)
        if not sound or labels.shape[1:] != (1,) or not np.isin(labels, (0, 1)).all():
            msg = (
                f"{path}: {part} holds {shapes}; bytes of (N, size, size) and labels 0 or 1 of "
                "(N, 1) were expected"
            )
            raise StudyError(msg)
    return found
