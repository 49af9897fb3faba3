"""Explainers: the networks whose attention is looked at, their ensembles and their pairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leanlung.ensembles import Mean, Weighted
from leanlung.exports import Bundle, EnsembleBundle, load_model
from leanlung.exports.config import CONFIG, ONNX, read_config
from leanlung.exports.models import networks_of
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean
from leanlung.foundations.tables import read_table
from leanlung.runs.external_models import models_of
from leanlung.runs.folder import CHOICE, open_run
from leanlung.studies.manifest import read_manifest
from leanlung.studies.split import given_parts, split_cohort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from leanlung.attention import Layer
    from leanlung.exports import Model

TOGETHER, BASELINES = "ensemble", "ensemble of baselines"


@dataclass(frozen=True)
class Explainer:
    """One network to look into.

    Attributes:
        name: To report it under.
        bundle: With its preparation and classes.
        row: In a grid of pictures, what stands in front of its row.
        layer: Whose maps are read; that of the plan if None.
    """

    name: str
    bundle: Bundle
    row: str = ""
    layer: Layer | None = None


@dataclass(frozen=True)
class Together:
    """Several networks that answer as one.

    Attributes:
        name: To report it under.
        members: Names of explainers, in the order of the ensemble.
        model: How they answer together.
    """

    name: str
    members: tuple[str, ...]
    model: EnsembleBundle

    @property
    def weights(self) -> tuple[float, ...]:
        """How much the map of each member counts; alike, unless the ensemble is weighted."""
        combiner = self.model.combiner
        equal = (1.0 / len(self.members),) * len(self.members)
        return combiner.weights if isinstance(combiner, Weighted) else equal


@dataclass(frozen=True)
class Explainers:
    """Who is asked.

    Attributes:
        each: All networks; they know the same classes, in whatever order.
        together: Ensembles of them.
        pairs: Names of a baseline and of the model that is compared with it.
        parts: Part of the split by hash of the pixels, of every study of the runs given.
        runs: Those whose test part is opened when one of its films is explained.
        columns: Of a grid of pictures; 0 where all networks stand in one row.
    """

    each: tuple[Explainer, ...]
    together: tuple[Together, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[Path, ...] = ()
    columns: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of networks and ensembles."""
        networks = tuple(one.name for one in self.each)
        return (*networks, *(one.name for one in self.together))

    @property
    def classes(self) -> tuple[str, ...]:
        """Of all networks, in the order of the first."""
        return self.each[0].bundle.classes

    def members(self, name: str) -> tuple[Explainer, ...]:
        """Give the networks of an ensemble, or the network itself."""
        for one in self.together:
            if one.name == name:
                return tuple(each for each in self.each if each.name in one.members)
        return tuple(each for each in self.each if each.name == name)

    def require_class(self, name: str) -> None:
        """Refuse a class that the networks do not know.

        Raises:
            UsageError: If it is none of theirs, nor ``label`` or ``predicted``.
        """
        known = ("label", "predicted", *self.classes)
        if name not in known:
            msg = (
                f"no class {name!r} to explain; there are {list(known)}"
                f"{did_you_mean(name, known)}"
            )
            raise UsageError(msg)


@dataclass(frozen=True)
class _Asked:
    """A model that was asked for, with its baseline, before they have names."""

    path: Path
    model: Model
    baseline: Model | None
    baseline_path: Path | None


def explainers_of(models: Sequence[Path], baselines: Sequence[Path] = ()) -> Explainers:
    """Load what is to be explained.

    Several bundles or runs are also looked at together, as an ensemble that answers by the mean
    of their probabilities; so are their baselines.

    Args:
        models: Bundles, ensembles, or finished runs; of a run, the chosen network is the model
            and the unpruned one its baseline (those of its first seed).
        baselines: Bundles or ensembles, the unpruned ones, one for each of the models, in
            their order.

    Raises:
        UsageError: If numbers do not fit, a path is nothing of the kind, a run is given a
            baseline, something is given twice, or classes differ.
        BundleError: If a bundle is damaged.
    """
    if baselines and len(baselines) != len(models):
        msg = f"{len(baselines)} baselines for {len(models)} models; give one for each, or none"
        raise UsageError(msg)
    asked: list[_Asked] = []
    parts: dict[str, str] = {}
    runs: list[Path] = []
    for place, path in enumerate(models):
        its = _models(path)
        before = its[0] if len(its) > 1 else None
        other = baselines[place] if baselines else None
        if not (path / CONFIG).is_file():
            runs.append(path)
            rows = read_table(open_run(path).cohort)
            parts |= {row["pixel_sha256"]: row["split"] for row in rows}
        if other is not None:
            if path in runs:
                msg = f"{path} is a run, which has its own baseline; leave --baseline out"
                raise UsageError(msg)
            before = _models(other)[0]
        asked.append(_Asked(path, its[-1], before, other))
    _require_same_classes([*(one.model for one in asked), *(one.baseline for one in asked)])
    found = _put_together(asked)
    if doubled := [name for name, times in Counter(found.names).items() if times > 1]:
        msg = f"{doubled[0]}: given twice; give each network once"
        raise UsageError(msg)
    return Explainers(found.each, found.together, found.pairs, parts, tuple(runs))


