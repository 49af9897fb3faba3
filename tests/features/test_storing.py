"""Classifiers come back bit for bit, and from a file of ours only."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skops.io

from leanlung.features import (
    FeatureClassifier,
    FeaturePlan,
    bytes_of,
    calibrate,
    fit_classifier,
    restore_classifier,
    store_classifier,
)
from leanlung.foundations.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


KINDS = ("svm_polynomial", "svm_rbf", "svm_linear", "logistic", "forest")


def made(parts: Any, kind: str = "svm_polynomial", *, scale: bool = False) -> FeatureClassifier:
    plan = FeaturePlan(classifier=kind, trees=2, scale=scale, class_weights="balanced")
    one = fit_classifier(parts.train, parts.train_labels, 3, plan, 0)
    return calibrate(one, parts.validation, parts.validation_labels)


def changed(path: Path, change: Callable[..., None]) -> None:
    """Write a file again with its schema, and arrays by name, changed."""
    with zipfile.ZipFile(path) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    schema = json.loads(held["schema.json"])
    change(schema, held)
    held["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in held.items():
            packed.writestr(name, data)


def as_array(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


@pytest.fixture
def stored(parts: Any, tmp_path: Path) -> Path:
    store_classifier(tmp_path / "one.skops", made(parts))
    return tmp_path / "one.skops"


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_answers_bit_for_bit_as_before(
    parts: Any, tmp_path: Path, kind: str, scale: bool
) -> None:
    one = made(parts, kind, scale=scale)
    path = tmp_path / "one.skops"
    written = store_classifier(path, one)
    again = restore_classifier(path)
    asked = np.concatenate([parts.validation, 10 * parts.train])
    assert (again.probabilities(asked) == one.probabilities(asked)).all()
    assert again.describe() == one.describe()
    assert written == path.stat().st_size == bytes_of(one) == bytes_of(again)


def test_the_same_classifier_is_the_same_file(parts: Any, stored: Path) -> None:
    before = stored.read_bytes()
    store_classifier(stored, made(parts))
    assert stored.read_bytes() == before
    store_classifier(stored, restore_classifier(stored))
    assert stored.read_bytes() == before


def arrays_in(path: Path) -> list[np.ndarray]:
    with zipfile.ZipFile(path) as packed:
        names = [name for name in packed.namelist() if name.endswith(".npy")]
        return [np.load(io.BytesIO(packed.read(name))) for name in names]


def test_support_vectors_are_as_narrow_as_their_features(parts: Any, tmp_path: Path) -> None:
    """Those of float32 take four bytes a number; those that need eight keep all bits."""
    path = tmp_path / "one.skops"
    wide = parts._replace(train=parts.train + np.random.default_rng(0).random((100, 40)))
    for given, kind in ((parts, np.float32), (wide, np.float64)):
        one = made(given)
        store_classifier(path, one)
        [vectors] = [each for each in arrays_in(path) if each.shape[1:] == (40,)]
        assert vectors.dtype == kind
        assert (vectors == one.model.support_vectors_).all()
        assert one.model.support_vectors_.dtype == np.float64
        assert (restore_classifier(path).model.support_vectors_ == vectors).all()


@pytest.mark.parametrize("length", [0, 10, 3000, -20])
def test_a_damaged_file_is_told(stored: Path, length: int) -> None:
    stored.write_bytes(stored.read_bytes()[:length])
    with pytest.raises(BundleError, match=r"one\.skops: not a whole feature classifier"):
        restore_classifier(stored)


def test_a_turned_bit_is_told(stored: Path) -> None:
    data = bytearray(stored.read_bytes())
    data[data.index(b"NUMPY") + 200] ^= 1
    stored.write_bytes(bytes(data))
    with pytest.raises(BundleError, match="CRC"):
        restore_classifier(stored)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="No such file"):
        restore_classifier(tmp_path / "none.skops")


def test_any_other_estimator_is_named_and_refused(parts: Any, tmp_path: Path) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    path = tmp_path / "other.skops"
    neighbours = KNeighborsClassifier().fit(parts.train, parts.train_labels)
    path.write_bytes(skops.io.dumps({"format": 1, "model": neighbours}))
    with pytest.raises(BundleError, match=r"sklearn\.neighbors.*KNeighborsClassifier"):
        restore_classifier(path)


def test_a_function_in_the_file_is_named_and_never_called(stored: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    def change(schema: dict[str, Any], held: dict[str, bytes]) -> None:
        schema["content"]["scaling"] = {
            "__class__": "mkdir",
            "__module__": "os",
            "__loader__": "FunctionNode",
            "content": {"args": str(trace)},
            "__id__": 99_999,
        }

    changed(stored, change)
    with pytest.raises(
        BundleError, match=r"holds os\.mkdir, which no feature classifier needs"
    ):
        restore_classifier(stored)
    assert not trace.exists()


def test_a_newer_format_is_told(stored: Path) -> None:
    def change(schema: dict[str, Any], held: dict[str, bytes]) -> None:
        schema["content"]["format"]["content"] = "2"

    changed(stored, change)
    with pytest.raises(BundleError, match="of format 2, this version reads 1; update"):
        restore_classifier(stored)


def test_a_tree_that_leads_outside_itself_is_refused(parts: Any, tmp_path: Path) -> None:
    """scikit-learn would follow it and read whatever lies there."""
    path = tmp_path / "forest.skops"
    store_classifier(path, made(parts, "forest"))

    def change(schema: dict[str, Any], held: dict[str, bytes]) -> None:
        for name, data in held.items():
            array = np.load(io.BytesIO(data)) if name.endswith(".npy") else None
            if array is not None and array.dtype.names:
                array = array.copy()
                array["left_child"][0] = 1_000_000
                held[name] = as_array(array)

    changed(path, change)
    with pytest.raises(BundleError, match="its trees do not fit the rest"):
        restore_classifier(path)


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("support_vectors_", np.zeros((3, 40)), "coefficients"),
        ("support_vectors_", np.zeros((3, 39)), "support vectors"),
        ("_intercept_", np.zeros(2), "intercepts"),
        ("_n_support", np.array([200, -50, 3], dtype=np.int32), "support"),
        ("classes_", np.array([0, 1, 4]), "classes"),
    ],
)
def test_a_machine_whose_parts_do_not_fit_is_refused(
    stored: Path, name: str, values: np.ndarray, what: str
) -> None:
    def change(schema: dict[str, Any], held: dict[str, bytes]) -> None:
        place = schema["content"]["model"]["content"]["content"][name]
        place["file"] = "changed.npy"
        place["__id__"] = 99_999
        held["changed.npy"] = as_array(values)

    changed(stored, change)
    with pytest.raises(BundleError, match=f"its {what} do not fit"):
        restore_classifier(stored)
