"""The search of a recipe: which fields, from where to where, how many trials, stopped when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from leanlung.foundations.counts import Count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leanlung.runs.recipe import Recipe

Value = bool | int | float | str
"""Of a field that is searched for."""


class Choice(BaseModel, extra="forbid", frozen=True):
    """One of several values, each as likely."""

    kind: Literal["choice"]
    of: Annotated[tuple[Value, ...], Field(min_length=1)]

    def at(self, share: float) -> Value:
        """Give the value at a share of the way through, in [0, 1)."""
        return self.of[min(int(share * len(self.of)), len(self.of) - 1)]

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that tell whether all are possible."""
        return self.of


class Interval(BaseModel, extra="forbid", frozen=True):
    """A number between two others, ends included."""

    kind: Literal["uniform", "log_uniform"]
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _has_two_ends(self) -> Interval:
        if self.low >= self.high:
            msg = f"low must be below high; got {self.low:g} and {self.high:g}"
            raise ValueError(msg)
        if self.kind == "log_uniform" and self.low <= 0.0:
            msg = f"low of log_uniform must be above 0; got {self.low:g}"
            raise ValueError(msg)
        return self

    def at(self, share: float) -> Value:
        """Give the number at a share of the way from low to high, or from logarithm to it."""
        if self.kind == "uniform":
            found = self.low + share * (self.high - self.low)
        else:
            low, high = math.log(self.low), math.log(self.high)
            found = math.exp(low + share * (high - low))
        return min(max(found, self.low), self.high)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that tell whether all are possible."""
        return (self.low, self.high)


Range = Annotated[Choice | Interval, Field(discriminator="kind")]
Space = dict[str, Range]


def _flat(value: object) -> object:
    """Join the names of nested tables: what TOML makes of ``train.optimiser.rate = …``."""
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and not isinstance(inner.get("kind"), str):
            flat = _flat(inner)
            if isinstance(flat, dict):
                found |= {f"{name}.{rest}": leaf for rest, leaf in flat.items()}
        else:
            found[str(name)] = inner
    return found


SEPARABLE: Space = {
    "network.dropout": Interval(kind="uniform", low=0.1, high=0.7),
    "train.optimiser.kind": Choice(kind="choice", of=("sgd", "adam", "rmsprop")),
    "network.activation": Choice(kind="choice", of=("relu", "leaky_relu", "elu", "selu")),
}
"""Of the customised CNN (section II-C); the paper prints no ranges: these are ours."""

TRUNK: Space = {
    "train.optimiser.momentum": Interval(kind="uniform", low=0.85, high=0.99),
    "train.optimiser.weight_decay": Interval(kind="log_uniform", low=1e-10, high=1e-3),
    "train.optimiser.rate": Interval(kind="log_uniform", low=1e-9, high=1e-2),
}
"""Of every other network, with SGD (section II-C); the paper does not say along which scale."""

PRESETS: dict[str, dict[str, dict[str, Value]]] = {
    "table2": {
        "separable_cnn": {
            "network.dropout": 0.5,
            "train.optimiser.kind": "sgd",
            "network.activation": "relu",
        },
        "trunk": {
            "train.optimiser.kind": "sgd",
            "train.optimiser.momentum": 0.95,
            "train.optimiser.weight_decay": 1e-6,
            "train.optimiser.rate": 1e-3,
        },
    }
}
"""What was found: Rajaraman et al. 2020, Table II, of the customised CNN and of the trunks."""

_FIELDS = ("network.", "train.")
_NOT_THESE = ("train.monitor", "train.distil", "network.weights", "network.partial")


class TuneSection(BaseModel, extra="forbid", frozen=True):
    """How a good setting is looked for.

    What a trial is worth is its best epoch's ``train.monitor`` on the validation part; the test
    part stays sealed.

    Attributes:
        trials: How many, over all processes that share the search.
        sampler: ``random`` draws every trial by itself, so that a search has the same trials
            whatever the number of processes; ``tpe`` learns from earlier ones.
        first: The first trial takes these values: ``table2`` what Rajaraman et al. 2020 found.
        stop_early: Whether a trial ends as soon as it is below the median of the earlier ones
            at the same epoch.
        stop_after_trials: So many trials run to their end in any case.
        stop_after_epochs: So many epochs every trial goes through.
        space: Ranges by field: ``{ kind = "log_uniform", low = 1e-5, high = 1e-1 }`` for
            ``train.optimiser.rate``; also ``uniform``, and ``choice`` with its ``of``. If it is
            not given, that of Rajaraman et al. 2020: dropout, optimiser and activation of
            separable_cnn; momentum, weight decay and rate of any other network.
    """

    trials: Count = Field(20, ge=1)
    sampler: Literal["random", "tpe"] = "random"
    first: Literal["none", "table2"] = "none"
    stop_early: bool = True
    stop_after_trials: Count = Field(5, ge=1)
    stop_after_epochs: Count = Field(3, ge=0)
    space: Annotated[Space, BeforeValidator(_flat)] = Field(default_factory=dict)


def space_of(recipe: Recipe) -> Space:
    """Give what is searched: as the recipe says, or as the paper did for such a network."""
    if recipe.tune.space:
        return dict(recipe.tune.space)
    return SEPARABLE if recipe.network.backbone == "separable_cnn" else TRUNK


def preset(name: str, recipe: Recipe) -> dict[str, Value]:
    """Give the values of a preset for the network of a recipe."""
    kinds = PRESETS[name]
    return kinds["separable_cnn" if recipe.network.backbone == "separable_cnn" else "trunk"]


def with_values(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """Give a recipe other values of some fields.

    Raises:
        ValueError: If one of them is not possible; pydantic's, with every mistake.
    """
    tables = recipe.model_dump(mode="json", exclude_defaults=True)
    for name, value in values.items():
        *folders, last = name.split(".")
        table = tables
        for folder in folders:
            table = table.setdefault(folder, {})
        table[last] = value
    return type(recipe).model_validate(tables)


def unfit_space(recipe: Recipe) -> Iterator[str]:
    """Find what is wrong with a space, each in a sentence; the recipe is right otherwise."""
    plain = recipe.model_copy(update={"tune": TuneSection()})
    for name, found in recipe.tune.space.items():
        if not name.startswith(_FIELDS) or name.startswith(_NOT_THESE):
            yield (
                f"tune.space: {name!r} is no field to search; those of network and train are, "
                f"but for {', '.join(_NOT_THESE)}"
            )
            continue
        for value in found.ends:
            try:
                with_values(plain, {name: value})
            except ValidationError as error:
                why = error.errors()[0]["msg"].removeprefix("Value error, ")
                yield f"tune.space: {name} = {value!r}: {why[0].lower()}{why[1:]}"
                break


def unused(recipe: Recipe) -> str:
    """Say which field of the space has no effect, if there is one; empty otherwise."""
    space = space_of(recipe)
    kinds = space.get("train.optimiser.kind")
    used = set(kinds.ends) if kinds else {recipe.train.optimiser.kind}
    if "train.optimiser.momentum" in space and used == {"adam"}:
        return (
            "train.optimiser.momentum is searched, and adam has none; set train.optimiser.kind "
            "to 'sgd', or give another tune.space"
        )
    return ""


def as_changes(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Give values as ``--set`` takes them, ``a.b=value``."""
    return tuple(f"{name}={value}" for name, value in values.items())
