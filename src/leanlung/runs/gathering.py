"""Gather the data of a run: read, prepare, split, look for leaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from leanlung.evaluation import confounding
from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError, UsageError
from leanlung.pixels import Reader, Source, prepared_images
from leanlung.runs.evidence import require_groups
from leanlung.runs.held_out import HeldOut
from leanlung.runs.looks import alike_of, describe, described
from leanlung.runs.lungs import require_there, with_lungs
from leanlung.runs.selection import select
from leanlung.runs.split import drawn_parts
from leanlung.studies.layouts import read_cohort
from leanlung.studies.leaks import find_leaks, refuse_leaks
from leanlung.studies.phantoms import make
from leanlung.studies.pictures import decode
from leanlung.studies.study import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch
    from torch import Tensor

    from leanlung.pixels import Prepared
    from leanlung.runs.lungs import RunLungs
    from leanlung.runs.progress import Progress
    from leanlung.runs.recipe import Recipe
    from leanlung.studies.leaks import Leak
    from leanlung.studies.split import Part
    from leanlung.studies.study import Cohort, Study

_TOLD = 10
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Gathered:
    """The data of a run.

    Attributes:
        cohort: Readable studies of the recipe's classes, with the unreadable ones listed.
        images: Prepared images of all files.
        rows: Row of each study in them, by study id.
        facts: Hashes of each study, by study id.
        parts: Of each study, by study id.
        leaks: What stands in two parts although it must not; empty unless allowed.
        left_out: Studies of other labels, counted.
        fingerprint: Of everything that decides a result.
        merged: Studies of classes made of several labels, counted by class and label.
        set_aside: Studies that do not meet ``data.where``, counted by column.
        lungs: How films are cropped to them; None where they are not.
        alike: Pairs of studies with the same or nearly the same picture, by study id.
    """

    cohort: Cohort
    images: Tensor
    rows: Mapping[str, int]
    facts: Mapping[str, Mapping[str, str]]
    parts: Mapping[str, Part]
    leaks: tuple[Leak, ...]
    left_out: Mapping[str, int]
    fingerprint: str
    merged: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    lungs: RunLungs | None = None
    alike: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Describe the data, as a value that JSON can hold."""
        studies = self.cohort.studies
        counted = Counter((self.parts[s.study_id], s.label) for s in studies)
        patients: dict[Part, set[str]] = {}
        for study in studies:
            patients.setdefault(self.parts[study.study_id], set()).add(study.patient_id)
        unknown = sum(s.patient_id_confidence == "image_only" for s in studies)
        lungs = None if self.lungs is None else self.lungs.as_dict(self.cohort, self.parts)
        return {
            "cohort": self.cohort.name,
            "made_up": self.cohort.made_up,
            "fingerprint": self.fingerprint,
            "classes": list(self.cohort.classes),
            "studies": len(studies),
            "patients": len(self.cohort.patients),
            "parts": {
                part: {
                    "patients": len(found),
                    "studies": {label: counted[part, label] for label in self.cohort.classes},
                }
                for part, found in sorted(patients.items())
            },
            "patients_unknown": unknown,
            "patients_of_several_classes": list(self.cohort.mixed_patients),
            "left_out": dict(self.left_out),
            "lungs": lungs,
            "merged": {name: dict(labels) for name, labels in self.merged.items()},
            "set_aside": dict(self.set_aside),
            "unreadable": [
                {"image": str(bad.image), "reason": bad.reason}
                for bad in self.cohort.unreadable
            ],
            "leaks_allowed": [
                {
                    "kind": leak.kind,
                    "first": leak.first,
                    "second": leak.second,
                    "parts": list(leak.parts),
                }
                for leak in self.leaks
            ],
            "confounding": confounding(
                [study.attributes.get("source", UNKNOWN) for study in studies],
                [study.label for study in studies],
            ).as_dict(),
        }


def gather(
    recipe: Recipe,
    data: Path | None,
    out: Path,
    *,
    allow: bool,
    progress: Progress,
    cohort: Cohort | None = None,
    device: torch.device | None = None,
) -> Gathered:
    """Read, prepare and split what a recipe asks for.

    Args:
        recipe: Names classes, split and preparation.
        data: What ``--data`` gave; not needed for phantoms.
        out: Where phantoms and the cache of prepared images are kept.
        allow: Whether to go on in spite of leaks; a recipe that parts by image does.
        progress: Told what is going on.
        cohort: What was read already, instead of ``data``.
        device: Where a segmenter is fitted, if one is; the CPU if not given.

    Returns:
        The data.

    Raises:
        UsageError: If there are no data.
        StudyError: If the cohort cannot be used, or too many images cannot be read.
        DataRefused: If there are leaks and they are not allowed.
    """
    read = cohort if cohort is not None else _read(recipe, data, out, progress)
    selected = select(recipe.data, read)
    cohort = selected.cohort
    require_groups(recipe, cohort)
    lungs = held = None
    if recipe.pixels.crop == "lungs":
        require_there(recipe.lungs, data)
        if recipe.lungs.pairs:  # what is fitted here must know whom not to learn from
            held = _held_out(recipe, cohort, out, progress)
        cohort, lungs = with_lungs(
            recipe.lungs, cohort, data, out / "cache", progress, held, device
        )
    prepared = _prepare(recipe, cohort, out, progress)
    ids = [study.study_id for study in cohort.studies]
    drawn = _drawn(recipe, cohort, prepared)
    cohort, facts, alike = drawn.cohort, drawn.facts, drawn.alike
    rows = {name: row for name, row in zip(ids, prepared.rows, strict=True) if row is not None}
    parts = drawn.parts if held is None else _as_held(held, rows)
    leaks = find_leaks(cohort, parts, alike)
    if not (allow or recipe.split.by == "image"):  # which the recipe's as_published stands for
        refuse_leaks(leaks)
    if mixed := len(cohort.mixed_patients):
        progress.note(
            f"{mixed} of {len(cohort.patients)} patients have studies of several classes, the "
            "others of one alone"
        )
    hashes = {name: {k: f[k] for k in ("pixel_sha256", "phash")} for name, f in facts.items()}
    deciding = [
        [
            s.study_id,
            s.patient_id,
            s.label,
            hashes[s.study_id]["pixel_sha256"],
            parts[s.study_id],
            *_mask(recipe, s),
        ]
        for s in cohort.studies
    ]
    return Gathered(
        cohort,
        prepared.images,
        rows,
        hashes,
        parts,
        leaks,
        selected.left_out,
        fingerprints.of_value(deciding),
        selected.merged,
        selected.set_aside,
        lungs,
        tuple((one, other) for _, one, other in alike),
    )


