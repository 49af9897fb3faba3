"""A recipe is checked whole, and every mistake is told at once with its line."""

from pathlib import Path

import pytest

from leanlung.foundations.errors import RecipeError, UsageError
from leanlung.runs import read_recipe, recipe_path, shipped_recipes
from leanlung.runs.mistakes import lines_of

LEAST = """
name = "least"
[data]
classes = ["a", "b"]
[network]
backbone = "vgg16"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(RecipeError) as told:
        read_recipe(written(folder, text))
    head, *lines = str(told.value).splitlines()
    assert head.startswith(str(folder / "recipe.toml"))
    return [line.strip() for line in lines]


def test_everything_else_has_a_default(tmp_path: Path) -> None:
    recipe = read_recipe(written(tmp_path, LEAST))
    assert recipe.split.test == 0.2
    assert recipe.evaluate.margin == 0.02
    assert recipe.seeds == (0,)


def test_all_mistakes_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    text = """name = "broken"
[data]
classes = ["a", "b"]
[network]
backbone = "vgg_16"
[prune]
round = 5
criterion = "apos"
schedule = { kind = "steady", share = 2.0 }
[choose]
rule = "best on test"
[evaluate]
margin = 2
"""
    assert mistakes(tmp_path, text) == [
        "line 5, network.backbone: no backbone 'vgg_16'; there are ['densenet121', "
        "'densenet201', 'hu2020', 'inception_resnet_v2', 'inception_v3', 'mobilenet', "
        "'mobilenet_v2', 'nasnet_mobile', 'separable_cnn', 'shahabade2025', 'vgg16', "
        "'vgg16_quarter', 'vgg19', 'xception'], timm/NAME and torchvision/NAME; did you mean "
        "'vgg16'?",
        "line 7, prune.round: unknown key; did you mean 'rounds'?",
        "line 8, prune.criterion: 'apos' is none of ['apoz', 'mean_activation', "
        "'variance', 'l1', 'l2', 'geometric_median', 'batchnorm_scale', 'taylor', 'random']; "
        "did you mean 'apoz'?",
        "line 9, prune.schedule.share: is a share in [0, 1]; got 2 (for 2 % write 0.02)",
        "line 11, choose.rule: 'best on test' is none of ['best', 'smallest_within', 'last']",
        "line 13, evaluate.margin: is a share in [0, 1]; got 2 (for 2 % write 0.02)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = 'x'\n[network]\nbackbone = 'vgg16'\n", "data: missing; it has no default"),
        (LEAST + "[data.phantoms]\npatientes = 3\n", "did you mean 'patients'?"),
        (LEAST + "[data.phantoms]\npatients = 0\n", "patients"),
        (LEAST + "[split]\ntest = 0.5\n", "must be above 0 and add up to 1; got 1.3"),
        (LEAST + "[train]\nepochs = 0\n", "line 8, train.epochs: input should be greater"),
        (LEAST + "[train]\nepochs = 'ten'\n", "got 'ten'"),
        (LEAST + "[evaluate]\nmetric = 'auc:c'\n", "no metric 'auc:c'"),
        (LEAST + "[prune.schedule]\nshare = 0.0\n", "is a share between 0 and 1; got 0"),
        (LEAST.replace('"b"]', '"a"]'), "data.classes: a class stands twice"),
        (LEAST.replace('"b"]', '"b"]\nleave_out = ["b"]'), "['b'] are classes as well"),
        ("seeds = [1, 1]\n" + LEAST, "seeds: a seed stands twice"),
        (LEAST.replace('"least"', '"../up"'), "name"),
        (LEAST.replace('["a", "b"]', '["a"]'), "data.classes"),
        (LEAST + "[evaluate]\nmargin = 0\n", "evaluate: margin is the largest loss accepted"),
        (LEAST + "[evaluate]\nlevel = 1.0\n", "evaluate: level is a share between 0 and 1"),
        (LEAST + "[evaluate]\nlevel = 0.999\nresamples = 100\n", "100 resamples are too few"),
        (LEAST + "dropout = 1.0\n", "line 7, network.dropout: input should be less than 1"),
        (LEAST + "[train]\nbatch = 1\n", "line 8, train.batch: input should be greater than"),
        (LEAST + "[train]\noptimiser.rate = inf\n", "optimiser.rate: input should be a finite"),
        (
            LEAST + "[train]\noptimiser.weight_decay = inf\n",
            "weight_decay: input should be a f",
        ),
        (LEAST + "[train]\nclip = inf\n", "train.clip: input should be a finite number"),
        (LEAST + "[prune]\nalign = 3\n", "line 8, prune.align: 3 is none of 1, 4, 8 or 16"),
        ("seeds = [-1]\n" + LEAST, "seeds.0: is a whole number from 0 to 2**63 - 1; got -1"),
        (f"seeds = [{2**63}]\n" + LEAST, f"2**63 - 1; got {2**63}"),
        (LEAST + "[split]\nseed = -1\n", "split.seed: is a whole number from 0 to 2**63 - 1"),
        (LEAST + "[train]\nbatch = 1e23\n", "train.batch: input should be less than or equal"),
        (
            LEAST + "[prune]\nrounds = 1e23\n",
            "a whole number of at most 2**63 - 1 was expected",
        ),
        ("seeds = [1e23]\n" + LEAST, "from 0 to 2**63 - 1; got 99999999999999991611392"),
        (LEAST + f"[train]\nepochs = {10**30}\n", "or equal to 1000000000; got 10000000000"),
        (LEAST + f"[train]\npatience = {10**30}\n", "or equal to 1000000000; got 10000000000"),
        (LEAST + f"[prune]\nrounds = {10**30}\n", "or equal to 10000; got 1000000000000000"),
        (LEAST + f"[prune]\nminimum = {10**30}\n", "prune.minimum: input should be less than"),
        (LEAST + f"[prune]\ntarget.macs = {10**400}\n", "target.macs: input should be less"),
        (LEAST + f"[prune]\nschedule.last = {10**400}\n", "schedule.last: input should be le"),
        (LEAST + f"[mask]\nlast = {10**400}\n", "mask.last: input should be less than or eq"),
        (LEAST + f"[evaluate]\nresamples = {10**30}\n", "or equal to 10000000; got 100000000"),
        (LEAST + f"[train.rate]\npatience = {10**30}\n", "rate.patience: input should be less"),
        ("published = { x = nan }\n" + LEAST, "published.x: a number was expected; got nan"),
        (LEAST + "[prune]\nrounds = 2\n[mask]\n", "mask: it stands instead of prune"),
        (LEAST + "[mask]\nfinal = 1.0\n", "line 7, mask: final is a share between 0 and 1"),
        (LEAST + "[prune.target]\n", "line 7, prune.target: a target is one of"),
        (LEAST + "[prune]\ntarget = { shares = 1 }\n", "did you mean 'share'?"),
    ],
)
def test_a_mistake_says_where_and_what(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in line for line in mistakes(tmp_path, text))


def test_what_is_wrong_with_the_whole_begins_with_its_keys(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "seeds = [1, 1]\n" + LEAST) == ["seeds: a seed stands twice"]


def test_text_that_is_not_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"is not TOML: .*line 1"):
        read_recipe(written(tmp_path, "name = \n"))


def test_a_number_of_more_digits_than_are_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"is not TOML: Exceeds the limit"):
        read_recipe(written(tmp_path, LEAST + f"[train]\nbatch = {'9' * 5000}\n"))
    with pytest.raises(RecipeError, match=r"--set train.batch: "):
        read_recipe(written(tmp_path, LEAST), [f"train.batch={'9' * 5000}"])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(path)


def test_fields_are_set_from_outside(tmp_path: Path) -> None:
    recipe = read_recipe(
        written(tmp_path, LEAST),
        ["prune.rounds=3", "train.optimiser.kind=adam", 'data.classes=["x", "y"]', "seeds=[4]"],
    )
    assert recipe.prune.rounds == 3
    assert recipe.train.optimiser.kind == "adam"
    assert recipe.data.classes == ("x", "y")
    assert recipe.seeds == (4,)


def test_a_misspelt_field_from_outside_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"prune.round: unknown key; did you mean 'rounds'"):
        read_recipe(written(tmp_path, LEAST), ["prune.round=3"])


def test_a_mistake_from_outside_names_no_line_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"\n  --set network.backbone: no backbone 'vgg15'"):
        read_recipe(written(tmp_path, LEAST), ["network.backbone=vgg15"])


@pytest.mark.parametrize("change", ["prune.rounds", "=3", "name.x=3"])
def test_a_change_of_another_form_is_refused(tmp_path: Path, change: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        read_recipe(written(tmp_path, LEAST), [change])


def test_the_line_of_every_key_is_found() -> None:
    text = 'a = 1\n\n[b]  # told\n"c" = 2\nd.e = 3\n[[f]]\ng = """\nh = 4"""\n'
    found = lines_of(text)
    assert found[("a",)] == 1
    assert found[("b",)] == 3
    assert found[("b", "c")] == 4
    assert found[("b", "d", "e")] == 5
    assert found[("f", "0", "g")] == 7


def test_shipped_recipes_are_whole_and_found_by_name() -> None:
    names = shipped_recipes()
    assert set(names) >= {"demo", "first"}
    for name, path in names.items():
        assert recipe_path(name) == path
        recipe = read_recipe(path)
        assert recipe.name == name
        assert recipe.about


def test_the_recipes_folder_of_the_checkout_is_the_shipped_one() -> None:
    root = Path(__file__).parents[2]
    assert (root / "recipes").resolve() == (root / "src/leanlung/recipes").resolve()


def test_a_recipe_that_does_not_exist_is_named_with_its_neighbour() -> None:
    with pytest.raises(RecipeError, match=r"no recipe of that name .*did you mean 'first'\?"):
        recipe_path("frist")


def test_a_folder_in_place_of_a_recipe_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"a folder; a recipe is one TOML file, or one of \["):
        recipe_path(str(tmp_path))
    path = written(tmp_path, LEAST)
    with pytest.raises(RecipeError) as told:
        recipe_path(str(tmp_path))
    assert f"did you mean {str(path)!r}?" in str(told.value)
    assert "--data" in str(told.value)
