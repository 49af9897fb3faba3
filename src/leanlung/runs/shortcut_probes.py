"""Shortcut probes: what is told of class, source and view, and from which part of a film."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from leanlung.evaluation import features, probe
from leanlung.evaluation.audit import ColumnProbe
from leanlung.evaluation.regions import REGIONS
from leanlung.evaluation.shortcuts import Scored, baseline, require_area
from leanlung.foundations.seeds import Seeds
from leanlung.statistics import Predictions, majority_baseline, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from leanlung.evaluation.sampling import Sampling
    from leanlung.evaluation.shortcuts import Baseline
    from leanlung.runs.films import Films
    from leanlung.runs.progress import Progress
    from leanlung.statistics import Estimate

READ_OFF = ("source", "view")
"""Columns that the probe is asked to read off the film."""

METADATA = "what is written beside the film, and no pixel"


class Measured(NamedTuple):
    """What the probes tell of the class.

    Attributes:
        headline: The AUC that the others are set beside; None where nothing could be asked.
        baselines: Beginning with the whole film; empty where nothing could be asked.
    """

    headline: Estimate | None
    baselines: tuple[Baseline, ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """What the probes are asked about.

    Attributes:
        films: What was seen.
        columns: Values of each film, by column; empty ones are missing.
        parts: Of studies, by study id.
        metric: ``macro_auc`` or ``auc:<class>``.
        sampling: Seed, resamples, level.
        headline: Answers of a network on the test part; None to cross-validate.
        alike: Pairs of studies that are alike: they never part, as if of one patient.
    """

    films: Films
    columns: Mapping[str, Sequence[str]]
    parts: Mapping[str, str]
    metric: str
    sampling: Sampling
    headline: Predictions | None
    alike: tuple[tuple[str, str], ...] = ()

    @property
    def protocol(self) -> str:
        """How the probes are asked, in words."""
        if self.headline is not None:
            return "learnt from the training and validation parts, asked about the test part"
        return f"{probe.FOLDS}-fold cross-validation over patients, look-alike films together"

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "metric": self.metric,
            "seed": self.sampling.seed,
            "resamples": self.sampling.resamples,
            "level": self.sampling.level,
            "folds": probe.FOLDS,
            "features": features.ABOUT,
            "probe": probe.ABOUT,
        }

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Number of the group of each film, (n,): its patient, and those it is alike with."""
        studies = self.films.cohort.studies
        stands = {study.patient_id: study.patient_id for study in studies}

        def first(patient: str) -> str:
            while stands[patient] != patient:
                stands[patient] = stands[stands[patient]]
                patient = stands[patient]
            return patient

        owner = {study.study_id: study.patient_id for study in studies}
        for one, other in self.alike:
            stands[first(owner[other])] = first(owner[one])
        names = [first(study.patient_id) for study in studies]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def tested(self) -> NDArray[np.bool_]:
        """Films that a network answered, (n,); none without a headline."""
        answered = set(self.headline.study_ids) if self.headline else set()
        return np.array([s.study_id in answered for s in self.films.cohort.studies])

    def answers(
        self,
        name: str,
        described: NDArray[np.float32],
        values: Sequence[str],
        rows: NDArray[np.intp],
        classes: Sequence[str],
    ) -> Predictions:
        """Ask the probe about some films.

        Args:
            name: Of the predictions.
            described: Features of all films, shape (n, features).
            values: What to tell, of all films.
            rows: Films to learn from and to ask about.
            classes: What the values may be; each occurs among the rows.

        Returns:
            Answers to all rows, or of those to the test part alone.
        """
        index = {value: place for place, value in enumerate(classes)}
        labels = np.array([index[values[row]] for row in rows], dtype=np.int64)
        groups = np.unique(self.groups[rows], return_inverse=True)[1].astype(np.int64)
        seed = Seeds(self.sampling.seed).number("audit")
        if self.headline is None:
            found = probe.cross_validated(described[rows], labels, groups, seed)
        else:
            asked = self.tested[rows]
            found = probe.held_out(described[rows], labels, groups, asked, seed)
            rows, labels = rows[asked], labels[asked]
        studies = [self.films.cohort.studies[row] for row in rows]
        return Predictions(
            name,
            tuple(classes),
            tuple(study.study_id for study in studies),
            tuple(study.patient_id for study in studies),
            labels,
            found,
        )


