"""A recipe with features runs the whole way: constants leave, features are read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from leanlung.exports import load_bundle
from leanlung.features import FeatureReader
from leanlung.foundations.errors import RecipeError, SurgeryError, UsageError
from leanlung.foundations.tables import read_table
from leanlung.networks import NetworkSpec, count_trainable
from leanlung.runs import RunFolder, read_recipe
from leanlung.runs.bundle_images import Batches, bundle_images
from leanlung.runs.candidates import load_candidate, load_masked, load_network, load_reader
from leanlung.runs.checking import check_run
from leanlung.runs.variants.constants import constants_of
from leanlung.statistics import read_predictions

BACKBONE, DEAD, FEATURES = "separable_cnn", 6, 256
A_UNIT = 128 + 1 + 2
"""Of the last convolution: what it reads, its bias, two of the BatchNorm behind."""
EARLY = 3 + 1 + 2 + 25 + 128
"""Of the first: likewise, then a 5 x 5 kernel of its own and 128 readers."""
Featuring = Callable[..., RunFolder]


def rounds(run: RunFolder) -> list[Path]:
    here = run.seed(0)
    return [here.fit(BACKBONE), here.round(BACKBONE, 1), here.round(BACKBONE, 2)]


def told(run: RunFolder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((rounds(run)[2] / "features.json").read_text())
    return found


def read_by_hand(
    run: RunFolder, folder: Path, part: str
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What the last layer of a candidate reads of a part of the run's images, and labels."""
    bundle = load_bundle(run.seed(0).bundle)
    images = bundle_images(bundle, run.cohort, part)
    network = load_masked(folder)[0]
    with torch.no_grad():
        given = [network.trunk(batch).mean(dim=(2, 3)) for batch in Batches(images, bundle)]
    return torch.cat(given).numpy(), images.labels.numpy()


def test_a_paper_tells_what_left_and_which_step_lost(featured: RunFolder) -> None:
    recipe = read_recipe(featured.path / "recipe.toml")
    found = constants_of(featured, recipe, 0)
    assert found is not None
    whole, exact, reduced = (load_candidate(folder) for folder in rounds(featured))
    widths = json.loads((rounds(featured)[1] / "certificate.json").read_text())["widths"]
    lost = {name: before - after for name, (before, after) in widths.items()}
    assert found["left"] == lost["trunk.1"] + lost["trunk.9"] >= DEAD
    assert found["parameters"] == sum(
        one.numel() for one in load_masked(rounds(featured)[1])[0].parameters()
    )
    assert found["share"] == found["parameters"] / whole.size.stored < 1
    assert found["float32"] <= found["tolerance"]
    assert found["validation"] == {
        "fitted": whole.validation[found["metric"]],
        "without": exact.validation[found["metric"]],
        "reduced": reduced.validation[found["metric"]],
    }
    recipe = recipe.model_copy(update={"features": None})
    assert constants_of(featured, recipe, 0) is None


def test_units_that_never_fire_leave_first_with_a_certificate(featured: RunFolder) -> None:
    whole, exact, _ = (load_candidate(folder) for folder in rounds(featured))
    certificate = json.loads((rounds(featured)[1] / "certificate.json").read_text())
    lost = {name: both[0] - both[1] for name, both in certificate["widths"].items()}
    assert lost["trunk.9"] >= DEAD
    assert lost["trunk.5"] == 0
    assert lost["trunk.1"] + lost["trunk.9"] == certificate["zero"]
    lineage = json.loads((rounds(featured)[1] / "lineage.json").read_text())
    assert not set(range(DEAD)) & set(lineage["kept"]["trunk.9"])
    assert certificate["largest_change_float32"] <= 1e-5
    by_hand = lost["trunk.9"] * (A_UNIT + 2) + lost["trunk.1"] * EARLY
    assert whole.size.stored - exact.size.stored == by_hand
    one, other = (
        read_predictions(folder / "predictions-validation.csv")
        for folder in rounds(featured)[:2]
    )
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)


