"""Children: the runs a series is made of, each an ordinary recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanlung.runs.data import DataSection
from leanlung.runs.prune import PruneSection
from leanlung.runs.recipe import NetworkSection, Recipe
from leanlung.runs.series.flaws import FLAWS
from leanlung.runs.series.recipe import PRETRAIN

if TYPE_CHECKING:
    from collections.abc import Collection

    from leanlung.runs.series.recipe import NetworkEntry, Series, StageData, TaskSection
    from leanlung.training import TrainingPlan

MANIFEST = "cohort.csv"
"""What every run of a series reads, below the folder of the series."""

_NOTHING = PruneSection(rounds=0)


@dataclass(frozen=True)
class Child:
    """One run of a series.

    Attributes:
        stage: ``pretrain``, or the name of a task.
        network: Name of the network.
        recipe: What the run does.
    """

    stage: str
    network: str
    recipe: Recipe


def pretraining(series: Series, network: str, there: Collection[str]) -> Child:
    """Give the run in which a network learns what all networks learn first.

    Args:
        series: All of it.
        network: Its name.
        there: Labels of the images that were found.
    """
    entry = series.entry(network)
    stage = series.pretrain
    recipe = _recipe(
        series,
        PRETRAIN,
        entry,
        stage.data,
        there,
        about=f"{network}: {series.about}",
        train=_at_rate(stage.train, entry.rate),
        prune=_NOTHING,
        choose={"rule": "best", "metric": series.top.metric},
        evaluate=stage.evaluate,
    )
    return Child(PRETRAIN, network, recipe)


def fine_tuning(
    series: Series, task: TaskSection, network: str, there: Collection[str], start: str
) -> Child:
    """Give the run in which a network is fitted to a task, and pruned.

    Args:
        series: All of it.
        task: One of its tasks.
        network: Its name.
        there: Labels of the images that were found.
        start: The run it begins from, below the folder of the series.
    """
    entry = series.entry(network)
    begun = entry.model_copy(update={"weights": start, "partial": False})
    prune = task.prune or _NOTHING
    retrain = _at_rate(prune.retrain, entry.rate)
    # Their code reads the validation part where it ranks, and the test part is what it reads.
    ranked: dict[str, Any] = {"rank_on": "validation"} if series.as_published else {}
    recipe = _recipe(
        series,
        task.name,
        begun,
        task.data,
        there,
        about=f"{network}: {task.about or series.about}",
        train=_at_rate(task.train, entry.rate),
        prune=prune.model_copy(update={"retrain": retrain, **ranked}),
        choose=task.choose,
        evaluate=task.evaluate,
    )
    return Child(task.name, network, recipe)


def _recipe(
    series: Series,
    stage: str,
    entry: NetworkEntry,
    data: StageData,
    there: Collection[str],
    **sections: Any,  # noqa: ANN401 - sections of a recipe
) -> Recipe:
    network = {name: getattr(entry, name) for name in NetworkSection.model_fields}
    return Recipe(
        name=f"{series.name}-{stage}-{entry.name}",
        source=series.source,
        data=_data(series, data, there),
        split=series.split.model_copy(update={"by": "manifest"}),
        pixels=series.pixels,
        network=NetworkSection(**network),
        deviations=series.deviations,
        gaps=series.gaps,
        seeds=(series.seed,),
        as_published=FLAWS if series.as_published else (),
        **sections,
    )


def _data(series: Series, data: StageData, there: Collection[str]) -> DataSection:
    """Say which images a stage is about; of labels that nobody found, nothing is asked."""
    merge = {
        name: tuple(label for label in labels if label in there)
        for name, labels in data.merge.items()
    }
    return DataSection(
        classes=data.classes,
        leave_out=tuple(
            label for label in series.labels if label in there and label not in data.labels
        ),
        merge={name: labels for name, labels in merge.items() if labels},
        where=data.where,
        manifest=MANIFEST,
        layout="manifest",
        bad_images=series.bad_images,
    )


def _at_rate(plan: TrainingPlan, factor: float) -> TrainingPlan:
    """Multiply the learning rate of a plan."""
    optimiser = plan.optimiser.model_copy(update={"rate": plan.optimiser.rate * factor})
    return plan.model_copy(update={"optimiser": optimiser})
