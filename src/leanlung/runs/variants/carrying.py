"""Carry out variants: each an ordinary run, found again if it was done before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import LeanlungError
from leanlung.foundations.files import write_json, write_text
from leanlung.networks.devices import pick_device
from leanlung.reports.settings import as_toml
from leanlung.runs.environment import environment, note_environment
from leanlung.runs.folder import RunFolder
from leanlung.runs.gathering import gather
from leanlung.runs.run import Options, carry_out
from leanlung.runs.series.guard import require_same_parts
from leanlung.runs.stages.fitting import try_network
from leanlung.runs.variants.children import recipe_of
from leanlung.runs.variants.datasets import find_lacking, gather_datasets
from leanlung.runs.variants.folder import VariantsFolder, paper_name
from leanlung.runs.variants.sharing import share_fit
from leanlung.studies.manifest import write_manifest

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from leanlung.runs.gathering import Gathered
    from leanlung.runs.progress import Progress
    from leanlung.runs.recipe import Recipe
    from leanlung.runs.variants.datasets import Dataset, Lacking
    from leanlung.runs.variants.recipe import Variants
    from leanlung.runs.variants.variant import Leg, VariantSection

_OF_DATA = {"data", "pixels", "lungs", "split", "evaluate"}
"""Tables of a recipe that its data depend on."""


@dataclass
class Varying:
    """A paper while its variants are carried out.

    Attributes:
        paper: What to do.
        folder: Of the paper.
        options: Data, folder and the rest.
        progress: Told what is going on.
        device: Where networks run.
        datasets: Films, parted once for all variants that share them.
        lacking: What is not there.
        recipes: Of every leg that is carried out: of a variant, or of a fold of one.
        gathered: Its data, as its run gathers them.
        runs: Folders of the runs.
    """

    paper: Variants
    folder: VariantsFolder
    options: Options
    progress: Progress
    device: torch.device
    datasets: tuple[Dataset, ...]
    lacking: Lacking
    recipes: dict[str, Recipe] = field(default_factory=dict)
    gathered: dict[str, Gathered] = field(default_factory=dict)
    runs: dict[str, RunFolder] = field(default_factory=dict)

    @property
    def places(self) -> tuple[Path, ...]:
        """Folders in which weights and segmenters are looked for."""
        data = (self.options.data,) if self.options.data else ()
        return (*data, *self.options.weights)

    def dataset(self, leg: str) -> Dataset:
        """Give the films of a leg."""
        return next(one for one in self.datasets if leg in one.variants)

    def legs(self, variant: str) -> tuple[str, ...]:
        """Give the legs of a variant that are carried out; none if it is not."""
        legs = self.paper.legs(self.paper.find(variant))
        return tuple(one.name for one in legs if one.name in self.recipes)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants that are carried out."""
        return tuple(one.name for one in self.paper.asked if self.legs(one.name))


def begin(paper: Variants, text: str, options: Options, progress: Progress) -> Varying:
    """Read the data, part them, and make the folder of a paper.

    Args:
        paper: What to do.
        text: The file as it was given.
        options: Data, folder and the rest.
        progress: Told what is going on.

    Raises:
        NetworkError: If a variant's network cannot do what its recipe asks for.
        UsageError: If data are missing, so that nothing or not all that is needed can be done.
        StudyError: If they cannot be used.
        DataRefused: If there are leaks and they are not allowed.
    """
    device = pick_device(options.device)
    _try_networks(paper)
    lacking = find_lacking(paper, options.data)
    for name, why in lacking.skipped.items():
        progress.note(f"skipped: {name}: {why}")
    datasets = gather_datasets(paper, lacking, options, progress)
    prints = {one.name: one.gathered.fingerprint for one in datasets}
    folder = VariantsFolder(options.out / paper_name(paper, prints))
    write_text(folder.given, text)
    write_json(folder.resolved, paper.model_dump(mode="json"))
    note_environment(RunFolder(folder.path), environment(device))
    for one in datasets:
        found = one.gathered
        write_manifest(folder.manifest(one.name), found.cohort, found.parts, found.facts)
    now = Varying(paper, folder, options, progress, device, datasets, lacking)
    alike: dict[str, Gathered] = {}
    for variant in paper.asked:
        if variant.name not in lacking.skipped:
            for leg in paper.legs(variant):
                _gather(now, leg, alike)
    _write_data(now)
    return now


