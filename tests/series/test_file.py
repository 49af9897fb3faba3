"""The file of a series: checked whole, every mistake at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import RecipeError, UsageError
from leanlung.networks import NetworkSpec, count_trainable
from leanlung.runs import recipe_path, shipped_recipes
from leanlung.runs.reading import paper_path, shipped_series
from leanlung.runs.series import read_series

if TYPE_CHECKING:
    from pathlib import Path


def mistakes(folder: Path, text: str) -> str:
    path = folder / "wrong.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as found:
        read_series(path)
    return str(found.value)


def test_all_mistakes_are_told_with_their_line_and_what_was_meant(
    tmp_path: Path, series_text: str
) -> None:
    text = series_text.replace("dropout = 0.4", "dropuot = 0.4")
    text = text.replace("rounds = 2", "round = 2")
    lines = text.splitlines()
    dropout, rounds = lines.index("dropuot = 0.4") + 1, lines.index("round = 2") + 1
    told = mistakes(tmp_path, text)
    assert f"line {dropout}, network.2.dropuot: unknown key; did you mean 'dropout'?" in told
    assert f"line {rounds}, task.1.prune.round: unknown key; did you mean 'rounds'?" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "two"', 'name = "one"', "network: 'one' stands twice"),
        ('name = "two-classes"', 'name = "pretrain"', "task: 'pretrain' stands twice"),
        ("count = 2", "count = 4", "top.count: 4 of 3 networks cannot go on"),
        ('["normal", "ground_glass"]', '["normal", "ground_gloss"]', "did you mean 'ground_g"),
        ("count = 2", "count = 1", "an ensemble takes two networks or more"),
        ("[phantoms]", "[phantom]", "unknown key; did you mean 'phantoms'?"),
        ('rule = "best"\n', 'rule = "best"\nmetric = "f1"\n', "'f1' is none of"),
        ("margin = 0.1", 'margin = 0.1\nhealthy = "fine"', "task three-classes: "),
        (
            "[published.",
            '[attention]\ntask = "three-clases"\n[published.',
            "attention.task: 'three-clases' is none of the tasks",
        ),
        (
            "[published.",
            '[attention]\nfindings = ["nodule"]\n[published.',
            "findings chooses among lesion boxes",
        ),
        (
            "[top]",
            '[lungs]\nsource = "segmenter"\nsegmenter = "s"\n[top]',
            "lungs: found and not used; set pixels.crop to 'lungs'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, series_text: str, old: str, new: str, told: str
) -> None:
    assert series_text.count(old) >= 1
    assert told in mistakes(tmp_path, series_text.replace(old, new))


def test_a_network_and_a_task_are_set_by_their_names(tiny: Path) -> None:
    series = read_series(tiny, ["network.two.rate=0.25", "task.three-classes.prune.rounds=7"])
    assert series.entry("two").rate == 0.25
    assert series.task[1].prune is not None
    assert series.task[1].prune.rounds == 7
    with pytest.raises(UsageError, match=r"no 'tow' there; there are .*did you mean 'two'"):
        read_series(tiny, ["network.tow.rate=0.25"])


@pytest.mark.parametrize("name", ["rajaraman2020", "rajaraman2020-small"])
def test_shipped_series_are_whole_and_no_recipes_of_single_runs(name: str) -> None:
    assert name in shipped_series()
    assert name not in shipped_recipes()
    series = read_series(paper_path(name))
    assert series.name == name
    assert series.about
    assert series.deviations
    assert set(series.published) >= {"table_3", "table_4b", "table_5", "table_6", "table_7"}
    with pytest.raises(RecipeError, match=f"leanlung reproduce {name}"):
        recipe_path(name)


def test_printed_counts_are_those_of_the_networks_named() -> None:
    series = read_series(paper_path("rajaraman2020"))
    table = series.published["table_3"]
    checked = 0
    for entry in series.network:
        spec = NetworkSpec(entry.backbone, 2, head=entry.head, conventions="keras")
        assert count_trainable(spec) == table[entry.published_as]["parameters"]
        checked += 1
    assert checked == len(table) == 9


def test_printed_reductions_follow_from_the_printed_counts_but_one() -> None:
    table = read_series(paper_path("rajaraman2020")).published["table_6"]
    found = {
        name: round(
            100 * (1 - table[f"{name}-P"]["parameters"] / table[f"{name}-U"]["parameters"]), 2
        )
        for name in ("VGG-16", "VGG-19", "Inception-V3")
    }
    assert found == {
        "VGG-16": 46.03,
        "VGG-19": 16.13,
        "Inception-V3": 36.05,
    }
    assert table["Inception-V3-P"]["reduction"] == 36.10  # as printed


def test_printed_accuracies_are_shares_of_504_films_but_one() -> None:
    published = read_series(paper_path("rajaraman2020")).published
    values = {
        (table, row): entry["accuracy"]
        for table in ("table_4b", "table_5", "table_6", "table_7")
        for row, entry in published[table].items()
    }
    strange = {row for (table, row), v in values.items() if round(round(v * 504) / 504, 4) != v}
    assert len(values) == 21
    assert strange == {"Stacking, pruned"}
