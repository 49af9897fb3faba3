"""Pairs: films with lung masks drawn by people, to fit a segmenter on and to measure it by."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.blanks import BLANKS
from leanlung.foundations.errors import LeanlungError, PixelError, StudyError
from leanlung.foundations.tables import numbered_rows
from leanlung.lungs.unet import SIDE
from leanlung.pixels.crop import require_fitting, resize
from leanlung.studies.leaks import look_alikes
from leanlung.studies.pictures import decode, look, near_identical_pairs, pixel_sha256
from leanlung.studies.split import PARTS, Shares, assign_parts
from leanlung.studies.study import Cohort, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.foundations.seeds import Seeds
    from leanlung.studies.pictures import Look

_IMAGE = ("image_path", "image", "path")
_MASK = ("mask_path", "mask")
_SOURCE = ("annotator", "source")
_TOLD = 10


@dataclass(frozen=True)
class Pair:
    """A film with a lung mask.

    Attributes:
        image: The film.
        mask: Above mid-grey is lung.
        patient_id: Whose film.
        source: Whose masks: agreement is told for each.
        part: ``train``, ``validation`` or ``test`` where the table says so, else empty.
    """

    image: Path
    mask: Path
    patient_id: str
    source: str
    part: str = ""


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs in memory, 128 KiB each.

    Attributes:
        pairs: Those that can be used.
        films: (n, 256, 256), uint8.
        masks: (n, 256, 256), uint8: how much of each pixel is lung, 255 for all of it.
        shas: Fingerprint of each film's decoded pixels.
        looks: How each film looks.
        problems: Why others cannot be used.
    """

    pairs: tuple[Pair, ...]
    films: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    shas: tuple[str, ...]
    looks: tuple[Look, ...]
    problems: tuple[str, ...] = ()


def read_pairs(table: Path, root: Path | None = None) -> tuple[Pair, ...]:
    """Read a table of films and masks; no picture is opened.

    Args:
        table: CSV with ``image_path`` (or ``image``, ``path``), ``mask_path`` (or ``mask``) and
            ``patient_id``; ``annotator`` (or ``source``) and ``split`` where they are there.
            A film may stand in several rows, with masks of several people.
        root: Folder that paths may be meant from; then the table's own and the one above.

    Raises:
        StudyError: If a column is missing, a row lacks a cell, or files are not there; all
            such rows are listed.
    """
    rows = numbered_rows(table)
    columns = list(rows[0][1]) if rows else []
    image, mask, source = (
        next((name for name in names if name in columns), "")
        for names in (_IMAGE, _MASK, _SOURCE)
    )
    if not image or not mask or "patient_id" not in columns:
        msg = (
            f"{table}: columns {columns}; one of {list(_IMAGE)}, one of {list(_MASK)} and "
            "patient_id were expected, and a row or more"
        )
        raise StudyError(msg)
    bases = [*([] if root is None else [root]), table.parent, table.parent.parent]
    found, bad = [], []
    for line, row in rows:
        if not row[image] or not row[mask] or row["patient_id"].casefold() in BLANKS:
            bad.append(f"line {line}: {image}, {mask} and patient_id are needed")
            continue
        part = row.get("split", "")
        if part and part not in PARTS:
            bad.append(f"line {line}: split {part!r}; one of {list(PARTS)} or nothing")
            continue
        film, lung = (_file(bases, row[name]) for name in (image, mask))
        bad += [f"line {line}: no file {path}" for path in (film, lung) if not path.is_file()]
        found.append(Pair(film, lung, row["patient_id"], row.get(source) or table.stem, part))
    if bad:
        more = f"\n  … and {len(bad) - _TOLD} more" if len(bad) > _TOLD else ""
        msg = f"{table}: {len(bad)} mistakes:\n  " + "\n  ".join(bad[:_TOLD]) + more
        raise StudyError(msg)
    return tuple(found)