def _read(recipe: Recipe, data: Path | None, out: Path, progress: Progress) -> Cohort:
    if recipe.data.phantoms is not None:
        spec = recipe.data.phantoms
        name = fingerprints.of_value(repr(spec))[:8]
        progress.note(f"drawing phantoms: {spec.patients} made-up patients")
        return make(out / f"phantoms-{name}", spec)
    if data is None:
        msg = f"recipe {recipe.name!r} reads images: give their folder with --data"
        raise UsageError(msg)
    return read_cohort(data, recipe.data.manifest, recipe.data.layout)


@dataclass(frozen=True)
class _Drawn:
    """Readable studies, what is noted of them, and their parts."""

    cohort: Cohort
    facts: Mapping[str, Mapping[str, str]]
    alike: Sequence[tuple[Any, str, str]]
    parts: Mapping[str, Part]


def _drawn(recipe: Recipe, cohort: Cohort, prepared: Prepared) -> _Drawn:
    ids = [study.study_id for study in cohort.studies]
    rows = {name: row for name, row in zip(ids, prepared.rows, strict=True) if row is not None}
    cohort = _readable(recipe, cohort, rows, prepared.reasons)
    facts = {n: f for n, f in zip(ids, prepared.facts, strict=True) if n in rows}
    alike = alike_of([name for name in ids if name in rows], facts)
    parts = drawn_parts(recipe.split, cohort, [(a, b) for _, a, b in alike])
    return _Drawn(cohort, facts, alike, parts)


def _held_out(recipe: Recipe, cohort: Cohort, out: Path, progress: Progress) -> HeldOut:
    """Part the studies before any lung is found: parts need looks alone, and no mask."""
    with progress.task("looking at films", len(cohort.studies)) as done:
        seen = described([study.image for study in cohort.studies], out / "cache", done)
    drawn = _drawn(recipe, cohort, seen)
    return HeldOut(drawn.cohort, drawn.parts, drawn.facts)


def _as_held(held: HeldOut, rows: Mapping[str, int]) -> dict[str, Part]:
    """Give the parts that were drawn before the lungs were found."""
    if strange := [name for name in rows if name not in held.parts]:
        msg = (
            f"study {strange[0]!r} could not be read at first and could be later; the images "
            "change while they are read: start again when they do not"
        )
        raise StudyError(msg)
    return {name: cast("Part", held.parts[name]) for name in rows}


def _prepare(recipe: Recipe, cohort: Cohort, out: Path, progress: Progress) -> Prepared:
    sources = [Source(study.image, study.lung_mask) for study in cohort.studies]
    with progress.task("preparing images", len(sources)) as done:
        return prepared_images(
            sources, recipe.pixels, out / "cache", Reader(decode, describe), done
        )


def _readable(
    recipe: Recipe, cohort: Cohort, rows: Mapping[str, int], reasons: Sequence[str]
) -> Cohort:
    bad = tuple(
        Unreadable(study.image, reason)
        for study, reason in zip(cohort.studies, reasons, strict=True)
        if reason
    )
    if len(bad) > recipe.data.bad_images * len(cohort.studies):
        listed = "\n  ".join(one.reason for one in bad[:_TOLD])
        more = f"\n  … and {len(bad) - _TOLD} more" if len(bad) > _TOLD else ""
        msg = (
            f"{len(bad)} of {len(cohort.studies)} images cannot be used, more than the "
            f"{100 * recipe.data.bad_images:g} % that data.bad_images allows:\n  {listed}{more}"
        )
        raise StudyError(msg)
    return cohort.where(lambda study: study.study_id in rows).with_unreadable(bad)


def _mask(recipe: Recipe, study: Study) -> list[str]:
    """Give the content of the lung mask that a study is cropped to, if it is."""
    if recipe.pixels.crop != "lungs" or study.lung_mask is None:
        return []
    return [fingerprints.of_file(study.lung_mask)]
