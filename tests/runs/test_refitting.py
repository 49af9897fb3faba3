"""The last layer is fitted again on balanced features, and stays only if validation says so."""

import numpy as np
import pytest
import torch
from torch import nn

from leanlung.features import penultimate
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import ImageSet, PixelStatistics
from leanlung.runs.material import Material
from leanlung.runs.refitting import AS_FITTED, STRENGTHS, refit_last_layer
from leanlung.training import OptimiserPlan, SmotePlan, TrainingPlan, fit

CPU = torch.device("cpu")
STATISTICS = PixelStatistics(mean=0.5, deviation=0.25)


def films(counts: tuple[int, ...], seed: int) -> ImageSet:
    """Dark noise; class k is brighter in row k."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = generator.integers(0, 90, (len(labels), 6, 6))
    for image, label in zip(images, labels, strict=True):
        image[label] += 40
    return ImageSet(
        torch.from_numpy(images.astype(np.uint8)),
        torch.arange(len(labels)),
        torch.from_numpy(labels),
    )


def material(classes: int) -> Material:
    counts = (24, 6, 5)[:classes]
    return Material(films(counts, 0), films((6,) * classes, 1), STATISTICS, 1, CPU)


def fitted(classes: int, monitor: str):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, classes))
    plan = TrainingPlan(
        epochs=2, batch=8, monitor=monitor, balance="smote_features", class_weights="none",
        smote=SmotePlan(neighbours=3), optimiser=OptimiserPlan(kind="sgd", rate=0.05),
    )  # fmt: skip
    on = material(classes)
    found = fit(
        network, on.train, plan=plan, statistics=STATISTICS, channels=1, seeds=Seeds(0),
        validate=on.validate, device=CPU,
    )  # fmt: skip
    return found, on, plan


@pytest.mark.parametrize("classes", [2, 3])
def test_the_best_on_validation_stays(classes: int) -> None:
    before, on, plan = fitted(classes, "balanced_accuracy")
    first = on.validate(before.network)["balanced_accuracy"]
    features = before.network[1].weight.detach().clone()
    said: list[str] = []
    after, told = refit_last_layer(before, on, plan, seed=0, note=said.append)
    assert list(told["scored"]) == [AS_FITTED, *(f"C = {one:g}" for one in STRENGTHS)]
    assert told["scored"][AS_FITTED] == first
    assert told["chosen"] != AS_FITTED
    best = max(told["scored"].values())
    assert on.validate(after.network)["balanced_accuracy"] == best > first
    assert told["scored"][told["chosen"]] == best
    assert torch.equal(after.network[1].weight, features)  # only the last layer changed
    assert after.balance is not None
    assert after.balance.before == (24, 6, 5)[:classes]
    assert after.balance.after == (24,) * classes
    weight = after.network[3].weight
    assert not torch.count_nonzero(after.optimiser.state[weight]["momentum_buffer"])
    assert "chosen on validation: C = " in said[0]


def test_the_layer_is_the_regression() -> None:
    """The softmax of its logits is what scikit-learn answers, folded scaling included."""
    from imblearn.over_sampling import SMOTE
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    before, on, plan = fitted(3, "balanced_accuracy")
    x = penultimate(before.network, on.in_order(on.train))
    y = on.train.labels.numpy()
    filled, found = SMOTE(k_neighbors=3, random_state=0).fit_resample(x, y)
    after, told = refit_last_layer(before, on, plan, seed=0)
    strength = float(told["chosen"].removeprefix("C = "))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    expected = model.fit(filled.astype(np.float64), found).predict_proba(x)
    np.testing.assert_allclose(on.predict(after.network, on.train), expected, atol=2e-4)


def test_nothing_changes_where_nothing_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    before, on, plan = fitted(2, "accuracy")
    weights = {n: t.clone() for n, t in before.network.state_dict().items()}
    monkeypatch.setattr(Material, "validate", lambda *_: {"accuracy": 0.5})
    after, told = refit_last_layer(before, on, plan, seed=0)
    assert told["chosen"] == AS_FITTED
    assert all(torch.equal(weights[n], t) for n, t in after.network.state_dict().items())
