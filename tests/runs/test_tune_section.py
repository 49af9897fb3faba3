"""What is searched: ranges as the paper has them, and mistakes told before anything is run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import RecipeError
from leanlung.runs import Recipe, read_recipe
from leanlung.runs.tune import (
    PRESETS,
    Choice,
    Interval,
    TuneSection,
    preset,
    space_of,
    unused,
    with_values,
)

if TYPE_CHECKING:
    from pathlib import Path


def recipe(backbone: str = "separable_cnn", **tune: object) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "r",
            "data": {"classes": ["a", "b"]},
            "network": {"backbone": backbone},
            "tune": tune,
        }
    )


def test_a_logarithm_is_drawn_evenly() -> None:
    rate = Interval(kind="log_uniform", low=1e-9, high=1e-2)
    assert rate.at(0.0) == pytest.approx(1e-9)
    assert float(rate.at(0.0)) >= 1e-9
    assert rate.at(3 / 7) == pytest.approx(1e-6)  # three of seven decades
    assert rate.at(1 / 7) == pytest.approx(1e-8)
    assert float(rate.at(math.nextafter(1.0, 0.0))) <= 1e-2
    momentum = Interval(kind="uniform", low=0.85, high=0.99)
    assert momentum.at(0.5) == pytest.approx(0.92)


def test_a_choice_is_drawn_evenly() -> None:
    kinds = Choice(kind="choice", of=("sgd", "adam", "rmsprop"))
    shares = [0.0, 0.33, 0.34, 0.66, 0.67, 0.9999]
    assert [kinds.at(s) for s in shares] == ["sgd", "sgd", "adam", "adam", "rmsprop", "rmsprop"]


def test_trunks_are_searched_where_the_paper_did() -> None:
    found = {name: (one.kind, *one.ends) for name, one in space_of(recipe("vgg16")).items()}
    assert found == {  # section II-C
        "train.optimiser.momentum": ("uniform", 0.85, 0.99),
        "train.optimiser.weight_decay": ("log_uniform", 1e-10, 1e-3),
        "train.optimiser.rate": ("log_uniform", 1e-9, 1e-2),
    }


def test_the_customised_network_is_searched_over_dropout_optimiser_and_activation() -> None:
    found = space_of(recipe())
    assert list(found) == ["network.dropout", "train.optimiser.kind", "network.activation"]
    assert set(found["train.optimiser.kind"].ends) == {"sgd", "adam", "rmsprop"}


def test_table_2_is_a_preset_and_lies_within_what_is_searched() -> None:
    tuned = with_values(recipe("vgg16"), preset("table2", recipe("vgg16"))).train.optimiser
    assert (tuned.momentum, tuned.rate, tuned.weight_decay) == (0.95, 1e-3, 1e-6)
    assert tuned.kind == "sgd"
    own = with_values(recipe(), preset("table2", recipe()))
    assert (own.network.dropout, own.network.activation) == (0.5, "relu")
    assert own.train.optimiser.kind == "sgd"
    for backbone, kind in (("vgg16", "trunk"), ("separable_cnn", "separable_cnn")):
        for name, one in space_of(recipe(backbone)).items():
            value = PRESETS["table2"][kind][name]
            if isinstance(one, Choice):
                assert value in one.of
            else:
                assert one.low <= float(value) <= one.high


RECIPE = """
name = "r"
[data]
classes = ["a", "b"]
[network]
backbone = "separable_cnn"
"""


def read(tmp_path: Path, text: str) -> Recipe:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE + text)
    return read_recipe(path)


@pytest.mark.parametrize(
    "text",
    [
        "[tune.space]\n'train.optimiser.rate' = {kind = 'log_uniform', low = 1e-5, high = 0.1}",
        "[tune.space]\ntrain.optimiser.rate = { kind = 'log_uniform', low = 1e-5, high = 0.1 }",
        "[tune.space.train.optimiser.rate]\nkind = 'log_uniform'\nlow = 1e-5\nhigh = 0.1",
    ],
)
def test_fields_are_named_with_dots_or_in_tables(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text).tune.space
    assert found == {"train.optimiser.rate": Interval(kind="log_uniform", low=1e-5, high=0.1)}


def test_a_field_called_kind_is_told_from_the_kind_of_a_range(tmp_path: Path) -> None:
    text = "[tune.space]\ntrain.optimiser.kind = { kind = 'choice', of = ['sgd', 'adam'] }"
    assert read(tmp_path, text).tune.space == {
        "train.optimiser.kind": Choice(kind="choice", of=("sgd", "adam"))
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('"train.batch" = { kind = "choice", of = [16, 1] }', "train.batch = 1: "),
        ('"train.rat" = { kind = "choice", of = [1] }', "train.rat = 1: "),
        (
            '"network.dropout" = { kind = "uniform", low = 0, high = 2 }',
            "network.dropout = 2.0: ",
        ),
        ('"train.optimiser.rate" = { kind = "log_uniform", low = 0, high = 1 }', "above 0"),
        ('"train.optimiser.rate" = { kind = "uniform", low = 1, high = 1 }', "below high"),
        ('"train.batch" = { kind = "choice", of = [] }', "at least 1 item"),
        ('"train.batch" = { kind = "gaussian" }', "'gaussian'"),
        ('"split.seed" = { kind = "choice", of = [1] }', "'split.seed' is no field to search"),
        ('"evaluate.margin" = { kind = "choice", of = [0.1] }', "no field to search"),
        ('"train.monitor" = { kind = "choice", of = ["accuracy"] }', "no field to search"),
    ],
)
def test_a_range_that_cannot_be_is_told_with_the_recipe(
    tmp_path: Path, line: str, told: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, f"[tune.space]\n{line}\n")
    assert told in str(caught.value)


def test_a_field_without_effect_is_told() -> None:
    adam = with_values(recipe("vgg16"), {"train.optimiser.kind": "adam"})
    assert "adam has none" in unused(adam)
    assert unused(recipe("vgg16")) == ""
    assert unused(with_values(recipe(), {"train.optimiser.kind": "adam"})) == ""


def test_values_change_nothing_but_their_fields() -> None:
    before = recipe("vgg16", trials=7)
    after = with_values(before, {"train.optimiser.rate": 0.5, "network.dropout": 0.1})
    expected = before.model_dump()
    expected["train"]["optimiser"]["rate"] = 0.5
    expected["network"]["dropout"] = 0.1
    assert after.model_dump() == expected
    assert after.tune == TuneSection(trials=7)
