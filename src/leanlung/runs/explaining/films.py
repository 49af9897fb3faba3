"""Films to explain: read, prepared for every network, beside their lungs and lesions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from leanlung.attention import inside_boxes, inside_mask
from leanlung.foundations.errors import LeanlungError
from leanlung.pixels import prepare, require_image
from leanlung.runs.explaining.explainers import open_test_part
from leanlung.studies.pictures import decode, pixel_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.attention import Lesions
    from leanlung.runs.explaining.explain import ExplainPlan
    from leanlung.runs.explaining.explained import Explained
    from leanlung.runs.explaining.explainers import Explainers
    from leanlung.studies.study import Cohort, Study

    Region = NDArray[np.bool_]

_BATCH = 16


@dataclass(frozen=True, eq=False)
class Film:
    """A film that can be explained.

    Attributes:
        study: Whose.
        image: (H, W), in [0, 1].
        crops: By network, the lung mask that it is cropped by; None where it is read whole.
        ready: By network, what it reads: (S, S), uint8.
        regions: ``lungs``, ``boxes`` and ``masks``, as far as they are known; (H, W).
        part: Of the split; empty if unknown.
    """

    study: Study
    image: NDArray[np.float32]
    crops: Mapping[str, NDArray[np.generic] | None]
    ready: Mapping[str, NDArray[np.uint8]]
    regions: Mapping[str, Region]
    part: str

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[0], self.image.shape[1]


@dataclass
class Reading:
    """What is known while films are read.

    Attributes:
        explainers: Who is asked.
        plan: How.
        lesions: By resolved path of the film.
        explained: Told what is left out and what does not fit.
        own: Lung masks that the data name, by study id: films are cropped by them, where
            no segmenter of the network's own finds the lungs. Others are to measure by.
        opened: Whether the test part of the runs was opened.
    """

    explainers: Explainers
    plan: ExplainPlan
    lesions: Mapping[Path, Lesions]
    explained: Explained
    own: Mapping[str, Path] = field(default_factory=dict)
    opened: bool = False
    _finders: dict[str, str] = field(default_factory=dict)

    def crops(
        self, study: Study, image: NDArray[np.float32], lungs: NDArray[np.float32] | None
    ) -> dict[str, NDArray[np.generic] | None]:
        """Give the mask by which a film is cropped for each network, as when it was trained.

        Args:
            study: Whose film.
            image: It, (H, W).
            lungs: The mask that it is measured by, if there is one.
        """
        own = self.own.get(study.study_id)
        beside = lungs if own in (None, study.lung_mask) else decode(own)
        found: dict[str, NDArray[np.generic] | None] = {}
        crops: dict[str, NDArray[np.generic] | None] = {}
        for one in self.explainers.each:
            segmenter = one.bundle.segmenter
            if one.bundle.pixels.crop != "lungs":
                crops[one.name] = None
            elif segmenter is None:
                crops[one.name] = beside
            else:
                if one.name not in self._finders:
                    self._finders[one.name] = segmenter.fingerprint
                finder = self._finders[one.name]
                if finder not in found:  # once for all networks that it goes with
                    [at] = segmenter.find([image])
                    found[finder] = at.of_film() if at.at.plausible else None
                crops[one.name] = found[finder]
        return crops


def asked_studies(reading: Reading, cohort: Cohort) -> list[Study]:
    """Give the studies to be explained, those with lesions first; count the others."""
    plan, explained = reading.plan, reading.explained
    for bad in cohort.unreadable:
        explained.leave_out(f"{bad.image}: {bad.reason}")
    kept = []
    for study in cohort.studies:
        part = study.attributes.get("split", "")
        if plan.of_class == "label" and study.label not in reading.explainers.classes:
            explained.leave_out(f"label {study.label!r} is no class of the networks")
        elif plan.part and part not in ("", plan.part):
            explained.leave_out(f"of the {part} part")
        else:
            kept.append(study)
    return sorted(kept, key=lambda study: study.image.resolve() not in reading.lesions)


def batches(reading: Reading, studies: Sequence[Study]) -> Iterator[tuple[list[Film], int]]:
    """Give films that can be explained, some at a time, and how many studies were looked at.

    Those beyond the limit of the plan are counted.
    """
    films: list[Film] = []
    left = len(studies) if reading.plan.limit is None else reading.plan.limit
    for seen, study in enumerate(studies, start=1):
        if not left:
            reading.explained.leave_out("beyond --limit", len(studies) - seen + 1)
            break
        try:
            film = _film(reading, study)
        except LeanlungError as error:
            where = "" if str(study.image) in str(error) else f"{study.image}: "
            reading.explained.leave_out(f"{where}{error}")
            continue
        if film is not None:
            films.append(film)
            left -= 1
        if len(films) == _BATCH:
            yield films, seen
            films = []
    if films:
        yield films, len(studies)


def _film(reading: Reading, study: Study) -> Film | None:
    image = decode(study.image)
    parts = reading.explainers.parts
    known = parts.get(pixel_sha256(image), "") if parts else ""
    part = known or study.attributes.get("split", "")
    if reading.plan.part and part != reading.plan.part:
        reading.explained.leave_out(f"of the {part} part" if part else "of no known part")
        return None
    lungs = decode(study.lung_mask) if study.lung_mask is not None else None
    require_image(image)
    crops = reading.crops(study, image, lungs)
    ready = {
        one.name: prepare(image, one.bundle.pixels, crops[one.name])
        for one in reading.explainers.each
    }
    if known == "test" and not reading.opened:
        for run in reading.explainers.runs:
            open_test_part(run)
        reading.opened = True
    shape = image.shape[0], image.shape[1]
    regions = _regions(reading, study, shape, lungs)
    return Film(study, image, crops, ready, regions, part)


def _regions(
    reading: Reading, study: Study, shape: tuple[int, int], lungs: NDArray[np.float32] | None
) -> dict[str, Region]:
    """Give what is known of a film's lungs and lesions; tell what does not fit it."""
    drawn: dict[str, Callable[[], Region]] = {}
    if lungs is not None:
        drawn["lungs"] = lambda: inside_mask(lungs, shape, "a lung mask")
    if (lesions := reading.lesions.get(study.image.resolve())) is not None:
        drawn["boxes"] = lambda: inside_boxes(lesions.boxes, shape)
        if lesions.masks:
            drawn["masks"] = lambda: _union(lesions.masks, shape)
    found = {}
    for name, draw in drawn.items():
        try:
            found[name] = draw()
        except LeanlungError as error:
            reading.explained.problem(study.study_id, str(error))
    return found


def _union(masks: Sequence[Path], shape: tuple[int, int]) -> Region:
    marked = np.zeros(shape, dtype=np.bool_)
    for mask in masks:
        marked |= inside_mask(decode(mask), shape, f"lesion mask {mask.name}")
    return marked