def open_test_part(path: Path) -> None:
    """Write down that the test part of a finished run is opened again, for the same choice."""
    folder = open_run(path)
    cohort = read_manifest(folder.cohort)
    split = split_cohort(cohort, given_parts(cohort), 0, folder.openings)
    [first, *_] = sorted(folder.path.glob(f"seed-*/4-choose/{CHOICE}"))
    split.test.open(chosen=first)


def _models(path: Path) -> list[Model]:
    """Give a bundle or an ensemble, or the unpruned and the chosen network of a run."""
    if (path / CONFIG).is_file():
        if read_config(path).get("kind") == ONNX:
            msg = (
                f"{path}: an ONNX file, such as one in eight bits: it has neither layers nor "
                "gradients to look into; explain the bundle it was made of"
            )
            raise UsageError(msg)
        return [load_model(path)]
    return [model.bundle for model in models_of(path).models]


def _put_together(asked: Sequence[_Asked]) -> Explainers:
    times = Counter(model.name for one in asked for model in (one.model, one.baseline) if model)
    each: list[Explainer] = []
    together: list[Together] = []
    pairs: list[tuple[str, str]] = []
    tops: list[tuple[str, str]] = []
    for one in asked:
        name = _name(one.model, one.path, times)
        members = _expand(name, one.model, each, together)
        before = ""
        if one.baseline is not None:
            where = one.baseline_path or one.path / one.baseline.name
            before = _name(one.baseline, where, times)
            theirs = _expand(before, one.baseline, each, together)
            if len(members) == len(theirs) > 1:
                pairs += zip(theirs, members, strict=True)
            pairs.append((before, name))
        tops.append((before, name))
    if len(tops) > 1 and not together:
        by_name = {one.name: one.bundle for one in each}
        together.append(_mean_of(TOGETHER, [name for _, name in tops], by_name))
        if all(before for before, _ in tops):
            together.append(_mean_of(BASELINES, [before for before, _ in tops], by_name))
            pairs.append((BASELINES, TOGETHER))
    return Explainers(tuple(each), tuple(together), tuple(pairs))


def _name(model: Model, where: Path, times: Mapping[str, int]) -> str:
    return model.name if times[model.name] == 1 else str(where)


def _expand(
    name: str, model: Model, each: list[Explainer], together: list[Together]
) -> tuple[str, ...]:
    """Note the networks of a model; give their names."""
    if not isinstance(model, EnsembleBundle):
        each.append(Explainer(name, model))
        return (name,)
    names = tuple(f"{name}/{member}" for member in model.members)
    pairs = zip(names, networks_of(model), strict=True)
    each += [Explainer(member, bundle) for member, bundle in pairs]
    together.append(Together(name, names, model))
    return names


def _mean_of(name: str, members: Sequence[str], bundles: Mapping[str, Bundle]) -> Together:
    numbered = {f"{n}": bundles[member] for n, member in enumerate(members)}
    classes = bundles[members[0]].classes
    return Together(name, tuple(members), EnsembleBundle(name, numbered, classes, Mean()))


def _require_same_classes(models: Iterable[Model | None]) -> None:
    given = [model for model in models if model is not None]
    for model in given:
        if set(model.classes) != set(given[0].classes):
            msg = (
                f"{given[0].name} knows {list(given[0].classes)}, {model.name} "
                f"{list(model.classes)}; the same classes were expected"
            )
            raise UsageError(msg)
