"""Data sets: the films of variants, parted once for all that share them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from leanlung.foundations.errors import StudyError, UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import PixelSpec
from leanlung.runs.data import DataSection
from leanlung.runs.gathering import gather
from leanlung.runs.recipe import Recipe
from leanlung.runs.series.flaws import COPY
from leanlung.runs.variants.children import dataset_name, recipe_of
from leanlung.runs.variants.films import read_films, what_is_missing
from leanlung.runs.variants.slicing import cut_archives
from leanlung.studies.split import PARTS, Shares, assign_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.runs.gathering import Gathered
    from leanlung.runs.progress import Progress
    from leanlung.runs.run import Options
    from leanlung.runs.variants.recipe import Variants
    from leanlung.runs.variants.variant import Leg, VariantSection
    from leanlung.studies.split import Part
    from leanlung.studies.study import Cohort, Study


@dataclass(frozen=True)
class Dataset:
    """Films of one or more archives, parted.

    Attributes:
        name: Of its manifest.
        variants: Those about it; of variants with folds, a leg each.
        gathered: Its films and their parts.
        cut: What was cut of archives of slices and what was left out, by archive.
        not_listed: Studies left out, as the column that names parts says nothing of them.
    """

    name: str
    variants: tuple[str, ...]
    gathered: Gathered
    cut: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    not_listed: int = 0


@dataclass(frozen=True)
class Lacking:
    """Archives that are not there.

    Attributes:
        archives: What to say of each, by name.
        skipped: Why a variant is not carried out, by name.
    """

    archives: dict[str, str]
    skipped: dict[str, str]


def find_lacking(paper: Variants, data: Path | None) -> Lacking:
    """Say what is not there, before anything is read.

    Raises:
        UsageError: If there are no data, archives that are needed are missing, or no variant
            can be carried out.
    """
    if data is None:
        places = ", ".join(f"{one.name} ({one.path})" for one in paper.archive)
        msg = f"give the folder of the images with --data; looked for below it: {places}"
        raise UsageError(msg)
    asked = {name for one in paper.asked for name in one.archives}
    missing = {
        one.name: told
        for one in paper.archive
        if (told := what_is_missing(one, data)) is not None
    }
    needed = [one for one in paper.archive if one.needed and one.name in asked]
    if lacking := [missing[one.name] for one in needed if one.name in missing]:
        msg = f"{data} lacks what is needed:\n  " + "\n  ".join(lacking)
        raise UsageError(msg)
    skipped = {}
    for variant in paper.asked:
        gone = [name for name in variant.archives if name in missing]
        if gone:
            skipped[variant.name] = f"not there: {'; '.join(missing[name] for name in gone)}"
    if len(skipped) == len(paper.asked):
        told = "\n  ".join(f"{name}: {why}" for name, why in skipped.items())
        msg = f"{data}: no variant can be carried out:\n  {told}"
        raise UsageError(msg)
    return Lacking({n: t for n, t in missing.items() if n in asked}, skipped)


def gather_datasets(
    paper: Variants, lacking: Lacking, options: Options, progress: Progress
) -> tuple[Dataset, ...]:
    """Read and part the films of every variant that can be carried out.

    Raises:
        StudyError: If films cannot be used.
        DataRefused: If there are leaks and they are not allowed.
    """
    if options.data is None:
        msg = "give the folder of the images with --data"
        raise UsageError(msg)
    together: dict[str, list[Leg]] = {}
    for variant in paper.asked:
        if variant.name not in lacking.skipped:
            for leg in paper.legs(variant):
                together.setdefault(dataset_name(paper, leg), []).append(leg)
    used = {name for legs in together.values() for name in legs[0].variant.archives}
    asked = [one for one in paper.archive if one.name in used]
    archives, cut = cut_archives(asked, options.data, options.out, progress)
    read: dict[tuple[str, ...], Cohort] = {}
    found = []
    for name, legs in together.items():
        own = legs[0].variant.archives
        if own not in read:
            read[own] = read_films(
                [one for one in archives if one.name in own], paper.labels, options.data
            )
            progress.note(f"{', '.join(own)}: {len(read[own].studies)} studies")
        gathered = _gathered(paper, legs[0], read[own], options, progress)
        passed = _not_listed(legs[0].variant, read[own])
        if passed:
            progress.note(f"{legs[0].name}: {passed} studies are in no list of parts")
        told = {one: cut[one] for one in own if one in cut}
        names = tuple(leg.name for leg in legs)
        found.append(Dataset(name, names, gathered, told, passed))
    return tuple(found)


def _gathered(
    paper: Variants, leg: Leg, cohort: Cohort, options: Options, progress: Progress
) -> Gathered:
    first = leg.variant
    recipe = recipe_of(paper, first, cohort.classes, "cohort.csv")
    split = recipe.split.model_copy(update={"by": "patient"})
    if leg.folds:
        split = split.model_copy(update={"folds": leg.folds, "fold": leg.fold})
    if first.parts:
        cohort = _as_listed(cohort, first)
        split = split.model_copy(update={"by": "manifest"})
    if first.flaws:
        cohort = _flawed(cohort, split, first.flaws)
        split = split.model_copy(update={"by": "manifest"})
    # Prepared as its first variant is where no mask is needed for that, and found again then.
    plain = recipe.pixels.crop == "none"
    pixels = recipe.pixels if plain else PixelSpec(size=recipe.pixels.size)
    whole = Recipe(
        name=paper.name,
        data=DataSection(classes=cohort.classes, bad_images=recipe.data.bad_images),
        split=split,
        pixels=pixels,
        network=recipe.network,
    )
    return gather(
        whole,
        options.data,
        options.out,
        allow=options.allow or first.leaks,
        progress=progress,
        cohort=cohort,
    )


def _flawed(cohort: Cohort, split: Any, flaws: Sequence[str]) -> Cohort:  # noqa: ANN401
    """Part a cohort with the flaws of its source; the parts go into its studies."""
    shares = Shares(split.train, split.validation, split.test)
    if "chosen_on_test" in flaws:
        shares = Shares(split.train + split.validation, 0.0, split.test)
    drawn = cohort
    if "by_file" in flaws:
        files = tuple(replace(one, patient_id=one.study_id) for one in cohort.studies)
        drawn = replace(cohort, studies=files)
    parts: dict[str, Part] = assign_parts(drawn, shares, Seeds(split.seed))
    studies = [_in_part(one, parts[one.study_id]) for one in cohort.studies]
    if "chosen_on_test" in flaws:
        studies += [
            replace(_in_part(one, "validation"), study_id=f"{one.study_id}{COPY}")
            for one in cohort.studies
            if parts[one.study_id] == "test"
        ]
    return replace(cohort, studies=tuple(studies))


def _as_listed(cohort: Cohort, variant: VariantSection) -> Cohort:
    """Part a cohort as a column of its manifest says."""
    column = variant.parts
    told = {s.study_id: s.attributes.get(column, "").strip().lower() for s in cohort.studies}
    listed = {name for name, part in told.items() if part}
    if listed:  # what no list names is left out, and told
        cohort = cohort.where(lambda study: study.study_id in listed)
        told = {name: told[name] for name in listed}
    if strange := [name for name, part in told.items() if part not in PARTS]:
        msg = (
            f"variant {variant.name}: {len(strange)} of {len(told)} studies name no part in "
            f"the column {column!r}, {strange[0]!r} says {told[strange[0]]!r}; train, "
            "validation or test was expected"
        )
        raise StudyError(msg)
    studies = (_in_part(one, cast("Part", told[one.study_id])) for one in cohort.studies)
    return replace(cohort, studies=tuple(studies))


def _not_listed(variant: VariantSection, cohort: Cohort) -> int:
    """Count the studies for which the column of parts says nothing."""
    if not variant.parts:
        return 0
    return sum(not study.attributes.get(variant.parts, "").strip() for study in cohort.studies)


def _in_part(study: Study, part: Part) -> Study:
    return replace(study, attributes=MappingProxyType({**study.attributes, "split": part}))
