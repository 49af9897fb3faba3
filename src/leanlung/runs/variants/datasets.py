"""Data sets: the films of variants, parted once for all that share them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leanlung.foundations.errors import UsageError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import PixelSpec
from leanlung.runs.data import DataSection
from leanlung.runs.gathering import gather
from leanlung.runs.recipe import Recipe
from leanlung.runs.series.flaws import COPY
from leanlung.runs.variants.children import dataset_name, recipe_of
from leanlung.runs.variants.films import read_films, what_is_missing
from leanlung.studies.split import Shares, assign_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leanlung.runs.gathering import Gathered
    from leanlung.runs.progress import Progress
    from leanlung.runs.run import Options
    from leanlung.runs.variants.recipe import Variants, VariantSection
    from leanlung.studies.split import Part
    from leanlung.studies.study import Cohort, Study


@dataclass(frozen=True)
class Dataset:
    """Films of one or more archives, parted.

    Attributes:
        name: Of its manifest.
        variants: Those about it.
        gathered: Its films and their parts.
    """

    name: str
    variants: tuple[str, ...]
    gathered: Gathered


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
    together: dict[str, list[VariantSection]] = {}
    for variant in paper.asked:
        if variant.name not in lacking.skipped:
            together.setdefault(dataset_name(paper, variant), []).append(variant)
    return tuple(
        Dataset(
            name, tuple(one.name for one in them), _gathered(paper, them, options, progress)
        )
        for name, them in together.items()
    )


def _gathered(
    paper: Variants, variants: list[VariantSection], options: Options, progress: Progress
) -> Gathered:
    first = variants[0]
    by_name = {one.name: one for one in paper.archive}
    if options.data is None:
        msg = "give the folder of the images with --data"
        raise UsageError(msg)
    cohort = read_films([by_name[name] for name in first.archives], paper.labels, options.data)
    progress.note(f"{', '.join(first.archives)}: {len(cohort.studies)} studies")
    recipe = recipe_of(paper, first, cohort.classes, "cohort.csv")
    split = recipe.split.model_copy(update={"by": "patient"})
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
        allow=options.allow or bool(first.flaws),
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


def _in_part(study: Study, part: Part) -> Study:
    return replace(study, attributes=MappingProxyType({**study.attributes, "split": part}))
