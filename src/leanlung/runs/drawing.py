"""Draw patients: a small cohort out of a large one, alike in its classes and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.foundations.errors import StudyError
from leanlung.foundations.seeds import Seeds

if TYPE_CHECKING:
    from leanlung.studies.study import Cohort, Study


def draw_patients(cohort: Cohort, limit: int, seed: int) -> Cohort:
    """Keep whole patients of so many studies at most.

    Every class, and within it every part that the data name, keeps its share of the studies:
    quotas are whole numbers by the largest remainder, one at least. Patients come in a drawn
    order; one whose studies are more than what is left of the quota of theirs is passed over,
    unless nobody of that class and part is there yet. A patient of several classes counts
    under that of its first study.

    Args:
        cohort: Of the classes that are wanted.
        limit: Of studies, 1 or above. A patient with more than a quota may exceed it.
        seed: Draws the order.

    Returns:
        The studies of the patients drawn, in the order of the cohort; all of them where there
        are no more than that.

    Raises:
        StudyError: If there are more classes, or classes and parts, than studies may be kept.
    """
    if len(cohort.studies) <= limit:
        return cohort
    patients: dict[str, list[Study]] = {}
    for study in cohort.studies:
        patients.setdefault(study.patient_id, []).append(study)
    strata: dict[tuple[str, str], list[str]] = {}
    for patient, studies in sorted(patients.items()):
        first = studies[0]
        stratum = (first.label, first.attributes.get("split", ""))
        strata.setdefault(stratum, []).append(patient)
    if len(strata) > limit:
        msg = (
            f"{cohort.name}: a limit of {limit} studies (data.limit) for {len(strata)} classes "
            "and parts; give it at least as many"
        )
        raise StudyError(msg)
    sizes = {
        stratum: sum(len(patients[one]) for one in names) for stratum, names in strata.items()
    }
    kept: set[str] = set()
    for stratum, quota in _quotas(sizes, limit).items():
        kept |= _drawn(strata[stratum], patients, quota, Seeds(seed), stratum)
    return cohort.where(lambda study: study.patient_id in kept)


def _quotas(sizes: dict[tuple[str, str], int], limit: int) -> dict[tuple[str, str], int]:
    """Part a limit in proportion; largest remainders first, ties by name."""
    total = sum(sizes.values())
    exact = {name: limit * size / total for name, size in sizes.items()}
    found = {name: max(1, int(share)) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (int(exact[name]) - exact[name], name))
    left = limit - sum(found.values())
    for name in by_remainder[: max(0, left)]:
        found[name] += 1
    while sum(found.values()) > limit:  # small ones got one that was not theirs
        found[max(found, key=lambda name: (found[name], name))] -= 1
    return found


def _drawn(
    names: list[str],
    patients: dict[str, list[Study]],
    quota: int,
    seeds: Seeds,
    stratum: tuple[str, str],
) -> set[str]:
    order = list(names)
    seeds.generator("limit", *stratum).shuffle(order)
    kept: set[str] = set()
    count = 0
    for patient in order:
        more = len(patients[patient])
        if count + more <= quota or not kept:
            kept.add(patient)
            count += more
    return kept
