"""The work of one run: what every step is handed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, pixel_statistics
from leanlung.runs.material import Material
from leanlung.statistics import Predictions
from leanlung.studies.split import split_cohort

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from leanlung.pixels import PixelStatistics
    from leanlung.runs.folder import RunFolder, SeedFolder
    from leanlung.runs.gathering import Gathered
    from leanlung.runs.progress import Progress
    from leanlung.runs.recipe import Recipe
    from leanlung.studies.split import Split
    from leanlung.studies.study import Cohort


@dataclass(frozen=True)
class Work:
    """One seed of a run.

    Attributes:
        recipe: What to do.
        folder: Of the run.
        gathered: The data.
        split: The same for all seeds.
        train: Images to learn from.
        validation: Images to choose on.
        statistics: Of the training part's pixels.
        device: Where networks run.
        progress: Told what is going on.
        seed: Of this one.
        places: Folders that weights are looked for in, such as what ``--data`` gave.
    """

    recipe: Recipe
    folder: RunFolder
    gathered: Gathered
    split: Split
    train: ImageSet
    validation: ImageSet
    statistics: PixelStatistics
    device: torch.device
    progress: Progress
    seed: int
    places: tuple[Path, ...]

    @property
    def here(self) -> SeedFolder:
        """The folder of this seed."""
        return self.folder.seed(self.seed)

    @property
    def root(self) -> Seeds:
        """The seeds of all steps."""
        return Seeds(self.seed)

    def seeds(self, *step: str | int) -> Seeds:
        """Give the seeds of a step."""
        return Seeds(self.root.number(*step))

    @property
    def material(self) -> Material:
        """What networks are fitted and judged on."""
        return Material(
            self.train,
            self.validation,
            self.statistics,
            self.recipe.network.channels,
            self.device,
        )

    def inputs(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Give what decides the result of any step, and more."""
        return {
            "data": self.gathered.fingerprint,
            "pixels": self.recipe.pixels.model_dump(),
            "seed": self.seed,
            "device": self.device.type,
            **more,
        }

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Measure a network on the validation part."""
        return self.material.validate(network)

    def predict(self, network: nn.Module, images: ImageSet) -> NDArray[np.float64]:
        """Give a network's probabilities."""
        return self.material.predict(network, images)

    def predictions(
        self, model: str, network: nn.Module, cohort: Cohort, images: ImageSet
    ) -> Predictions:
        """Give a network's predictions on a cohort."""
        return Predictions(
            model=model,
            classes=cohort.classes,
            study_ids=tuple(study.study_id for study in cohort.studies),
            patient_ids=tuple(study.patient_id for study in cohort.studies),
            labels=images.labels.numpy(),
            probabilities=self.predict(network, images),
        )


def image_set(gathered: Gathered, cohort: Cohort) -> ImageSet:
    """Find a cohort's images among the prepared ones."""
    index = {label: place for place, label in enumerate(cohort.classes)}
    rows = [gathered.rows[study.study_id] for study in cohort.studies]
    labels = [index[study.label] for study in cohort.studies]
    return ImageSet(gathered.images, torch.tensor(rows), torch.tensor(labels))


def works_of(
    recipe: Recipe,
    folder: RunFolder,
    gathered: Gathered,
    device: torch.device,
    progress: Progress,
    places: tuple[Path, ...] = (),
) -> list[Work]:
    """Give the work of every seed of a recipe, all on the same split."""
    split = split_cohort(gathered.cohort, gathered.parts, recipe.split.seed, folder.openings)
    train = image_set(gathered, split.train)
    first = Work(
        recipe=recipe,
        folder=folder,
        gathered=gathered,
        split=split,
        train=train,
        validation=image_set(gathered, split.validation),
        statistics=pixel_statistics(train, recipe.pixels),
        device=device,
        progress=progress,
        seed=recipe.seeds[0],
        places=places,
    )
    return [replace(first, seed=seed) for seed in recipe.seeds]
