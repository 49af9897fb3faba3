"""Films: every picture of a cohort read once, for its likeness and for the probe."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leanlung.evaluation.features import features_of
from leanlung.evaluation.regions import (
    covered,
    rectangle_of,
    regions_of,
    usual_rectangle,
)
from leanlung.foundations.errors import LeanlungError, PixelError
from leanlung.studies.pictures import Look, decode, look, pixel_sha256
from leanlung.studies.study import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort, Study

_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Films:
    """What was seen of a cohort.

    Attributes:
        cohort: Readable studies, with the unreadable ones listed.
        shas: Fingerprint of the decoded pixels of each.
        looks: How each looks.
        features: By region, shape (n, features), float32; zero for films left out.
        usable: Shape (n,): whether the probe may look at the film.
        masked: How many have a usable lung mask.
        mask_problems: Why a mask could not be used.
        covered: By the usual rectangle, share of lung on average over masks; None by masks or
            without one.
    """

    cohort: Cohort
    shas: tuple[str, ...]
    looks: tuple[Look, ...]
    features: Mapping[str, NDArray[np.float32]]
    usable: NDArray[np.bool_]
    masked: int
    mask_problems: tuple[str, ...]
    covered: float | None


@dataclass(frozen=True, eq=False)
class _Film:
    sha: str
    look: Look
    features: dict[str, NDArray[np.float32]] | None
    mask_problem: str = ""
    covered: float | None = None


def read_films(cohort: Cohort, *, by_masks: bool, progress: Progress) -> Films:
    """Read every film once.

    Memory grows with the films: about 26 kB each.

    Args:
        cohort: Of which files.
        by_masks: Whether lungs are the rectangle around each film's mask, and films without a
            usable mask are left out of the probes; otherwise one rectangle serves for all.
        progress: Told how many are done.

    Returns:
        What was seen.
    """
    studies, found, bad = cohort.studies, [], []
    workers = os.cpu_count() or 1
    with (
        progress.task("reading films", len(studies)) as done,
        ThreadPoolExecutor(workers) as pool,
    ):
        for start in range(0, len(studies), _AT_ONCE * workers):
            some = studies[start : start + _AT_ONCE * workers]
            for study, film in zip(
                some, pool.map(lambda one: _film(one, by_masks=by_masks), some), strict=True
            ):
                if isinstance(film, _Film):
                    found.append((study, film))
                else:
                    bad.append(Unreadable(study.image, film))
            done(min(start + len(some), len(studies)))
    names = {study.study_id for study, _ in found}
    films = [film for _, film in found]
    blank = next((film.features for film in films if film.features), {})
    shares = [film.covered for film in films if film.covered is not None]
    return Films(
        cohort.where(lambda study: study.study_id in names).with_unreadable(
            (*cohort.unreadable, *bad)
        ),
        tuple(film.sha for film in films),
        tuple(film.look for film in films),
        {
            region: np.stack(
                [(film.features or {region: np.zeros_like(like)})[region] for film in films]
            )
            for region, like in blank.items()
        },
        np.array([film.features is not None for film in films], dtype=np.bool_),
        sum(study.lung_mask is not None and not film.mask_problem for study, film in found),
        tuple(film.mask_problem for film in films if film.mask_problem),
        float(np.mean(shares)) if shares and not by_masks else None,
    )


def _film(study: Study, *, by_masks: bool) -> _Film | str:
    """See one film; the reason where it cannot be read."""
    try:
        image = decode(study.image)
    except LeanlungError as error:
        return str(error)
    sha, seen = pixel_sha256(image), look(image)
    box, problem, share = usual_rectangle(), "", None
    if study.lung_mask is not None:
        try:
            mask = decode(study.lung_mask)
            around = rectangle_of(mask, (image.shape[0], image.shape[1]))
            share = covered(mask, box)
            box = around if by_masks else box
        except PixelError as error:
            problem = f"{study.image} with lung mask {study.lung_mask}: {error}"
        except LeanlungError as error:
            problem = str(error)
    if by_masks and (problem or study.lung_mask is None):
        return _Film(sha, seen, None, problem, share)
    views = regions_of(image, box)
    return _Film(
        sha, seen, {name: features_of(view) for name, view in views.items()}, problem, share
    )