def _try_networks(paper: Variants) -> None:
    """Build the network of every variant before anything is read; of each what it asks for.

    Raises:
        LeanlungError: Of the kind of what is wrong, with the variant's name.
    """
    for variant in paper.asked:
        try:
            try_network(recipe_of(paper, variant, (), "cohort.csv"))
        except LeanlungError as error:
            msg = f"variant {variant.name}: {error}"
            raise type(error)(msg) from error


def _gather(now: Varying, leg: Leg, alike: dict[str, Gathered]) -> None:
    """Gather the data of a leg, and make sure that they are parted as its data set is."""
    dataset = now.dataset(leg.name)
    there = dataset.gathered.cohort.classes
    manifest = now.folder.manifest(dataset.name).relative_to(now.folder.path).as_posix()
    recipe = recipe_of(now.paper, leg.variant, there, manifest)
    now.recipes[leg.name] = recipe
    asked = recipe.model_dump(mode="json", include=_OF_DATA)
    key = fingerprints.of_value([asked, leg.variant.leaks])
    if key not in alike:  # variants that want the same of the same films share it
        alike[key] = gather(
            _with_lungs_here(recipe, now.places),
            now.folder.path,
            now.options.out,
            allow=now.options.allow or leg.variant.leaks,
            progress=now.progress,
            device=now.device,
        )
    now.gathered[leg.name] = alike[key]
    require_same_parts(dataset.gathered, {leg.name: now.gathered[leg.name]})


def _with_lungs_here(recipe: Recipe, places: tuple[Path, ...]) -> Recipe:
    """Point at the segmenter or its pairs where they lie: below ``--data``, not the folder."""
    lungs = recipe.lungs
    for key in ("segmenter", "pairs"):
        name = getattr(lungs, key)
        found = next(
            (place / name for place in places if name and (place / name).exists()), None
        )
        if found is not None:
            lungs = lungs.model_copy(update={key: str(found)})
    return recipe.model_copy(update={"lungs": lungs})


def carry(now: Varying, name: str, until: str) -> None:
    """Carry out the run of a leg, up to a stage."""
    now.progress.note(f"{name}: {until}")
    recipe = now.recipes[name]
    share_fit(now, name)
    options = Options(
        data=now.folder.path,
        out=now.folder.path / name,
        until=until,
        allow=now.options.allow or _variant_of(now, name).leaks,
        device=now.options.device,
        cache=now.options.out,
        weights=now.places,
        jobs=_jobs(now, recipe),
    )
    text = as_toml(recipe.model_dump(mode="json"))
    now.runs[name] = carry_out(recipe, text, options, now.progress, now.gathered[name])
    runs = {
        one: folder.path.relative_to(now.folder.path).as_posix()
        for one, folder in now.runs.items()
    }
    write_json(now.folder.runs, runs)


def _jobs(now: Varying, recipe: Recipe) -> int:
    """Give how many seeds go on at a time; workers would not find a segmenter's pairs."""
    if recipe.lungs.source == "segmenter":
        return 1
    return min(now.options.jobs, len(recipe.seeds))


def _variant_of(now: Varying, leg: str) -> VariantSection:
    return now.paper.find(leg.partition("/")[0])


def _write_data(now: Varying) -> None:
    write_json(
        now.folder.data,
        {
            "made_up": all(one.gathered.cohort.made_up for one in now.datasets),
            "missing": now.lacking.archives,
            "skipped": now.lacking.skipped,
            "not_asked": [
                one.name
                for one in now.paper.variant
                if bool(one.as_published) != now.paper.as_published
                and not now.paper.stands_beside(one)
            ],
            "left_for_later": [
                one.name
                for one in now.paper.variant
                if now.paper.only and one.name not in now.paper.only
            ],
            "datasets": {
                one.name: {
                    **one.gathered.as_dict(),
                    "variants": list(one.variants),
                    **({"not_listed": one.not_listed} if one.not_listed else {}),
                }
                for one in now.datasets
            },
            **({"slices": cut} if (cut := _cut(now)) else {}),
            "variants": {name: found.as_dict() for name, found in now.gathered.items()},
        },
    )


def _cut(now: Varying) -> dict[str, Any]:
    """Tell what was cut of archives of slices, by archive."""
    return {name: told for one in now.datasets for name, told in one.cut.items()}