def probe_columns(asked: Asked, progress: Progress, told: list[str]) -> tuple[ColumnProbe, ...]:
    """Ask the probe to read the source and the view off the whole film."""
    found = []
    usable = np.flatnonzero(asked.films.usable).tolist()
    wanted = [name for name in READ_OFF if name in asked.columns]
    with progress.task("reading columns", len(wanted)) as done:
        for place, name in enumerate(wanted, start=1):
            values = asked.columns[name]
            rows = [row for row in usable if values[row]]
            kept, left_out = _frequent(asked, values, rows)
            if len(kept) < 2:
                told.append(
                    f"{name}: {len(kept)} value of {probe.FOLDS} patients or more; two are "
                    "needed to ask the probe for it"
                )
                continue
            chosen = np.array([row for row in rows if values[row] in kept])
            answers = asked.answers(
                name, asked.films.features["whole"], values, chosen, sorted(kept)
            )
            plan = asked.sampling
            measured = partial(
                measure, level=plan.level, resamples=plan.resamples, seed=plan.seed
            )
            accuracy, balanced = measured(answers, metrics=["accuracy", "balanced_accuracy"])
            majority = majority_baseline(
                answers, level=plan.level, resamples=plan.resamples, seed=plan.seed
            )
            found.append(ColumnProbe(name, kept, left_out, accuracy, balanced, majority))
            done(place)
    return tuple(found)


def probe_label(asked: Asked, progress: Progress, told: list[str]) -> Measured:
    """Ask the probe for the class: from the whole film, from parts of it, from metadata."""
    studies = asked.films.cohort.studies
    labels = [study.label for study in studies]
    rows = np.flatnonzero(asked.films.usable).tolist()
    kept, left_out = _frequent(asked, labels, rows)
    for name, count in left_out.items():
        told.append(
            f"class {name!r}: {count} films of fewer than {probe.FOLDS} patients are left "
            "out of the probes"
        )
    if len(kept) < 2:
        told.append(f"{len(kept)} class to tell apart; two are needed to probe for shortcuts")
        return Measured(None, ())
    classes = [name for name in asked.films.cohort.classes if name in kept]
    require_area(asked.metric, classes)
    chosen = np.array([row for row in rows if labels[row] in kept])
    shown = dict(asked.films.features)
    abouts = {name: (one.about, one.without_lungs) for name, one in REGIONS.items()}
    if asked.columns:
        shown["metadata"] = _one_hot(asked.columns, len(studies))
        abouts["metadata"] = (f"{METADATA} ({', '.join(asked.columns)})", True)
    scored: dict[str, Scored] = {}
    with progress.task("looking for shortcuts", len(shown)) as done:
        for place, (name, described) in enumerate(shown.items(), start=1):
            answers = asked.answers(name, described, labels, chosen, classes)
            scored[name] = Scored.of(answers, asked.metric, asked.sampling)
            done(place)
    whole = scored["whole"]
    headline = whole
    if asked.headline is not None:
        headline = Scored.of(_same(asked.headline, whole, told), asked.metric, asked.sampling)
    return Measured(
        headline.estimate(asked.metric),
        tuple(
            baseline(
                name,
                abouts[name][0],
                without_lungs=abouts[name][1],
                of=one,
                whole=whole,
                headline=headline,
            )
            for name, one in scored.items()
        ),
    )


def _same(headline: Predictions, whole: Scored, told: list[str]) -> Predictions:
    """Give the network's answers to the films that the probe answered, in its order."""
    row_of = {name: row for row, name in enumerate(headline.study_ids)}
    rows = np.array([row_of[name] for name in whole.predictions.study_ids])
    if len(rows) < len(headline):
        told.append(
            f"{len(headline) - len(rows)} of the {len(headline)} films of the test part could "
            "not be looked at; the headline is measured on the others"
        )
    return headline.rows(rows)


def _frequent(
    asked: Asked, values: Sequence[str], rows: Sequence[int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Part values into those of patients enough for every fold, and others; count films."""
    patients: dict[str, set[int]] = {}
    for row in rows:
        patients.setdefault(values[row], set()).add(int(asked.groups[row]))
    counts = Counter(values[row] for row in rows)
    enough = {name for name, found in patients.items() if len(found) >= probe.FOLDS}
    if asked.headline is not None:  # each must be there to learn from and to ask about
        for among in (asked.tested, ~asked.tested):
            enough &= {values[row] for row in rows if among[row]}
    kept = {name: counts[name] for name in sorted(counts) if name in enough}
    return kept, {name: counts[name] for name in sorted(counts) if name not in enough}


def _one_hot(columns: Mapping[str, Sequence[str]], count: int) -> NDArray[np.float32]:
    """Give one number a value of a column, shape (n, values); missing is a value too."""
    blocks = []
    for values in columns.values():
        numbers = np.unique(np.array(values), return_inverse=True)[1]
        block = np.zeros((count, int(numbers.max()) + 1), dtype=np.float32)
        block[np.arange(count), numbers] = 1.0
        blocks.append(block)
    return np.concatenate(blocks, axis=1)
