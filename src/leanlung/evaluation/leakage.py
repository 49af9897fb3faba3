"""Leakage: look for films and patients that stand in two parts, or twice in a set."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from leanlung.evaluation.audit import Alike, Leakage
from leanlung.studies.leaks import find_leaks, look_alikes
from leanlung.studies.pictures.likeness import near_identical_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leanlung.studies.leaks import Kind
    from leanlung.studies.pictures import Look
    from leanlung.studies.study import Cohort

_WORDS = {
    "patient": "share a patient",
    "identical": "are the same picture",
    "near_identical": "are nearly the same picture",
}

Pairs = list[tuple["Kind", str, str]]


def pairs_alike(ids: Sequence[str], shas: Sequence[str], looks: Sequence[Look]) -> Pairs:
    """List films that are the same or nearly the same picture.

    Args:
        ids: Of the studies.
        shas: Fingerprint of each one's decoded pixels.
        looks: How each one looks.
    """
    near = [(ids[a], ids[b]) for a, b in near_identical_pairs(looks)]
    return look_alikes(dict(zip(ids, shas, strict=True)), near)


def leakage(cohort: Cohort, parts: Mapping[str, str], alike: Pairs) -> Leakage:
    """Look for leaks.

    Args:
        cohort: Readable studies.
        parts: Of studies, by study id; studies without one are in no part.
        alike: From `pairs_alike`.
    """
    placed = cohort.where(lambda study: study.study_id in parts)
    within = [pair for pair in alike if pair[1] in parts and pair[2] in parts]
    between = tuple(
        f"{leak.first} ({leak.parts[0]}) and {leak.second} ({leak.parts[1]}) "
        f"{_WORDS[leak.kind]}"
        for leak in find_leaks(placed, parts, within)
    )
    of = {study.study_id: study for study in cohort.studies}
    told, copies = [], 0
    for kind, one, other in alike:
        pair = of[one], of[other]
        patients = pair[0].patient_id, pair[1].patient_id
        labels = pair[0].label, pair[1].label
        if patients[0] == patients[1] and labels[0] == labels[1]:
            copies += 1
        else:
            where = parts.get(one, ""), parts.get(other, "")
            told.append(Alike(kind, (one, other), patients, labels, where))
    confidence = Counter(study.patient_id_confidence for study in cohort.studies)
    return Leakage(
        dict(Counter(parts[study.study_id] for study in placed.studies)),
        between,
        tuple(told),
        copies,
        {name: confidence[name] for name in ("exact", "derived", "image_only")},
        _may_share(cohort, parts),
    )


def _may_share(cohort: Cohort, parts: Mapping[str, str]) -> int:
    """Count studies that may share a patient with the training part and nobody would know."""
    unknown = {s.study_id for s in cohort.studies if s.patient_id_confidence == "image_only"}
    if not parts:
        return len(unknown)
    outside = {name for name, part in parts.items() if part != "train"}
    learnt = {name for name, part in parts.items() if part == "train"}
    # Somebody unknown to learn from may be anybody elsewhere.
    return len(outside) if learnt & unknown else len(outside & unknown)
