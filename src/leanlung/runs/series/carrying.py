"""Carry out a series: stage after stage, each run found again if it was done before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_json, write_text
from leanlung.networks.devices import pick_device
from leanlung.reports.settings import as_toml
from leanlung.runs.data import DataSection
from leanlung.runs.environment import environment, note_environment
from leanlung.runs.folder import RunFolder
from leanlung.runs.gathering import gather
from leanlung.runs.recipe import NetworkSection, Recipe
from leanlung.runs.run import Options, carry_out
from leanlung.runs.series.archive import Found, read_archives
from leanlung.runs.series.children import fine_tuning, pretraining
from leanlung.runs.series.flaws import flawed
from leanlung.runs.series.folder import SeriesFolder, series_name
from leanlung.runs.series.guard import overlaps, require_apart, require_same_parts
from leanlung.runs.series.recipe import PRETRAIN
from leanlung.runs.starting import chosen_folder
from leanlung.runs.work import works_of
from leanlung.studies.manifest import write_manifest
from leanlung.studies.phantoms import make

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from leanlung.runs.gathering import Gathered
    from leanlung.runs.progress import Progress
    from leanlung.runs.series.children import Child
    from leanlung.runs.series.combining import Kind
    from leanlung.runs.series.recipe import Series, TaskSection
    from leanlung.runs.work import Work
    from leanlung.studies.study import Cohort

Runs = dict[tuple[str, str], RunFolder]
"""By stage and network."""


@dataclass
class Carrying:
    """A series while it is carried out.

    Attributes:
        series: What to do.
        folder: Of the series.
        options: Data, folder and the rest.
        progress: Told what is going on.
        device: Where networks run.
        whole: The data of all stages.
        archives: What there is of them.
        stages: The data of each stage, as its runs gather them.
        runs: Those that are carried out so far.
        children: Their recipes.
    """

    series: Series
    folder: SeriesFolder
    options: Options
    progress: Progress
    device: torch.device
    whole: Gathered
    archives: tuple[Found, ...]
    stages: dict[str, Gathered] = field(default_factory=dict)
    runs: Runs = field(default_factory=dict)
    children: dict[tuple[str, str], Child] = field(default_factory=dict)

    @property
    def there(self) -> tuple[str, ...]:
        """Labels of the images that were found."""
        return self.whole.cohort.classes

    @property
    def places(self) -> tuple[Path, ...]:
        """Folders in which weights are looked for."""
        data = (self.options.data,) if self.options.data else ()
        return (self.folder.path, *data, *self.options.weights)

    def options_of(self, child: Child, until: str) -> Options:
        """Give the options of one run."""
        return Options(
            data=self.folder.path,
            out=self.folder.stage(child.stage, child.network),
            until=until,
            allow=self.options.allow or self.series.as_published,
            device=self.options.device,
            cache=self.options.out,
            weights=self.places,
        )


def begin(series: Series, text: str, options: Options, progress: Progress) -> Carrying:
    """Read the data, part them, and make the folder of a series.

    Args:
        series: What to do.
        text: The file as it was given.
        options: Data, folder and the rest.
        progress: Told what is going on.

    Raises:
        UsageError: If data are missing; all that is needed and missing is told.
        StudyError: If they cannot be used.
        DataRefused: If there are leaks and they are not allowed.
    """
    device = pick_device(options.device)
    cohort, archives = _read(series, options, progress)
    for one in archives:
        progress.note(one.told if one.state == "read" else f"missing: {one.told}")
    whole = _gather(series, cohort, options, progress, device)
    folder = SeriesFolder(options.out / series_name(series, whole.fingerprint))
    write_text(folder.series, text)
    write_json(folder.resolved, series.model_dump(mode="json"))
    note_environment(RunFolder(folder.path), environment(device))
    write_manifest(folder.cohort, whole.cohort, whole.parts, whole.facts)
    found = Carrying(series, folder, options, progress, device, whole, archives)
    _write_data(found, ())
    return found


def _read(
    series: Series, options: Options, progress: Progress
) -> tuple[Cohort, tuple[Found, ...]]:
    if series.phantoms is None:
        return read_archives(series.archive, series.labels, options.data)
    name = fingerprints.of_value(repr(series.phantoms))[:8]
    progress.note(f"drawing phantoms: {series.phantoms.patients} made-up patients")
    return make(options.out / f"phantoms-{name}", series.phantoms), ()


def _gather(
    series: Series, cohort: Cohort, options: Options, progress: Progress, device: torch.device
) -> Gathered:
    split = series.split
    if series.as_published:
        cohort, parts = flawed(series, cohort)
        split = split.model_copy(update={"by": "manifest"})
        cohort = replace(
            cohort,
            studies=tuple(
                replace(
                    one,
                    attributes=MappingProxyType(
                        {**one.attributes, "split": parts[one.study_id]}
                    ),
                )
                for one in cohort.studies
            ),
        )
    entry = series.network[0]
    recipe = Recipe(
        name=series.name,
        data=DataSection(classes=cohort.classes, bad_images=series.bad_images),
        split=split,
        pixels=series.pixels,
        lungs=series.lungs,
        network=NetworkSection(backbone=entry.backbone, head=entry.head),
    )
    return gather(
        recipe,
        options.data,
        options.out,
        allow=options.allow or series.as_published,
        progress=progress,
        cohort=cohort,
        device=device,
    )


def _write_data(now: Carrying, found: tuple[Any, ...]) -> None:
    write_json(
        now.folder.data,
        {
            **now.whole.as_dict(),
            "archives": [vars(one) for one in now.archives],
            "overlaps": [one.as_dict() for one in found],
        },
    )


def gather_stages(now: Carrying) -> None:
    """Gather the data of every stage, and make sure that none learns what another is asked.

    Raises:
        DataRefused: If one does; a series as published goes on, stamped.
    """
    first = now.series.network[0].name
    now.stages[PRETRAIN] = _gathered(now, pretraining(now.series, first, now.there))
    for task in now.series.task:
        child = fine_tuning(now.series, task, first, now.there, "none")
        now.stages[task.name] = _gathered(now, child)
    require_same_parts(now.whole, now.stages)
    found = overlaps(now.stages, now.whole.alike)
    _write_data(now, found)
    if not (now.series.as_published or now.options.allow):
        require_apart(found)


def _gathered(now: Carrying, child: Child) -> Gathered:
    options = now.options_of(child, "data")
    found = gather(
        child.recipe,
        options.data,
        now.options.out,
        allow=options.allow,
        progress=now.progress,
        device=now.device,
    )
    # The manifest brings the masks along; who found them, and why others lack one, it cannot.
    return replace(found, lungs=now.whole.lungs)


def carry(now: Carrying, child: Child, until: str) -> None:
    """Carry out one run of the series, up to a stage."""
    now.progress.note(f"{child.stage} · {child.network}")
    now.children[child.stage, child.network] = child
    options = now.options_of(child, until)
    text = as_toml(child.recipe.model_dump(mode="json"))
    gathered = now.stages[child.stage]
    now.runs[child.stage, child.network] = carry_out(
        child.recipe, text, options, now.progress, gathered
    )
    runs = {
        f"{stage}/{network}": folder.path.relative_to(now.folder.path).as_posix()
        for (stage, network), folder in now.runs.items()
    }
    write_json(now.folder.runs, runs)


def member(now: Carrying, task: TaskSection, network: str, kind: Kind) -> Path:
    """Give the folder of a member: the whole network, or the one that was chosen."""
    folder = now.runs[task.name, network]
    backbone = now.children[task.name, network].recipe.network.backbone
    whole = folder.seed(now.series.seed).fit(backbone)
    return whole if kind == "unpruned" else chosen_folder(folder, now.series.seed)


def work_of(now: Carrying, stage: str, network: str) -> Work:
    """Give the work of one run."""
    child = now.children[stage, network]
    [work] = works_of(
        child.recipe,
        now.runs[stage, network],
        now.stages[stage],
        now.device,
        now.progress,
        now.places,
    )
    return work


def rounds_of(now: Carrying, task: TaskSection, network: str) -> int:
    """Give how many rounds the pruned network of a run has behind it."""
    folder = member(now, task, network, "pruned")
    return int(folder.name.removeprefix("round-")) if folder.name.startswith("round-") else 0
