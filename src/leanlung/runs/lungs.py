"""Lungs of a run: whose masks films are cropped by, and which films stay whole and why."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    BaseModel,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_json
from leanlung.lungs import SegmenterPlan, segment_files
from leanlung.pixels import contents
from leanlung.runs.mask_files import save_mask
from leanlung.runs.segmenters import VERSION, place_of, segmenter_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from leanlung.lungs import Segmented, Segmenter
    from leanlung.runs.held_out import HeldOut, LeftOut
    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort, Study

NO_MASK = "the data name no lung mask"
_NUMBER = re.compile(r"\d+\.\d+")
"""What was measured stands first in a reason; without it, films of one kind count as one."""


class LungsSection(BaseModel, extra="forbid", frozen=True):
    """Whose lung masks films are cropped by, where ``pixels.crop`` is ``lungs``.

    Margin, and what becomes of what is no lung, stand in ``pixels``. A film without a mask, or
    whose mask cannot be that of two lungs, stays whole or is left out; such films are counted
    and listed.

    Attributes:
        source: ``masks`` takes those that come with the data; ``segmenter`` finds them on
            every film, those with a mask of their own included.
        segmenter: Folder of a segmenter, looked for below ``--data`` and then where the
            command runs.
        pairs: Table of films and masks to fit one on, instead of ``segmenter``; looked for
            likewise. Those of patients in the validation or test part are left out.
        fit: How it is fitted.
        without: What becomes of a film without a mask: it stays ``whole``, or the run goes on
            with the others alone (``leave_out``), as where whole films beside black ones would
            tell classes apart.
    """

    source: Literal["masks", "segmenter"] = "masks"
    segmenter: str = ""
    pairs: str = ""
    fit: SegmenterPlan = SegmenterPlan()
    without: Literal["whole", "leave_out"] = "whole"

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody asked for, so that runs of before are found again."""
        told: dict[str, Any] = written(self)
        if told.get("without") == "whole":
            del told["without"]
        return told

    @model_validator(mode="after")
    def _one_segmenter(self) -> LungsSection:
        if self.source == "segmenter" and bool(self.segmenter) == bool(self.pairs):
            msg = (
                "source 'segmenter' needs either the folder of a segmenter or pairs of films "
                "and masks to fit one on"
            )
            raise ValueError(msg)
        if self.source == "masks" and (self.segmenter or self.pairs):
            msg = "a segmenter is named and not used; set source = 'segmenter'"
            raise ValueError(msg)
        return self


@dataclass(frozen=True)
class RunLungs:
    """How the films of a run are cropped.

    Attributes:
        source: Of the masks.
        whole: Why a film stays whole, by study id.
        segmenter: That found the masks, if one did.
        pairs: Which masks it was not fitted on, if it was fitted here.
        left_out: Studies without a mask that are not in the run, with the reason of each; None
            where such films stay whole.
    """

    source: str
    whole: Mapping[str, str]
    segmenter: Segmenter | None = None
    pairs: LeftOut | None = None
    left_out: tuple[tuple[Study, str], ...] | None = None

    def as_dict(self, cohort: Cohort, parts: Mapping[str, str]) -> dict[str, Any]:
        """Describe it by counts and by a list of what stayed whole.

        Args:
            cohort: Readable studies.
            parts: Of each, by study id.
        """
        studies = cohort.studies
        whole = [study for study in studies if study.study_id in self.whole]
        counted = Counter(parts[study.study_id] for study in whole)
        by_label = Counter(study.label for study in whole)
        told: dict[str, Any] = {
            "source": self.source,
            "cropped": len(studies) - len(whole),
            "whole": len(whole),
            "whole_by_part": dict(sorted(counted.items())),
            "whole_by_class": {label: by_label[label] for label in cohort.classes},
            "whole_by_reason": dict(
                Counter(_NUMBER.sub("…", self.whole[one.study_id], count=1) for one in whole)
            ),
            "whole_studies": [
                {"study": study.study_id, "reason": self.whole[study.study_id]}
                for study in whole
            ],
        }
        if self.left_out is not None:
            lost = Counter(study.label for study, _ in self.left_out)
            told["left_out"] = len(self.left_out)
            told["left_out_by_class"] = {label: lost[label] for label in cohort.classes}
            told["left_out_studies"] = [
                {"study": study.study_id, "reason": reason} for study, reason in self.left_out
            ]
        if self.segmenter is not None:
            told["segmenter"] = {
                "fingerprint": self.segmenter.fingerprint,
                "agreement": [dict(one) for one in self.segmenter.agreement],
                # Of a finished segmenter nobody here knows which films it was fitted on.
                "pairs": None if self.pairs is None else self.pairs.as_dict(),
            }
        return told