def test_the_network_is_cut_to_the_features_that_are_read(featured: RunFolder) -> None:
    reader = load_reader(rounds(featured)[2])
    assert reader is not None
    chosen = told(featured)["chosen"]
    assert 1 < chosen < FEATURES - DEAD
    assert len(reader.columns) == chosen
    assert isinstance(reader.network.get_submodule("head.3"), torch.nn.Identity)
    assert reader.network.get_submodule("trunk.9").out_channels == chosen
    parameters = sum(p.numel() for p in reader.network.parameters())
    whole = count_trainable(NetworkSpec(BACKBONE, 2, size=32))
    first = np.diff(told(featured)["constants"]["widths"]["trunk.1"])[0]
    last_layer = FEATURES * 2 + 2
    assert parameters == whole - last_layer - (FEATURES - chosen) * A_UNIT + first * EARLY
    assert load_candidate(rounds(featured)[2]).size.stored == parameters


def test_removing_readers_changes_no_unit_that_stays(featured: RunFolder) -> None:
    """Why there is no second certificate: all other weights are the same, bit for bit."""
    _, exact, cut = rounds(featured)
    before = load_masked(exact)[0].state_dict()
    after = load_masked(cut)[0].state_dict()
    cut_ones = ("trunk.9.", "trunk.10.", "head.3.")
    alike = {name for name in before if not name.startswith(cut_ones)}
    assert alike == {name for name in after if not name.startswith(cut_ones)}
    assert len(alike) > 10
    for name in alike:
        assert torch.equal(before[name], after[name]), name
    features, _ = read_by_hand(featured, exact, "validation")
    fewer, _ = read_by_hand(featured, cut, "validation")
    order, chosen = told(featured)["ranking"]["order"], told(featured)["chosen"]
    reader = load_reader(cut)
    assert reader is not None
    np.testing.assert_allclose(
        fewer[:, list(reader.columns)], features[:, order[:chosen]], rtol=1e-5, atol=1e-6
    )
    assert told(featured)["largest_change"] <= 1e-6


def test_ranking_and_classifier_are_scikit_learns(featured: RunFolder) -> None:
    """Worked out again from the network without constants, by another road."""
    from sklearn.feature_selection import f_classif
    from sklearn.svm import SVC

    exact = rounds(featured)[1]
    train, labels = read_by_hand(featured, exact, "train")
    validation, answers = read_by_hand(featured, exact, "validation")
    found = told(featured)
    f, _ = f_classif(train.astype(np.float64), labels)
    np.testing.assert_allclose(found["ranking"]["f"], f, rtol=1e-4)
    columns = found["ranking"]["order"][: found["chosen"]]
    mean, spread = train[:, columns].mean(axis=0), train[:, columns].std(axis=0)
    machine = SVC(kernel="poly", degree=3, gamma="auto")
    machine.fit((train[:, columns] - mean) / spread, labels)
    expected = machine.predict((validation[:, columns] - mean) / spread)
    written = read_predictions(rounds(featured)[2] / "predictions-validation.csv")
    np.testing.assert_array_equal(np.argmax(written.probabilities, axis=1), expected)
    assert found["score"] == pytest.approx(float((expected == answers).mean()))
    assert max(one["score"] for one in found["search"]) == found["score"]
    assert found["classifier"]["support_vectors"] == len(machine.support_)
    assert (expected == answers).mean() > 0.8  # it has learnt something


def test_counts_are_alike_on_both_sides(featured: RunFolder) -> None:
    counts, classifier = told(featured)["counts"], told(featured)["classifier"]
    whole, exact, cut = rounds(featured)
    sizes = [load_candidate(folder).size for folder in (whole, exact, cut)]
    names = ("unpruned", "without_constants", "features")
    for name, size in zip(names, sizes, strict=True):
        assert counts[name]["parameters"] == size.stored
        assert counts[name]["share"] == pytest.approx(size.stored / sizes[0].stored)
    files = [(folder / "network.safetensors").stat().st_size for folder in (whole, exact, cut)]
    assert [counts[name]["bytes"] for name in names] == files
    stored = (cut / "classifier.skops").stat().st_size
    assert counts["features"]["bytes_with_classifier"] == files[2] + stored
    # Of each support vector its features and one coefficient; an intercept, a mean and a
    # spread a feature, and a temperature.
    chosen, vectors = told(featured)["chosen"], classifier["support_vectors"]
    assert classifier["numbers"] == vectors * (chosen + 1) + 1 + 2 * chosen + 1
    assert counts["features"]["numbers"] == sizes[2].stored + classifier["numbers"]
    assert counts["as_published"]["original_bytes"] == 3 * 4 * sizes[0].stored
    rows = {row["model"]: row for row in read_table(featured.tables / "sizes.csv")}
    assert rows["round-02"]["classifier_numbers"] == str(classifier["numbers"])
    assert rows["unpruned"]["classifier_numbers"] == ""