def load_pairs(
    pairs: Sequence[Pair], watch: Callable[[int], None] = lambda _done: None
) -> PairSet:
    """Decode films and masks and stretch them to 256 x 256.

    Args:
        pairs: Which.
        watch: Told how many are done.

    Returns:
        Those that can be used; the others with a reason.

    Raises:
        StudyError: If none can be used.
    """
    good: list[tuple[Pair, _Loaded]] = []
    problems = []
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for done, (pair, found) in enumerate(
            zip(pairs, pool.map(_load, pairs), strict=True), start=1
        ):
            if isinstance(found, str):
                problems.append(found)
            else:
                good.append((pair, found))
            watch(done)
    if not good:
        first = problems[0] if problems else "there are none"
        msg = f"none of {len(pairs)} pairs of film and mask can be used; the first: {first}"
        raise StudyError(msg)
    return PairSet(
        pairs=tuple(pair for pair, _ in good),
        films=np.stack([found.film for _, found in good]),
        masks=np.stack([found.mask for _, found in good]),
        shas=tuple(found.sha for _, found in good),
        looks=tuple(found.look for _, found in good),
        problems=tuple(problems),
    )


def parted(loaded: PairSet, shares: Shares, seeds: Seeds) -> PairSet:
    """Part patients into training, validation and test.

    Patients whose films look alike stay together. Each part gets its share of every source,
    unless one has too few patients for that. Where the table has parts for all pairs, those
    are taken.

    Raises:
        StudyError: If there are too few patients, or some pairs have a part and others none.
    """
    given = [pair.part for pair in loaded.pairs]
    if all(given):
        return loaded
    if any(given):
        msg = (
            f"{given.count('')} of {len(given)} pairs have no split; give it to all or to none"
        )
        raise StudyError(msg)
    ids = [str(place) for place in range(len(loaded.pairs))]
    near = [(ids[a], ids[b]) for a, b in near_identical_pairs(loaded.looks)]
    alike = look_alikes(dict(zip(ids, loaded.shas, strict=True)), near)
    together = [(one, other) for _, one, other in alike]
    try:
        cohort = _cohort(loaded, ids, [pair.source for pair in loaded.pairs])
        parts: Mapping[str, str] = assign_parts(cohort, shares, seeds, together)
    except StudyError:  # a source of a few patients is no reason to learn from none
        cohort = _cohort(loaded, ids, ["any source"] * len(ids))
        parts = assign_parts(cohort, shares, seeds, together)
    pairs = tuple(
        replace(pair, part=parts[name]) for name, pair in zip(ids, loaded.pairs, strict=True)
    )
    return replace(loaded, pairs=pairs)


def _cohort(loaded: PairSet, ids: Sequence[str], labels: Sequence[str]) -> Cohort:
    studies = tuple(
        Study(name, pair.patient_id, pair.image, label)
        for name, pair, label in zip(ids, loaded.pairs, labels, strict=True)
    )
    return Cohort("lung masks", tuple(dict.fromkeys(labels)), studies)


@dataclass(frozen=True, eq=False)
class _Loaded:
    film: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    sha: str
    look: Look


def _load(pair: Pair) -> _Loaded | str:
    try:
        film, mask = decode(pair.image), decode(pair.mask)
        require_fitting(mask.shape, film.shape)
        lung = mask > 0.5
        if not lung.any():
            msg = "the lung mask is empty; white was expected where there is lung"
            raise PixelError(msg)
        return _Loaded(
            small_film(film),
            small_film(lung.astype(np.float32)),
            pixel_sha256(film),
            look(film),
        )
    except PixelError as error:  # from arrays, which know no file
        return f"{pair.image} with lung mask {pair.mask}: {error}"
    except LeanlungError as error:
        return str(error)


def small_film(film: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Stretch a film, (H, W) in [0, 1], to the bytes that a U-Net reads, (256, 256)."""
    grey = np.clip(resize(film, SIDE), 0.0, 1.0) * 255.0
    return np.asarray(np.rint(grey), dtype=np.uint8)


def _file(bases: Sequence[Path], written: str) -> Path:
    places = [base / written for base in bases]
    return next((path for path in places if path.is_file()), places[0])