def require_there(section: LungsSection, data: Path | None) -> None:
    """Make sure that the segmenter or the pairs are where they should be, before any work.

    Raises:
        StudyError: If they are not.
    """
    for name, field in (
        (section.segmenter, "lungs.segmenter"),
        (section.pairs, "lungs.pairs"),
    ):
        if name:
            place_of(name, data, field)


def with_lungs(
    section: LungsSection,
    cohort: Cohort,
    data: Path | None,
    cache: Path,
    progress: Progress,
    held: HeldOut | None = None,
    device: torch.device | None = None,
) -> tuple[Cohort, RunLungs]:
    """Give every study the mask it is cropped by.

    Args:
        section: Whose masks.
        cohort: All studies, readable or not.
        data: What ``--data`` gave.
        cache: Folder of all caches: masks that were found are kept, by content of the film.
        progress: Told what is going on.
        held: The parts; pairs of patients in validation and test are then left out where a
            segmenter is fitted.
        device: Where one is fitted. Masks are found on the CPU, so that a segmenter finds the
            same ones everywhere.

    Returns:
        The cohort, whose studies have a mask, stay whole or are left out, and why they are.

    Raises:
        StudyError: If the segmenter or the pairs are not where they should be, all pairs are of
            patients in validation and test, or all films would be left out.
        BundleError: If the segmenter is damaged.
    """
    if section.source == "masks":
        bare = {s.study_id: NO_MASK for s in cohort.studies if s.lung_mask is None}
        return _without(section, cohort, RunLungs(section.source, bare))
    segmenter, pairs_left_out = segmenter_of(section, data, cache, progress, held, device)
    films = [study.image for study in cohort.studies]
    by_content = dict(zip(films, contents(films, cache), strict=True))
    found = _found(segmenter, by_content, cache, progress)
    studies, whole = [], {}
    for study in cohort.studies:
        mask, reason = found[study.image]
        studies.append(replace(study, lung_mask=mask))
        if reason:
            whole[study.study_id] = reason
    cohort = replace(cohort, studies=tuple(studies))
    lungs = RunLungs(section.source, whole, segmenter, pairs_left_out)
    return _without(section, cohort, lungs)


def _without(section: LungsSection, cohort: Cohort, lungs: RunLungs) -> tuple[Cohort, RunLungs]:
    """Leave films without a mask out of a cohort, if that is asked for."""
    if section.without == "whole":
        return cohort, lungs
    left_out = tuple(
        (study, lungs.whole[study.study_id])
        for study in cohort.studies
        if study.study_id in lungs.whole
    )
    if len(left_out) == len(cohort.studies):
        msg = (
            f"{cohort.name}: none of {len(left_out)} films has a lung mask, and "
            "lungs.without = 'leave_out' leaves all out; give masks, or let a segmenter find "
            "them (lungs.source = 'segmenter')"
        )
        raise StudyError(msg)
    cohort = cohort.where(lambda study: study.study_id not in lungs.whole)
    return cohort, replace(lungs, whole={}, left_out=left_out)


def _found(
    segmenter: Segmenter, films: Mapping[Path, str], cache: Path, progress: Progress
) -> dict[Path, tuple[Path | None, str]]:
    """Find the mask of every film, or why it has none; what was found before is kept."""
    folder = cache / f"lungs-{fingerprints.of_value([VERSION, segmenter.fingerprint])[:16]}"
    facts = folder / "facts.json"
    try:
        known: dict[str, str] = json.loads(facts.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or damaged: all are found anew
        known = {}

    def mask_of(content: str) -> Path:
        return folder / f"{fingerprints.of_value(content)[:32]}.png"

    todo = [
        path
        for path, content in films.items()
        if content not in known or (not known[content] and not mask_of(content).is_file())
    ]

    def keep(one: Segmented, _film: NDArray[np.float32]) -> None:
        if one.lungs is not None and one.lungs.at.plausible:
            save_mask(mask_of(films[one.image]), one.lungs.of_film())

    problems: dict[Path, str] = {}
    with progress.task("finding lungs", len(todo)) as done:
        for number, one in enumerate(segment_files(segmenter, todo, use=keep), start=1):
            if one.lungs is None:  # tried again each time: a codec may have been added since
                problems[one.image] = one.problem
            else:
                known[films[one.image]] = one.lungs.at.reason
            done(number)
    if todo:
        write_json(facts, known)
    return {
        path: (None, problems[path])
        if path in problems
        else (None if known[content] else mask_of(content), known[content])
        for path, content in films.items()
    }
