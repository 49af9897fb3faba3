"""Galleries: films of single studies that pruning moved, missed disease first."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leanlung.reports import numbers
from leanlung.reports.groups import p_value
from leanlung.reports.tables import Cell, Table, heads, label, number, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leanlung.reports.seeds import Seed

MOST = 24
"""Cases of a page, over all its seeds; at least `FEWEST` of each."""

FEWEST = 4
OTHERS = 3
"""Further films of a patient that are shown."""

EXEMPLARS = 12

Look = Literal["missed", "worse", "better", "exemplar"]

_WORDS = {"newly_wrong": "newly wrong", "newly_right": "newly right"}
_MISSED = {
    "newly_wrong": "missed disease",
    "newly_missed": "missed disease, wrong before too",
}


@dataclass(frozen=True)
class Film:
    """One picture.

    Attributes:
        study: Its id.
        data: As a data URI; empty where the picture is gone.
    """

    study: str
    data: str


@dataclass(frozen=True)
class Case:
    """One study.

    Attributes:
        look: Sets its colour.
        word: What became of it.
        film: Of the study.
        patient: Whose.
        facts: Names and what they are.
        others: Further films of the patient.
        more: How many further ones are not shown.
    """

    look: Look
    word: str
    film: Film
    patient: str
    facts: tuple[tuple[str, str], ...]
    others: tuple[Film, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Gallery:
    """Several studies.

    Attributes:
        told: What they come to.
        counts: The same by class.
        cases: The first of them.
        more: How many are not shown.
        pictures: Whether films are to be on the page at all.
        gone: How many of the pictures shown are no longer there.
    """

    told: str
    counts: Table
    cases: tuple[Case, ...]
    more: int
    pictures: bool = True

    @property
    def gone(self) -> int:
        """How many pictures are no longer there."""
        return sum(not case.film.data for case in self.cases)


def shown_of(seeds: int) -> int:
    """Say how many cases of each seed are shown."""
    return max(FEWEST, MOST // seeds)


def films_wanted(results: Mapping[str, Any]) -> list[str]:
    """List the studies whose pictures the page shows, each once.

    Args:
        results: As in ``metrics.json``.
    """
    seeds = list(results["seeds"].values())
    return list(dict.fromkeys([*_of_flips(seeds), *_of_exemplars(results.get("exemplars"))]))


def flip_gallery(seed: Seed, films: Mapping[str, bytes] | None, most: int) -> Gallery | None:
    """Show the studies that changed sides.

    Args:
        seed: With its flips.
        films: JPEG files by study id, as far as they are there; None to show none.
        most: Cases to show.

    Returns:
        None where a run tells of no flips.
    """
    if seed.flips is None:
        return None
    cases = seed.flips["cases"]
    return Gallery(
        _told(seed.flips),
        _counts(seed.flips),
        tuple(_case(case, films) for case in cases[:most]),
        max(0, len(cases) - most),
        films is not None,
    )


def exemplar_gallery(
    found: Mapping[str, Any] | None, films: Mapping[str, bytes] | None
) -> Gallery | None:
    """Show the studies on which the pruned networks of all seeds part from the whole ones.

    Args:
        found: As in ``metrics.json``; None for a single seed.
        films: As for `flip_gallery`.
    """
    if found is None:
        return None
    cases = found["cases"]
    pairs = numbers.counted(found["networks"], "pair", "pairs")
    told = (
        f"{numbers.counted(found['count'], 'exemplar', 'exemplars')} of "
        f"{numbers.counted(found['studies'], 'study', 'studies')}: what most of the {pairs} of "
        "networks answer changes with pruning. Below about five pairs, chance plays a part."
    )
    rows = tuple(
        (label(name), *(number(numbers.count(one[key])) for key in ("exemplars", "studies")))
        for name, one in found["by_class"].items()
    )
    return Gallery(
        told,
        Table("Exemplars by class", heads("class", "exemplars", "studies"), rows),
        tuple(_exemplar(case, films) for case in cases[:EXEMPLARS]),
        max(0, len(cases) - EXEMPLARS),
        films is not None,
    )


def _of_flips(seeds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for measured in seeds:
        for case in measured.get("flips", {}).get("cases", ())[: shown_of(len(seeds))]:
            yield case["study_id"]
            yield from case["other_studies"][:OTHERS]


def _of_exemplars(found: Mapping[str, Any] | None) -> Iterator[str]:
    if found is not None:
        yield from (case["study_id"] for case in found["cases"][:EXEMPLARS])


def _film(study: str, films: Mapping[str, bytes] | None) -> Film:
    data = films and films.get(study)
    return Film(study, f"data:image/jpeg;base64,{b64encode(data).decode()}" if data else "")


def _case(case: Mapping[str, Any], films: Mapping[str, bytes] | None) -> Case:
    better = case["direction"] == "newly_right"
    look: Look = "missed" if case["missed"] else "better" if better else "worse"
    others = case["other_studies"] if films is not None else []
    return Case(
        look,
        _word(case),
        _film(case["study_id"], films),
        case["patient_id"],
        (
            ("true class", case["label"]),
            ("answer", f"{case['before']} → {case['after']}"),
            (
                "probability",
                f"{case['share_before']:.2f} → {case['share_after']:.2f}",
            ),
        ),
        tuple(_film(study, films) for study in others[:OTHERS]),
        max(0, len(others) - OTHERS),
    )


def _word(case: Mapping[str, Any]) -> str:
    return (_MISSED if case["missed"] else _WORDS)[case["direction"]]


def _exemplar(case: Mapping[str, Any], films: Mapping[str, bytes] | None) -> Case:
    shares = (
        f"{case['before']} ({numbers.percent(case['share_before'])}) → "
        f"{case['after']} ({numbers.percent(case['share_after'])})"
    )
    return Case(
        "exemplar",
        "exemplar" if case["differs"] else "moved furthest, same answer",
        _film(case["study_id"], films),
        case["patient_id"],
        (
            ("true class", case["label"]),
            ("most frequent answer", shares),
            ("distance", numbers.share(case["distance"])),
        ),
    )


def _told(flips: Mapping[str, Any]) -> str:
    every = flips["counts"][0]
    healthy = flips["healthy"]
    missed = (
        "No class is known to be healthy, so that none counts as missed disease."
        if healthy is None
        else f"{numbers.count(every['missed'])} of a disease are newly called {healthy}."
    )
    return (
        f"Of {numbers.counted(every['studies'], 'study', 'studies')}, "
        f"{numbers.count(every['newly_wrong'])} are newly wrong and "
        f"{numbers.count(every['newly_right'])} newly right. {missed}"
    )


def _counts(flips: Mapping[str, Any]) -> Table:
    counts = flips["counts"]
    names = ("studies", "newly_wrong", "newly_right", "missed", "patients_worse")
    rows = []
    for one in counts:
        share = Cell(numbers.share(one["share_worse"]))
        if one["share_worse"] is not None and one["low"] is not None:
            share = Cell(
                numbers.share(one["share_worse"]),
                f"[{numbers.share(one['low'])}, {numbers.share(one['high'])}]",
            )
        cells = [number(numbers.count(one[name])) for name in (*names, "patients_better")]
        rows.append((label(one["of_class"]), *cells, share, number(p_value(one["p"]))))
    level = numbers.plain(100 * counts[0]["level"])
    return Table(
        "Studies that changed sides",
        heads(
            "class", "studies", "newly wrong", "newly right", "missed", "patients worse off",
            "patients better off", "share worse off", "p",
        ),
        tuple(rows),
        notes=(
            (
                "",
                f"Share of the patients that changed who are worse off, with its {level} % "
                "interval; p two-sided, of as many worse as better off "
                f"({counts[0]['method']}).",
            ),
        ),
    )  # fmt: skip


def case_table(seed: Seed) -> Table | None:
    """List every study that changed sides, as words."""
    if seed.flips is None or not seed.flips["cases"]:
        return None
    return Table(
        "All studies that changed sides",
        heads("study", "patient", "what", "true class", "before", "after", "p before",
              "p after", labels=6),
        tuple(
            (
                label(case["study_id"]),
                words(case["patient_id"]),
                words(_word(case)),
                words(case["label"]),
                words(case["before"]),
                words(case["after"]),
                number(f"{case['share_before']:.3f}"),
                number(f"{case['share_after']:.3f}"),
            )
            for case in seed.flips["cases"]
        ),
    )  # fmt: skip
