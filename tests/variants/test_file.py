"""The file of a recipe with variants: what may stand in it, and what is told of mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import RecipeError, UsageError
from leanlung.runs.variants import read_variants
from leanlung.runs.variants.children import dataset_name, recipe_of, tables_of
from leanlung.runs.variants.recipe import VariantSection

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if part in line)


def test_a_variant_sets_fields_by_dotted_key_and_lays_tables_over_the_recipe() -> None:
    recipe = {
        "pixels": {"size": 32, "median": True},
        "train": {"optimiser": {"kind": "adam", "rate": 0.1}},
        "prune": {"rounds": 2},
    }
    variant = VariantSection(
        name="one",
        archives=("pool",),
        without=("prune", "pixels.median", "nothing.there"),
        set={"pixels.size": 64, "train": {"optimiser": {"rate": 0.2}}, "data.limit": 5},
    )
    assert tables_of(recipe, variant) == {
        "pixels": {"size": 64},
        "train": {"optimiser": {"kind": "adam", "rate": 0.2}},
        "data": {"limit": 5},
    }
    assert recipe["pixels"] == {"size": 32, "median": True}


def test_every_variant_is_an_ordinary_recipe(tmp_path: Path, paper_text: str) -> None:
    paper = read_variants(written(tmp_path, paper_text))
    masked = recipe_of(paper, paper.find("masked"), ("upper", "lower", "other"), "films.csv")
    assert masked.name == "tiny-masked"
    assert (masked.pixels.crop, masked.pixels.outside) == ("lungs", "black")
    assert masked.data.leave_out == ("other",)
    assert masked.split.by == "manifest"
    assert masked.seeds == (0, 1)
    flawed = recipe_of(paper, paper.find("flawed"), (), "films.csv")
    assert flawed.prune.rounds == 0
    assert flawed.seeds == (0,)
    assert [one.split()[0] for one in flawed.as_published] == ["Parts", "The", "They"]


def test_variants_of_the_same_archives_and_split_share_their_parts(
    tmp_path: Path, paper_text: str
) -> None:
    paper = read_variants(written(tmp_path, paper_text))
    names = {
        leg.name: dataset_name(paper, leg) for one in paper.variant for leg in paper.legs(one)
    }
    assert names["raw"] == names["masked"]
    assert len({names["raw"], names["lost"], names["flawed"]}) == 3


def test_fields_are_set_from_outside_for_all_or_for_one(
    tmp_path: Path, paper_text: str
) -> None:
    changes = [
        "recipe.train.epochs=7",
        "variant.masked.train.batch=4",
        "variant.masked.seeds=[5]",
        "variant.masked.pixels.outside=keep",
    ]
    paper = read_variants(written(tmp_path, paper_text), changes)
    raw = recipe_of(paper, paper.find("raw"), (), "films.csv")
    masked = recipe_of(paper, paper.find("masked"), (), "films.csv")
    assert (raw.train.epochs, raw.train.batch, raw.seeds) == (7, 16, (0, 1))
    assert (masked.train.epochs, masked.train.batch, masked.seeds) == (7, 4, (5,))
    assert masked.pixels.outside == "keep"


def test_repetitions_stand_for_seeds(tmp_path: Path, paper_text: str) -> None:
    text = paper_text.replace("seeds = [0, 1]\n", "repetitions = 3\n", 1)
    paper = read_variants(written(tmp_path, text))
    assert paper.seeds_of(paper.find("raw")) == (0, 1, 2)
    with pytest.raises(RecipeError, match="leave one of them out"):
        read_variants(written(tmp_path, paper_text), ["repetitions=3"])


def test_all_mistakes_are_told_at_once_each_with_its_line(
    tmp_path: Path, paper_text: str
) -> None:
    text = paper_text.replace("epochs = 2\n", "epoch = 2\n").replace(
        '"pixels.margin" = 1.0', '"pixels.margins" = 1.0'
    )
    with pytest.raises(RecipeError) as told:
        read_variants(written(tmp_path, text))
    lines = str(told.value).splitlines()
    epoch = line_of(text, "epoch = 2")
    margin = line_of(text, "pixels.margins")
    assert lines[0].endswith("has 2 mistakes:")
    assert lines[1].startswith(f"  line {epoch}, train.epoch: unknown key; did you mean")
    assert lines[2].startswith(f"  variant masked: line {margin}, pixels.margins: unknown key")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('baseline = "raw"', 'baseline = "row"', "did you mean 'raw'"),
        ('archives = ["pool"]', 'archives = ["pol"]', "did you mean 'pool'"),
        ('candidate = "masked"', 'candidate = "lost"', "nothing is paired"),
        ('positive = "lower"', 'positive = "lowr"', "did you mean 'lower'"),
        ('name = "raw"\n', 'name = "external"\n', "call it otherwise"),
        ("[recipe.data]\n", '[recipe.data]\nmanifest = "a.csv"\n', "leave it out"),
        ('as_published = ["They choose on the test part."]', "", "to be stamped"),
        ('classes = ["upper", "lower"]', 'classes = ["upper", "lover"]', "mean 'lower'"),
        ('constant = "upper"', 'constant = "uper"', "did you mean 'upper'"),
    ],
)
def test_what_does_not_fit_together_is_told(
    tmp_path: Path, paper_text: str, old: str, new: str, told: str
) -> None:
    assert old in paper_text
    with pytest.raises(RecipeError, match=told):
        read_variants(written(tmp_path, paper_text.replace(old, new)))


def test_a_comparison_of_other_parts_is_refused(tmp_path: Path, paper_text: str) -> None:
    with pytest.raises(RecipeError, match="part their films otherwise"):
        read_variants(written(tmp_path, paper_text), ["variant.masked.split.seed=3"])


def test_a_change_of_no_variant_is_told_by_name(tmp_path: Path, paper_text: str) -> None:
    with pytest.raises(UsageError, match="did you mean 'masked'"):
        read_variants(written(tmp_path, paper_text), ["variant.maskd.train.epochs=1"])
