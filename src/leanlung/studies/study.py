"""A study is one image of one patient; a cohort is many of them with their classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from leanlung.foundations.errors import StudyError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Confidence = Literal["exact", "derived", "image_only"]

MADE_UP = "made up"
"""The licence every phantom carries; a cohort of these alone is stamped in every output."""


@dataclass(frozen=True)
class Study:
    """One image of one patient.

    Attributes:
        study_id: Unique in its cohort.
        patient_id: Whose image; studies of one patient never part.
        image: The file.
        label: Name of its class.
        patient_id_confidence: ``exact`` where the archive names the patient, ``derived``
            where the id was worked out from file names, ``image_only`` where nothing is
            known and every image counts as a patient of its own.
        lung_mask: A file whose pixels above zero are lung, if there is one.
        attributes: Everything else the manifest says (source, view, sex, age, license …),
            as text; feeds subgroups and audits.
    """

    study_id: str
    patient_id: str
    image: Path
    label: str
    patient_id_confidence: Confidence = "exact"
    lung_mask: Path | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Unreadable:
    """A file that could not be used, and why; never dropped in silence."""

    image: Path
    reason: str


@dataclass(frozen=True)
class Cohort:
    """Studies with their classes.

    Attributes:
        name: Of the archive or the manifest.
        classes: Label names; their order is the order of a network's outputs.
        studies: In the order of the source.
        unreadable: Files left out, with the reason.

    Raises:
        StudyError: If an id stands twice or a label has no class.
    """

    name: str
    classes: tuple[str, ...]
    studies: tuple[Study, ...]
    unreadable: tuple[Unreadable, ...] = ()

    def __post_init__(self) -> None:
        ids = Counter(study.study_id for study in self.studies)
        if doubled := [name for name, times in ids.items() if times > 1]:
            msg = (
                f"{self.name}: study id {doubled[0]!r} stands {ids[doubled[0]]} times "
                f"({len(doubled)} such ids); every image needs an id of its own"
            )
            raise StudyError(msg)
        for study in self.studies:
            if study.label not in self.classes:
                hint = did_you_mean(study.label, self.classes)
                msg = (
                    f"{self.name}: study {study.study_id!r} has label {study.label!r}, "
                    f"which is none of the classes {list(self.classes)}{hint}"
                )
                raise StudyError(msg)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient ids, each once, in order of first appearance."""
        return tuple(dict.fromkeys(study.patient_id for study in self.studies))

    @property
    def counts(self) -> dict[str, int]:
        """How many studies each class has."""
        found = Counter(study.label for study in self.studies)
        return {name: found[name] for name in self.classes}

    @property
    def made_up(self) -> bool:
        """Whether every image is a phantom."""
        licences = {study.attributes.get("license") for study in self.studies}
        return licences == {MADE_UP}

    @property
    def mixed_patients(self) -> tuple[str, ...]:
        """Patients with studies of more than one class: allowed, and told."""
        labels: dict[str, set[str]] = {}
        for study in self.studies:
            labels.setdefault(study.patient_id, set()).add(study.label)
        return tuple(patient for patient, found in labels.items() if len(found) > 1)

    def of_classes(self, classes: Iterable[str]) -> Cohort:
        """Keep the studies of some classes, in the order given.

        Raises:
            StudyError: If one of them is unknown or has no study.
        """
        wanted = tuple(classes)
        for name in wanted:
            if name not in self.classes:
                hint = did_you_mean(name, self.classes)
                msg = f"{self.name}: no class {name!r}; it has {list(self.classes)}{hint}"
                raise StudyError(msg)
            if not self.counts[name]:
                msg = f"{self.name}: class {name!r} is empty; add images of it or leave it out"
                raise StudyError(msg)
        kept = tuple(study for study in self.studies if study.label in wanted)
        return replace(self, classes=wanted, studies=kept)

    def where(self, keep: Callable[[Study], bool]) -> Cohort:
        """Keep some studies, in their order; the classes stay as they are."""
        return replace(self, studies=tuple(study for study in self.studies if keep(study)))

    def with_unreadable(self, unreadable: tuple[Unreadable, ...]) -> Cohort:
        """Note files that could not be used."""
        return replace(self, unreadable=unreadable)
