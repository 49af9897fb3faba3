"""Lungs of a run: whose masks films are cropped by, and which films stay whole and why."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, model_validator

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError
from leanlung.foundations.files import write_json
from leanlung.lungs import (
    SegmenterPlan,
    fit_segmenter,
    is_segmenter,
    load_pairs,
    load_segmenter,
    read_pairs,
    save_segmenter,
    segment_files,
)
from leanlung.pixels import contents
from leanlung.runs.held_out import leave_out
from leanlung.runs.mask_files import save_mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from leanlung.lungs import Segmented, Segmenter
    from leanlung.lungs.fitting import Epoch
    from leanlung.runs.held_out import HeldOut, LeftOut
    from leanlung.runs.progress import Progress
    from leanlung.studies.study import Cohort

NO_MASK = "the data name no lung mask"
_NUMBER = re.compile(r"\d+\.\d+")
"""What was measured stands first in a reason; without it, films of one kind count as one."""

_VERSION = 1
"""Raised whenever the same segmenter would give another mask."""


class LungsSection(BaseModel, extra="forbid", frozen=True):
    """Whose lung masks films are cropped by, where ``pixels.crop`` is ``lungs``.

    Margin, and what becomes of what is no lung, stand in ``pixels``. A film without a mask, or
    whose mask cannot be that of two lungs, stays whole; such films are counted and listed.

    Attributes:
        source: ``masks`` takes those that come with the data; ``segmenter`` finds them on
            every film, those with a mask of their own included.
        segmenter: Folder of a segmenter, looked for below ``--data`` and then where the
            command runs.
        pairs: Table of films and masks to fit one on, instead of ``segmenter``; looked for
            likewise. Those of patients in the validation or test part are left out.
        fit: How it is fitted.
    """

    source: Literal["masks", "segmenter"] = "masks"
    segmenter: str = ""
    pairs: str = ""
    fit: SegmenterPlan = SegmenterPlan()

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
    """

    source: str
    whole: Mapping[str, str]
    segmenter: Segmenter | None = None
    pairs: LeftOut | None = None

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
            _place(name, data, field)


def with_lungs(
    section: LungsSection,
    cohort: Cohort,
    data: Path | None,
    cache: Path,
    progress: Progress,
    held: HeldOut | None = None,
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

    Returns:
        The cohort, whose studies have a mask or stay whole, and why they do.

    Raises:
        StudyError: If the segmenter or the pairs are not where they should be, or all pairs
            are of patients in validation and test.
        BundleError: If the segmenter is damaged.
    """
    if section.source == "masks":
        bare = {s.study_id: NO_MASK for s in cohort.studies if s.lung_mask is None}
        return cohort, RunLungs(section.source, bare)
    segmenter, left_out = _segmenter(section, data, cache, progress, held)
    films = [study.image for study in cohort.studies]
    by_content = dict(zip(films, contents(films, cache), strict=True))
    found = _found(segmenter, by_content, cache, progress)
    studies, whole = [], {}
    for study in cohort.studies:
        mask, reason = found[study.image]
        studies.append(replace(study, lung_mask=mask))
        if reason:
            whole[study.study_id] = reason
    lungs = RunLungs(section.source, whole, segmenter, left_out)
    return replace(cohort, studies=tuple(studies)), lungs


def _found(
    segmenter: Segmenter, films: Mapping[Path, str], cache: Path, progress: Progress
) -> dict[Path, tuple[Path | None, str]]:
    """Find the mask of every film, or why it has none; what was found before is kept."""
    folder = cache / f"lungs-{fingerprints.of_value([_VERSION, segmenter.fingerprint])[:16]}"
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


def _segmenter(
    section: LungsSection,
    data: Path | None,
    cache: Path,
    progress: Progress,
    held: HeldOut | None,
) -> tuple[Segmenter, LeftOut | None]:
    if section.segmenter:
        return load_segmenter(_place(section.segmenter, data, "lungs.segmenter")), None
    table = _place(section.pairs, data, "lungs.pairs")
    root = data if data is not None and data.is_dir() else None
    pairs, left_out = read_pairs(table, root), None
    if held is not None:
        pairs, left_out = leave_out(pairs, held, cache, progress)
        progress.note(left_out.told)
    files = contents([path for pair in pairs for path in (pair.image, pair.mask)], cache)
    whose = [[pair.patient_id, pair.source, pair.part] for pair in pairs]
    key = fingerprints.of_value([_VERSION, section.fit.model_dump(mode="json"), files, whose])
    folder = cache / f"segmenter-{key[:16]}"
    if is_segmenter(folder):
        return load_segmenter(folder), left_out
    with progress.task("reading lung masks", len(pairs)) as done:
        loaded = load_pairs(pairs, done)
    for problem in loaded.problems:
        progress.note(f"lung mask left out: {problem}")
    with progress.task("fitting lungs", section.fit.epochs) as done:

        def epoch_done(epoch: Epoch) -> None:
            done(epoch.number)

        checkpoint = folder / "checkpoint.safetensors"
        segmenter = fit_segmenter(loaded, section.fit, checkpoint=checkpoint, watch=epoch_done)
    save_segmenter(folder, segmenter)
    checkpoint.unlink(missing_ok=True)
    return segmenter, left_out


def _place(name: str, data: Path | None, field: str) -> Path:
    from pathlib import Path

    places = [data / name, Path(name)] if data is not None else [Path(name)]
    for path in places:
        if path.exists():
            return path
    looked = " and ".join(str(path) for path in places)
    msg = (
        f"{field}: nothing there ({looked}); give a path below --data or from here, or crop by "
        "no segmenter: pixels.crop = 'none', or lungs.source = 'masks'"
    )
    raise StudyError(msg)
