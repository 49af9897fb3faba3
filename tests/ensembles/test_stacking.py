"""A stacking learns what a mean cannot, from answers that no member was fitted for."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from leanlung.ensembles import OutOfFold, Stacking, choose_combiner, fit_stacking
from leanlung.ensembles.stacking import gradient
from leanlung.foundations.errors import DataRefused, StatisticsError, UsageError
from leanlung.statistics import Predictions

Make = Callable[..., list[Predictions]]


def folded(found: Sequence[Predictions], folds: int = 5) -> list[OutOfFold]:
    return [OutOfFold(one, np.arange(len(one)) % folds) for one in found]


@pytest.fixture(scope="module")
def fitted(members: Make) -> tuple[Stacking, list[Predictions]]:
    validation = members(150, seed=2, prefix="v")
    learnt = folded(members(300, seed=1, prefix="t", part="train"))
    return fit_stacking(learnt, validation), validation


def test_it_has_one_layer_of_nine_neurons(fitted: tuple[Stacking, list[Predictions]]) -> None:
    stacking, _ = fitted
    assert [layer.shape for layer in stacking.layers] == [(9, 9), (9,), (9, 3), (3,)]
    assert stacking.parameters == 9 * 9 + 9 + 9 * 3 + 3 == 120
    assert stacking.macs == 9 * 9 + 9 * 3
    assert (stacking.studies, stacking.patients) == (300, 300)


def test_its_slopes_are_those_of_torch() -> None:
    generator = np.random.default_rng(0)
    shapes = [(6, 9), (9,), (9, 3), (3,)]
    layers = tuple(generator.normal(size=shape) for shape in shapes)
    inputs, labels = generator.uniform(size=(7, 6)), generator.integers(0, 3, 7)
    tensors = [torch.tensor(layer, requires_grad=True) for layer in layers]
    hidden = torch.tanh(torch.tensor(inputs) @ tensors[0] + tensors[1])
    torch.nn.functional.cross_entropy(
        hidden @ tensors[2] + tensors[3], torch.tensor(labels)
    ).backward()
    one, two, three, four = layers
    found = gradient((one, two, three, four), inputs, np.eye(3)[labels])
    for ours, tensor in zip(found, tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_the_weights_that_are_kept_have_the_loss_that_is_told(
    fitted: tuple[Stacking, list[Predictions]],
) -> None:
    stacking, validation = fitted
    found = stacking.combine(np.stack([one.probabilities for one in validation]))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    right = found[np.arange(len(found)), validation[0].labels]
    assert -np.log(right).mean() == pytest.approx(stacking.log_loss, rel=1e-12)
    assert stacking.steps > 0
    assert stacking.log_loss < np.log(3) / 2  # of who knows nothing, halved


def test_it_learns_of_a_member_that_mistakes_two_classes(members: Make) -> None:
    def swapped(found: list[Predictions]) -> list[Predictions]:
        return [replace(one, probabilities=one.probabilities[:, [1, 0, 2]]) for one in found]

    learnt = swapped(members(200, (3.0, 3.0), seed=1, prefix="t"))
    held = swapped(members(100, (3.0, 3.0), seed=2, prefix="v"))
    asked = swapped(members(200, (3.0, 3.0), seed=3, prefix="x"))
    stack = np.stack([one.probabilities for one in asked])
    stacking = fit_stacking(folded(learnt), held)

    def accuracy(shares: np.ndarray) -> float:
        return float((shares.argmax(axis=1) == asked[0].labels).mean())

    assert accuracy(stack.mean(axis=0)) < 0.5
    assert accuracy(stacking.combine(stack)) > 0.9


def test_the_same_seed_gives_the_same_network(members: Make) -> None:
    learnt, held = folded(members(60, (1, 2), prefix="t")), members(40, (1, 2), prefix="v")
    one, again, other = (fit_stacking(learnt, held, seed=seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one.layers, again.layers, strict=True))
    assert not np.array_equal(one.inward, other.inward)


def test_predictions_that_name_no_folds_are_refused(members: Make) -> None:
    with pytest.raises(DataRefused, match=r"m0: .*name no folds.* it is surer than of any"):
        fit_stacking(members(30, part="train"), members(30, prefix="v"))  # type: ignore[arg-type]


def test_patients_of_both_parts_are_refused(members: Make) -> None:
    found = members(30)
    with pytest.raises(DataRefused, match="study 'f0' and 29 more are both among"):
        fit_stacking(folded(found), found)


@pytest.mark.parametrize("part", ["test", "train"])
def test_it_is_stopped_on_validation_alone(members: Make, part: str) -> None:
    with pytest.raises(DataRefused, match="chosen on validation"):
        fit_stacking(folded(members(30)), members(30, prefix="v", part=part))


def test_what_is_missing_is_said(members: Make) -> None:
    with pytest.raises(UsageError, match="3 out-of-fold and 2 validation predictions"):
        fit_stacking(folded(members(30)), members(30, prefix="v")[:2])
    with pytest.raises(UsageError, match="out-of-fold predictions to learn from"):
        choose_combiner("stacking", members(30))
    with pytest.raises(UsageError, match="for the combiner 'stacking'; 'mean' learns nothing"):
        choose_combiner("mean", out_of_fold=folded(members(30)))


def test_it_is_for_the_members_it_learnt_from(
    fitted: tuple[Stacking, list[Predictions]],
) -> None:
    fitted[0].require_fit(3, 3)
    with pytest.raises(UsageError, match="3 members of 3 classes; it cannot combine 2"):
        fitted[0].require_fit(2, 3)


def test_layers_that_do_not_fit_are_refused(
    fitted: tuple[Stacking, list[Predictions]],
) -> None:
    stacking, _ = fitted
    with pytest.raises(StatisticsError, match="finite numbers of shapes"):
        replace(stacking, inward=stacking.inward[:-1])
    with pytest.raises(StatisticsError, match="finite numbers of shapes"):
        replace(stacking, outward=stacking.outward * np.nan)
