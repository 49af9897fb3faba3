"""Predictions as a table: the CSV form is the interface to other frameworks.

``study_id, patient_id, label`` and one column ``p_<class>`` a class; ``label`` is the name of a
class, other columns are ignored, but for ``part`` or ``split``.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.columns import read_columns
from leanlung.foundations.errors import StatisticsError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import write_table
from leanlung.statistics.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_PREFIX = "p_"

# As runs name them: predictions-<model>-test.csv and predictions-validation.csv.
_NAMED_AFTER_PART = re.compile(r"^predictions-(?:.*-)?(train|validation|test)$")


def read_predictions(path: Path, *, model: str | None = None) -> Predictions:
    """Read predictions from a CSV file.

    Args:
        path: With columns ``study_id``, ``patient_id``, ``label`` and ``p_<class>`` for two
            or more classes; classes come in the order of the file. A column ``part`` or
            ``split`` tells which part of a split the studies are, and so does the name
            ``predictions-<model>-test.csv``.
        model: Name to report them under; the name of the file if not given.

    Raises:
        StudyError: If the file is missing or no table.
        StatisticsError: If a column is missing, a label is no class, a probability is no
            number, or the whole is not what `Predictions` promises.
    """
    columns = read_columns(path)
    if not columns:
        msg = f"{path}: a header but no row; one row a study is expected"
        raise StatisticsError(msg)
    classes = _classes(path, list(columns))
    index = {name: position for position, name in enumerate(classes)}
    labels = columns["label"]
    strange = next((row for row, label in enumerate(labels) if label not in index), None)
    if strange is not None:
        hint = did_you_mean(labels[strange], classes)
        msg = (
            f"{path}: study {columns['study_id'][strange]!r} has label {labels[strange]!r}, "
            f"which is none of the classes {list(classes)}{hint}"
        )
        raise StatisticsError(msg)
    try:
        return Predictions(
            model or path.stem,
            classes,
            tuple(columns["study_id"]),
            # One text for all studies of a patient takes a fraction of the memory.
            tuple(map(sys.intern, columns["patient_id"])),
            np.array([index[label] for label in labels], dtype=np.int64),
            _probabilities(columns, classes),
            _part(path, columns),
        )
    except StatisticsError as error:
        msg = f"{path}: {error}"
        raise type(error)(msg) from error


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions to a CSV file that reads back to the same bits, their part included."""
    columns = [_PREFIX + name for name in predictions.classes]
    part = {} if predictions.part is None else {"part": predictions.part}
    write_table(
        path,
        ["study_id", "patient_id", "label", *columns, *part],
        (
            {
                "study_id": study,
                "patient_id": patient,
                "label": predictions.classes[label],
                **{name: repr(share) for name, share in zip(columns, shares, strict=True)},
                **part,
            }
            for study, patient, label, shares in zip(
                predictions.study_ids,
                predictions.patient_ids,
                predictions.labels.tolist(),
                predictions.probabilities.tolist(),
                strict=True,
            )
        ),
    )


def _classes(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    for wanted in ("study_id", "patient_id", "label"):
        if wanted not in columns:
            hint = did_you_mean(wanted, columns)
            msg = f"{path}: no column {wanted!r} among {list(columns)}{hint}"
            raise StatisticsError(msg)
    classes = tuple(
        name.removeprefix(_PREFIX)
        for name in columns
        if name.startswith(_PREFIX) and name != _PREFIX
    )
    if len(classes) < 2:
        msg = (
            f"{path}: {len(classes)} columns of probabilities ({list(classes)}); two or more "
            "named p_<class> are expected (for one finding write p_<finding> and p_normal)"
        )
        raise StatisticsError(msg)
    return classes


def _probabilities(
    columns: Mapping[str, Sequence[str]], classes: tuple[str, ...]
) -> NDArray[np.float64]:
    cells = [columns[_PREFIX + name] for name in classes]
    try:
        return np.array([list(map(float, column)) for column in cells]).T
    except ValueError:
        pass
    for study, *shares in zip(columns["study_id"], *cells, strict=True):
        try:
            list(map(float, shares))
        except ValueError as error:
            msg = (
                f"study {study!r} has a probability that is no number ({error}); decimals are "
                "written with a point"
            )
            raise StatisticsError(msg) from None
    raise AssertionError  # pragma: no cover - one of them was no number above


def _part(path: Path, columns: Mapping[str, Sequence[str]]) -> str | None:
    """Find which part of a split these are: all rows say it, or the name of the file does."""
    for name in ("part", "split"):
        told = set(columns.get(name, ()))
        if told:
            return "test" if "test" in told else told.pop() if len(told) == 1 else None
    named = _NAMED_AFTER_PART.search(path.stem)
    return named[1] if named else None