def test_the_last_network_is_judged_without_a_choice(featured: RunFolder) -> None:
    choice = json.loads((featured.seed(0).choose / "choice.json").read_text())
    assert choice["chosen"] == "round-02"
    assert choice["reason"].startswith("the network that the method ends with")
    assert [one["round"] for one in choice["candidates"]] == [0, 1, 2]
    assert choice["candidates"][2]["classifier"]["kind"] == "svm_polynomial"


def test_steps_are_found_again(featured: RunFolder, featuring: Featuring) -> None:
    steps = {path: path.stat().st_mtime_ns for path in featured.path.rglob("step.json")}
    assert len(steps) == 6
    featuring(featured.path.parents[1])
    assert {path: path.stat().st_mtime_ns for path in steps} == steps


def test_the_page_tells_all_of_it(featured: RunFolder) -> None:
    page = featured.report.read_text(encoding="utf-8")
    chosen = told(featured)["chosen"]
    gone = told(featured)["constants"]["zero"]
    features = told(featured)["features"]
    assert f"{chosen} features of {features} are read by a classifier" in page
    assert f"{gone} of 448 units left that never vary over 28 training images" in page
    assert "The networks, counted alike" in page
    assert "chosen features with their classifier" in page
    assert f"numbers tried; {chosen} are chosen" in page
    assert "Every round removes units" not in page
    assert "removed in rounds and trained again" not in page
    assert "Numbers with the classifier" in page
    assert "Counted as García-Ramírez et al. 2023 do" in page


def test_a_constant_feature_that_was_left_alone_is_dropped_and_counted(
    tmp_path: Path, featuring: Featuring
) -> None:
    changes = ("features.leave_alone=['trunk.9']", "features.step=100")
    run = featuring(tmp_path, *changes, until="prune")
    constant = told(run)["ranking"]["constant"]
    assert set(constant) >= set(range(DEAD))
    assert told(run)["constant"] == told(run)["constants"]["kept"] == len(constant)
    assert not set(constant) & set(told(run)["ranking"]["order"])
    assert isinstance(load_network(rounds(run)[2]), FeatureReader)


def test_a_search_beyond_memory_is_refused_before_anything_is_fitted(
    tmp_path: Path, featuring: Featuring
) -> None:
    with pytest.raises(UsageError, match="28 training and 16 validation images take"):
        featuring(tmp_path, "features.memory=1e-6", until="fit")
    assert not list(tmp_path.rglob("candidate.json"))


def test_a_check_tells_of_it_too(featured: RunFolder, small_films: Path) -> None:
    recipe = str(featured.path.parents[1] / "featured.toml")
    changes = ("features.memory=1e-6", "network.weights=none")
    found = check_run(recipe, small_films / "data", changes)
    assert any("memory allows 1e-06" in one for one in found.mistakes)


def test_layers_to_be_left_alone_exist(tmp_path: Path, featuring: Featuring) -> None:
    with pytest.raises(SurgeryError, match="no layer fits 'fc9'"):
        featuring(tmp_path, "features.leave_alone=['fc9']", until="data")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("prune.rounds=3", "features: they stand instead of prune"),
        ("mask.final=0.5", "features: they stand instead of mask"),
        ("features.degree=0", "features.degree"),
        ("features.kernel=poly", "features.kernel"),
        ("features.tolerance=-1", "features.tolerance"),
        ("pixels.standardise=imagenet_mean_bgr", None),
        ("network.channels=1", None),
    ],
)
def test_what_does_not_go_together_is_refused(
    featured: RunFolder, change: str, problem: str | None
) -> None:
    recipe = featured.path.parents[1] / "featured.toml"
    if problem is None:  # fine alone, not together
        assert read_recipe(recipe, [change]).features is not None
        return
    with pytest.raises(RecipeError, match=problem):
        read_recipe(recipe, [change])


def test_means_of_three_channels_need_three_channels(featured: RunFolder) -> None:
    recipe = featured.path.parents[1] / "featured.toml"
    changes = ["pixels.standardise=imagenet_mean_bgr", "network.channels=1"]
    with pytest.raises(RecipeError, match="set it to 3"):
        read_recipe(recipe, changes)


def test_a_recipe_without_features_is_written_as_before(recipe_file: Path) -> None:
    assert "features" not in read_recipe(recipe_file).model_dump()
