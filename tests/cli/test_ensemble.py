"""``leanlung ensemble`` makes one model of several, from bundles or from tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.ensembles import COMBINERS, OutOfFold, write_out_of_fold
from leanlung.exports import Bundle, load_ensemble, save_bundle
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.statistics import Predictions, read_predictions, write_predictions


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answered(*arguments: object) -> dict[str, Any]:
    result = leanlung(*arguments, "--json")
    assert result.exit_code in {0, 4}, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three bundles that know nothing, each with another preparation; read them only."""
    folder = tmp_path_factory.mktemp("bundles")
    for seed, (name, size, classes) in enumerate(
        [("one", 32, ("upper", "lower")), ("two", 24, ("lower", "upper")), ("3/3", 32, None)]
    ):
        torch.manual_seed(seed)
        spec = NetworkSpec("separable_cnn", classes=2, size=size)
        bundle = Bundle(
            name,
            build(spec).eval(),
            spec,
            classes or ("upper", "lower"),
            PixelSpec(size=size, median=size == 24),
            PixelStatistics(0.4, 0.2),
        )
        save_bundle(folder / name.replace("/", ""), bundle)
    return folder


@pytest.fixture(scope="module")
def weighted(
    place: Path, elsewhere: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A weighted ensemble of them, and what was answered."""
    out = tmp_path_factory.mktemp("made") / "together"
    told = answered(
        "ensemble", place / "one", place / "two", place / "33", "--data", elsewhere,
        "--combine", "weighted", "--weights", "log_loss", "--out", out,
    )  # fmt: skip
    return out, told


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Three models on 40 test and 60 other patients, and out of fold; a.csv, va.csv, oa.csv."""
    generator = np.random.default_rng(0)
    for prefix, studies in (("", 40), ("v", 60), ("o", 90)):
        labels = generator.permutation(np.arange(studies) % 2)
        ids = tuple(f"{prefix}{row}" for row in range(studies))
        for name, skill in (("a", 1.0), ("b", 1.5), ("c", 0.5)):
            scores = generator.normal(size=studies) + skill * (2 * labels - 1)
            second = 1 / (1 + np.exp(-scores))
            found = Predictions(
                name, ("well", "ill"), ids, ids, labels, np.stack([1 - second, second], axis=1)
            )
            if prefix == "o":
                write_out_of_fold(
                    tmp_path / f"o{name}.csv", OutOfFold(found, np.arange(90) % 5)
                )
            else:
                write_predictions(tmp_path / f"{prefix}{name}.csv", found)
    return tmp_path


def each(option: str, folder: Path, prefix: str) -> list[object]:
    return [one for name in "abc" for one in (option, folder / f"{prefix}{name}.csv")]


def of_tables(folder: Path) -> list[Path]:
    return [folder / f"{name}.csv" for name in "abc"]


def test_bundles_become_one_that_says_what_it_is(weighted: tuple[Path, dict[str, Any]]) -> None:
    out, told = weighted
    made = load_ensemble(out)
    assert told["members"] == list(made.members) == ["one", "two", "3-3"]
    assert told["combiner"]["chosen_by"] == "log_loss"
    assert sum(told["combiner"]["weights"]) == pytest.approx(1.0)
    assert told["chosen_on"]["studies"] == 28
    assert list(told["validation"]) == ["one", "two", "3-3", "together"]
    best = max(told["validation"][name]["log_likelihood"] for name in made.members)
    assert told["validation"]["together"]["log_likelihood"] >= best - 1e-5
    sizes = [told["size"]["members"][name]["macs"] for name in made.members]
    assert told["size"]["sum"]["macs"] == sum(sizes)
    assert "28 validation images of 14 patients" in made.history[0]["about"]


def test_it_predicts_and_compares_like_a_bundle(
    weighted: tuple[Path, dict[str, Any]], place: Path, small_films: Path
) -> None:
    out, _ = weighted
    film = small_films / "data" / "films" / "000-0.png"
    result = leanlung("predict", out, film)
    assert result.exit_code == 0, result.output
    assert "calibrated" in result.stdout
    data = small_films / "data"
    compared = answered("compare", place / "one", out, "--data", data, "--resamples", 100)
    assert compared["candidate"]["name"] == "together"
    assert compared["difference"]["studies"] == 60
    measured = answered("evaluate", out, "--external", data, "--resamples", 100)
    (found,) = measured["models"].values()
    assert found["calibration"]["thresholds"]
    assert measured["studies"] == 60


def test_the_images_it_was_put_together_on_test_nothing(
    weighted: tuple[Path, dict[str, Any]], place: Path, elsewhere: Path
) -> None:
    out, _ = weighted
    for verb in (
        ("compare", place / "one", out, "--data", elsewhere),
        ("evaluate", out, "--external", elsewhere),
    ):
        result = leanlung(*verb)
        assert result.exit_code == 3, result.output
        assert "was put together on this very picture" in result.stderr


@pytest.mark.parametrize(
    "verb",
    [
        ("prune", "--data", "x", "--out", "y", "--keep", 0.5),
        ("sensitivity", "--data", "x"),
        ("export",),
    ],
)
def test_what_takes_one_network_names_the_members(
    weighted: tuple[Path, dict[str, Any]], verb: tuple[object, ...]
) -> None:
    result = leanlung(verb[0], weighted[0], *verb[1:])
    assert result.exit_code == 2
    assert (
        "an ensemble, where one network is expected; give one of its members" in result.stderr
    )
    assert "members/two" in result.stderr


@pytest.mark.parametrize("combine", ["mean", "vote"])
def test_nothing_has_to_be_chosen(place: Path, tmp_path: Path, combine: str) -> None:
    out = tmp_path / "plain"
    result = leanlung(
        "ensemble", place / "one", place / "two", "--combine", combine, "--out", out
    )
    assert result.exit_code == 0, result.output
    assert f"{combine} of 2 models" in result.stdout
    assert "together" in result.stdout
    assert load_ensemble(out).readout is None


def test_a_stacking_of_bundles_learns_from_tables(
    place: Path, elsewhere: Path, tmp_path: Path
) -> None:
    ids = tuple(f"o{row}" for row in range(40))
    labels, generator = np.arange(40) % 2, np.random.default_rng(0)
    for name in "ab":
        shares = generator.uniform(size=(40, 1))
        found = Predictions(
            name, ("upper", "lower"), ids, ids, labels, np.hstack([shares, 1 - shares])
        )
        write_out_of_fold(tmp_path / f"{name}.csv", OutOfFold(found, np.arange(40) % 4))
    told = answered(
        "ensemble", place / "one", place / "two", "--data", elsewhere, "--combine", "stacking",
        "--out-of-fold", tmp_path / "a.csv", "--out-of-fold", tmp_path / "b.csv",
        "--out", tmp_path / "stacked",
    )  # fmt: skip
    assert told["combiner"]["studies"] == 40
    assert (tmp_path / "stacked" / "stacking.safetensors").is_file()
    about = load_ensemble(tmp_path / "stacked").history[0]["about"]
    assert "9 hidden neurons" in about
    assert "out-of-fold predictions of 40 studies" in about


def test_tables_of_any_framework_become_one(tables: Path) -> None:
    out = tables / "mean.csv"
    result = leanlung("ensemble", *of_tables(tables), "--out", out)
    assert result.exit_code == 0, result.output
    stack = [read_predictions(path).probabilities for path in of_tables(tables)]
    np.testing.assert_allclose(
        read_predictions(out).probabilities, np.mean(stack, axis=0), rtol=1e-12
    )
    assert leanlung("compare", tables / "a.csv", out, "--resamples", 100).exit_code in {0, 4}


def test_weights_of_tables_come_from_validation(tables: Path) -> None:
    told = answered(
        "ensemble", *of_tables(tables), *each("--validation", tables, "v"),
        "--combine", "weighted", "--weights", "published", "--out", tables / "w.csv",
    )  # fmt: skip
    accuracy = [
        (one.predicted == one.labels).mean()
        for one in (read_predictions(tables / f"v{name}.csv") for name in "abc")
    ]
    assert len(set(accuracy)) == 3
    ranked = [(0.2, 0.3, 0.5)[sorted(accuracy).index(one)] for one in accuracy]
    assert told["combiner"]["weights"] == ranked
    assert told["chosen_on"] == {"studies": 60, "patients": 60}
    given = ",".join(map(str, ranked))
    again = leanlung(
        "ensemble", *of_tables(tables), "--combine", "weighted", "--weights", given,
        "--out", tables / "g.csv",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert (tables / "g.csv").read_bytes() == (tables / "w.csv").read_bytes()


def test_a_stacking_of_tables_is_told_in_words(tables: Path) -> None:
    result = leanlung(
        "ensemble", *of_tables(tables), *each("--validation", tables, "v"),
        *each("--out-of-fold", tables, "o"), "--combine", "stacking",
        "--out", tables / "s.csv",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for told in (
        "stacking of 3 models",
        "measured on 60 validation studies of 60 patients; the ensemble was chosen on them",
        "log_likelihood",
        "leanlung compare",
        "(40 studies of 40 patients)",
    ):
        assert told in result.stdout


def test_the_part_of_the_members_stays_known(tables: Path) -> None:
    for name in "ab":
        found = read_predictions(tables / f"{name}.csv")
        write_predictions(tables / f"predictions-{name}-test.csv", found)
    names = [tables / f"predictions-{name}-test.csv" for name in "ab"]
    assert leanlung("ensemble", *names, "--out", tables / "both.csv").exit_code == 0
    assert read_predictions(tables / "both.csv").part == "test"


def test_tables_are_combined_without_torch(tables: Path) -> None:
    code = """
import sys
from leanlung.cli import main
sys.argv = ["leanlung", "ensemble", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(end.code or 0)
print(*sys.modules, file=sys.stderr)
"""
    arguments = [
        *of_tables(tables), *each("--validation", tables, "v"),
        *each("--out-of-fold", tables, "o"), "--combine", "stacking",
        "--out", tables / "s.csv", "--json",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0"
    assert {"torch", "sklearn", "cv2", "matplotlib"}.isdisjoint(done.stderr.split())


def test_a_test_part_chooses_nothing(tables: Path) -> None:
    for name in "abc":
        found = read_predictions(tables / f"v{name}.csv")
        write_predictions(tables / f"v{name}.csv", replace(found, part="test"))
    result = leanlung(
        "ensemble", *of_tables(tables), *each("--validation", tables, "v"),
        "--combine", "weighted", "--out", tables / "w.csv",
    )  # fmt: skip
    assert result.exit_code == 3
    assert "these are predictions of a test part" in result.stderr
    assert not (tables / "w.csv").exists()


def test_the_same_patients_choose_nothing(tables: Path) -> None:
    result = leanlung(
        "ensemble", *of_tables(tables), *each("--validation", tables, ""),
        "--combine", "weighted", "--out", tables / "w.csv",
    )  # fmt: skip
    assert result.exit_code == 3
    assert "study '0' and 39 more are both in a" in result.stderr


def test_predictions_of_training_images_teach_nothing(tables: Path) -> None:
    result = leanlung(
        "ensemble", *of_tables(tables), *each("--validation", tables, "v"),
        *each("--out-of-fold", tables, "v"), "--combine", "stacking", "--out", tables / "s.csv",
    )  # fmt: skip
    assert result.exit_code == 3
    assert "no column 'fold'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.csv", "nothing.csv"], "nothing.csv: no such file or folder"),
        (["a.csv", "."], "give bundles alone or tables alone"),
        (["a.csv", "b.csv", "--combine", "means"], "did you mean 'mean'"),
        (["a.csv", "b.csv", "--weights", "log_loss"], "--weights is of --combine weighted"),
        (["a.csv", "b.csv", "--combine", "weighted"], "give --validation, or numbers"),
        (
            ["a.csv", "b.csv", "--combine", "weighted", "--weights", "0.5,0.3,0.2"],
            "3 numbers for 2 models",
        ),
        (
            ["a.csv", "b.csv", "--combine", "weighted", "--weights", "0.5,0.3"],
            "shares in [0, 1] that sum to one",
        ),
        (["a.csv", "b.csv", "--data", "."], "validation answers come with --validation"),
        (["a.csv", "b.csv", "--validation", "va.csv"], "--validation stands 1 times for 2"),
        (["a.csv", "b.csv", "--combine", "stacking"], "go together: a stacking learns"),
        (
            ["a.csv", "b.csv", "--out-of-fold", "oa.csv", "--out-of-fold", "ob.csv"],
            "go together: a stacking learns",
        ),
        (["a.csv"], "1 members; two or more"),
    ],
)
def test_options_that_do_not_fit_are_a_usage_error(
    tables: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tables)
    result = leanlung("ensemble", *arguments, "--out", "new.csv")
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert not Path("new.csv").exists()


