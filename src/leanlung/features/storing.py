"""Storing: feature classifiers on disk, in the format of skops; nothing is pickled.

A file is a zip of ``schema.json`` and arrays. The same classifier gives the same bytes: what
skops names after places in memory is numbered, and no time is written down. Support vectors
that came from float32 features are stored as float32, without loss.
"""

from __future__ import annotations

import copy
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from leanlung.features.classifier import FeatureClassifier
from leanlung.features.intact import require_intact
from leanlung.features.scaling import Scaling
from leanlung.foundations.errors import BundleError
from leanlung.foundations.files import write_bytes
from leanlung.statistics.temperature import Temperature

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1

TRUSTED = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.bool",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.ndarray",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.svm._classes.SVC",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._tree.Tree",
    }
)
"""What a file may hold; `intact` looks at their numbers before they are used."""

_SCHEMA = "schema.json"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_LARGEST = 2**34
"""Bytes that a file may unpack to."""


def store_classifier(path: Path, classifier: FeatureClassifier) -> int:
    """Write a classifier, whole or not at all.

    Args:
        path: Customarily ends with ``.skops``.
        classifier: Model, scaling and calibration go into the one file.

    Returns:
        Bytes written.

    Raises:
        StorageError: If it cannot be written.
    """
    data = _packed(classifier)
    write_bytes(path, data)
    return len(data)


def bytes_of(classifier: FeatureClassifier) -> int:
    """Tell how many bytes `store_classifier` writes."""
    return len(_packed(classifier))


def restore_classifier(path: Path) -> FeatureClassifier:
    """Read a classifier.

    Args:
        path: What `store_classifier` wrote.

    Returns:
        A classifier that answers bit for bit as the stored one, with the same scikit-learn.

    Raises:
        BundleError: If the file is missing, damaged or of a newer format, holds anything that
            is not on our list, or numbers that do not belong together.
    """
    from skops.io import loads

    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); copy it again"
        raise BundleError(msg) from error
    try:
        foreign = _foreign(data)
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if foreign:
        msg = (
            f"{path}: holds {', '.join(foreign)}, which no feature classifier needs; the file "
            "is not from leanlung, or was changed: do not use it"
        )
        raise BundleError(msg)
    try:
        held = loads(data, trusted=["sklearn.tree._tree.Tree"])
        number = held["format"]
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if number != FORMAT:
        msg = f"{path}: of format {number}, this version reads {FORMAT}; update leanlung"
        raise BundleError(msg)
    try:
        found = _classifier(held)
        require_intact(found)
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return found


# What reading a damaged file may raise, from zip, JSON, numpy, skops and scikit-learn.
_DAMAGE = (
    zipfile.BadZipFile,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _damaged(path: Path, error: Exception) -> BundleError:
    reason = str(error).partition("\n")[0]
    return BundleError(
        f"{path}: not a whole feature classifier ({reason}); copy it again, or export it anew "
        "with the scikit-learn that is installed here"
    )


def _packed(classifier: FeatureClassifier) -> bytes:
    from skops.io import dumps

    scaling, calibration = classifier.scaling, classifier.calibration
    held = {
        "format": FORMAT,
        "kind": classifier.kind,
        "classes": classifier.classes,
        "features": classifier.features,
        "converged": classifier.converged,
        "model": _narrowed(classifier.model),
        "scaling": None
        if scaling is None
        else {"mean": scaling.mean, "spread": scaling.spread},
        "calibration": None if calibration is None else calibration.as_dict(),
    }
    return _canonical(dumps(held))


def _classifier(held: dict[str, Any]) -> FeatureClassifier:
    scaling, calibration = held["scaling"], held["calibration"]
    return FeatureClassifier(
        kind=held["kind"],
        classes=held["classes"],
        features=held["features"],
        model=_widened(held["model"]),
        scaling=None if scaling is None else Scaling(scaling["mean"], scaling["spread"]),
        calibration=None if calibration is None else Temperature(**calibration),
        converged=held["converged"],
    )


def _narrowed(model: Any) -> Any:  # noqa: ANN401 - of scikit-learn
    """Give a machine with its support vectors in float32, where that loses nothing."""
    vectors = getattr(model, "support_vectors_", None)
    if vectors is None or not np.array_equal(vectors.astype(np.float32), vectors):
        return model
    narrow = copy.copy(model)
    narrow.support_vectors_ = vectors.astype(np.float32)
    return narrow


def _widened(model: Any) -> Any:  # noqa: ANN401 - of scikit-learn
    vectors = getattr(model, "support_vectors_", None)
    if vectors is not None:
        model.support_vectors_ = np.ascontiguousarray(vectors, dtype=np.float64)
    return model


def _canonical(data: bytes) -> bytes:
    """Write a file of skops so that the same content gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(packed, "w") as written:
        schema = json.loads(given.read(_SCHEMA))
        arrays: dict[str, int] = {}
        for number, node in enumerate(_nodes(schema)):
            if "file" in node:  # an array met again is the same array when it is read
                node["__id__"] = arrays.setdefault(node["file"], number + 1)
                node["file"] = f"{node['__id__']}.npy"
            elif "__id__" in node:
                node["__id__"] = number + 1
        for old, new in arrays.items():
            written.writestr(zipfile.ZipInfo(f"{new}.npy", _FIRST_DAY), given.read(old))
        text = json.dumps(schema, separators=(",", ":"))
        written.writestr(zipfile.ZipInfo(_SCHEMA, _FIRST_DAY), text)
    return packed.getvalue()


def _foreign(data: bytes) -> list[str]:
    """List the types in a file that are not trusted, without making anything of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(one.file_size for one in packed.infolist()) > _LARGEST:
            msg = f"unpacks to more than {_LARGEST} bytes"
            raise ValueError(msg)
        schema = json.loads(packed.read(_SCHEMA))
    if not isinstance(schema, dict):
        msg = f"its {_SCHEMA} is no object"
        raise TypeError(msg)
    names = {
        f"{node.get('__module__')}.{node.get('__class__')}"
        for node in _nodes(schema)
        if {"__module__", "__class__", "__loader__"} & node.keys()
    }
    return sorted(names - TRUSTED)


def _nodes(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever JSON can hold
    """List all objects of a schema, in its order."""
    found: list[dict[str, Any]] = []
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found.append(one)
            waiting += reversed(one.values())
        elif isinstance(one, list):
            waiting += reversed(one)
    return found