def test_nothing_that_goes_in_is_replaced(
    place: Path, tables: Path, weighted: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    result = leanlung("ensemble", *of_tables(tables), "--out", tables / "a.csv")
    assert result.exit_code == 2
    assert "would replace one of the tables" in result.stderr
    for out, told in (
        (place / "one", "would replace the bundle itself"),
        (place, "is there and is no bundle"),
        (tables, "is there and is no bundle"),
    ):
        result = leanlung("ensemble", place / "one", place / "two", "--out", out)
        assert result.exit_code == 2
        assert told in result.stderr
    made = weighted[0]
    inside = [made / "members" / name for name in ("one", "two")]
    result = leanlung("ensemble", *inside, "--out", made)
    assert result.exit_code == 2
    assert "holds the member" in result.stderr
    result = leanlung("ensemble", place / "one", place / "one", "--out", tmp_path / "x")
    assert "stands twice among the members" in result.stderr
    result = leanlung("ensemble", made, place / "one", "--out", tmp_path / "x")
    assert "give one of its members" in result.stderr


def test_combiners_are_listed() -> None:
    found = answered("list", "combiners")["combiners"]
    assert [one["name"] for one in found] == ["vote", "mean", "weighted", "stacking"]
    assert all(one["about"].endswith(".") for one in found)


def test_the_help_names_what_there_is() -> None:
    told = leanlung("ensemble", "--help").output
    assert all(name in told for name in COMBINERS)
