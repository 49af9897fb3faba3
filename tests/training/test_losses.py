"""The loss is what its formula says: focal, weighted, the mean over scales, also in parts."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from pydantic import ValidationError
from torch import nn

from leanlung.foundations.seeds import Seeds
from leanlung.networks import NetworkSpec, build, logits_by_scale
from leanlung.pixels import ImageSet, PixelStatistics, standardise, unit_range
from leanlung.pruning import Removal, channel_graph, magnitude, remove
from leanlung.pruning.masks import Hold, impose, keep_largest, kernels
from leanlung.training import DistillationPlan, Fitted, OptimiserPlan, TrainingPlan, fit
from leanlung.training.losses import focal, loss_of

STATISTICS = PixelStatistics(mean=0.5, deviation=0.25)
PLAIN, FOCAL = TrainingPlan(), TrainingPlan(loss="focal")
LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.3, -0.2], [-1.0, 4.0, 1.0], [0.1, 0.2, 3.0]])
LABELS = np.array([0, 2, 1, 1])
WEIGHTS = np.array([0.5, 1.0, 2.5])


def by_hand(logits: np.ndarray, gamma: float) -> float:
    """Sum of w (1 - p)^gamma (-log p) over the sum of w, in float64."""
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    right, weight = shares[np.arange(len(LABELS)), LABELS], WEIGHTS[LABELS]
    return float((weight * (1 - right) ** gamma * -np.log(right)).sum() / weight.sum())


def given(*scales: np.ndarray) -> tuple[tuple[torch.Tensor, ...], torch.Tensor, torch.Tensor]:
    logits = tuple(torch.tensor(one, dtype=torch.float32) for one in scales)
    return logits, torch.tensor(LABELS), torch.tensor(WEIGHTS, dtype=torch.float32)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_the_focal_loss_is_its_formula(gamma: float) -> None:
    plan = TrainingPlan(loss="focal", focal_gamma=gamma)
    assert float(loss_of(*given(LOGITS), plan)) == pytest.approx(by_hand(LOGITS, gamma))


def test_without_focus_it_is_the_weighted_cross_entropy() -> None:
    (logits,), labels, weights = given(LOGITS)
    expected = F.cross_entropy(logits, labels, weight=weights)
    torch.testing.assert_close(focal(logits, labels, weights, 0.0), expected)
    assert torch.equal(loss_of((logits,), labels, weights, PLAIN), expected)


def test_three_scales_give_the_mean_of_three_losses_and_not_that_of_the_mean() -> None:
    """Hu et al. 2020, r = 1."""
    scales = [LOGITS, -LOGITS, LOGITS[:, ::-1].copy()]
    expected = np.mean([by_hand(one, 1.0) for one in scales])
    found = float(loss_of(*given(*scales), FOCAL))
    assert found == pytest.approx(expected)
    assert found > by_hand(np.mean(scales, axis=0), 1.0) + 0.1


def test_an_image_answered_with_certainty_has_a_slope() -> None:
    logits = torch.tensor([[60.0, -60.0]], requires_grad=True)
    loss = focal(logits, torch.tensor([0]), torch.ones(2), 0.5)
    loss.backward()
    assert loss.item() == 0.0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def films(count: int = 12) -> ImageSet:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.tensor([0] * (count - 4) + [1] * 4)
    return ImageSet(images, torch.arange(count), labels)


def hu(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build(NetworkSpec("hu2020", 2, head="own", channels=1, size=32, dropout=0.0))


def fitted(network: nn.Module, images: ImageSet, plan: TrainingPlan, **more: Any) -> Fitted:
    return fit(
        network, images, plan=plan, statistics=STATISTICS, channels=1, seeds=Seeds(0),
        validate=lambda _: {"log_likelihood": 0.0}, device=torch.device("cpu"), **more,
    )  # fmt: skip


def test_hu2020_is_trained_by_all_its_scales_in_training_mode() -> None:
    """The first step's loss, reckoned from the network's own logits; classes weigh 12/2n."""
    network, images = hu(), films()
    plan = TrainingPlan(epochs=1, batch=12, loss="focal")
    twin = copy.deepcopy(network).train()
    inputs = standardise(unit_range(images.take(range(12))), STATISTICS, 1)
    scales = logits_by_scale(twin, inputs)
    assert [tuple(one.shape) for one in scales] == [(12, 2)] * 3
    losses = []
    for one in scales:
        logits = one.detach().double().numpy()
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        right = shares[np.arange(12), images.labels.numpy()]
        weight = np.where(images.labels.numpy() == 0, 12 / 16, 12 / 8)
        losses.append((weight * (1 - right) * -np.log(right)).sum() / weight.sum())
    found = fitted(network, images, plan).history[0].loss
    assert found == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_answer_is_the_mean_of_the_scales() -> None:
    network = hu().eval()
    inputs = torch.randn(3, 1, 32, 32)
    mean = torch.stack(logits_by_scale(network, inputs)).mean(dim=0)
    torch.testing.assert_close(network(inputs), mean)


def test_a_network_with_one_answer_has_one_scale() -> None:
    torch.manual_seed(0)
    spec = NetworkSpec("shahabade2025", 2, head="own", channels=1, size=32)
    network = build(spec).eval()
    inputs = torch.randn(2, 1, 32, 32)
    (only,) = logits_by_scale(network, inputs)
    assert torch.equal(only, network(inputs))


class TwoScales(nn.Module):
    """No `Classifier`, no BatchNorm: its parts see what the whole batch sees."""

    def __init__(self, most: int) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.one, self.two = nn.Linear(1024, 2), nn.Linear(1024, 2)
        self.most = most

    def logits_by_scale(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if len(images) > self.most and self.training:
            msg = "CUDA out of memory. Tried to allocate 20.00 MiB."
            raise torch.OutOfMemoryError(msg)
        return self.one(images.flatten(1)), self.two(images.flatten(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        one, two = self.logits_by_scale(images)
        return (one + two) / 2


@pytest.mark.parametrize("distil", [0.0, 0.4])
def test_the_losses_of_parts_add_up_to_that_of_the_batch(distil: float) -> None:
    plan = TrainingPlan(
        epochs=2, batch=12, loss="focal", clip=0.0,
        optimiser=OptimiserPlan(kind="sgd", rate=0.01, momentum=0.0),
        distil=DistillationPlan(weight=distil),
    )  # fmt: skip
    teacher = TwoScales(99)
    nn.init.normal_(teacher.one.weight, std=0.1)
    whole, parts = (fitted(TwoScales(m), films(), plan, teacher=teacher) for m in (99, 5))
    assert (whole.history[0].at_once, parts.history[0].at_once) == (0, 3)
    for one, other in zip(whole.history, parts.history, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
    for a, b in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_distillation_hears_the_answer_and_labels_the_scales() -> None:
    """``(1 - w) mean of losses + w T^2 KL``, the divergence of the mean logits."""
    plan = TrainingPlan(
        epochs=1, batch=12, class_weights="none", distil=DistillationPlan(weight=0.25)
    )
    network, teacher, images = TwoScales(99), TwoScales(99), films()
    nn.init.normal_(teacher.two.weight, std=0.1)
    inputs = standardise(unit_range(images.take(range(12))), STATISTICS, 1)
    scales = [one.detach().double().numpy() for one in network.logits_by_scale(inputs)]
    taught = teacher(inputs).detach().double().numpy()

    def log_shares(logits: np.ndarray) -> np.ndarray:
        found: np.ndarray = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return found

    truth = images.labels.numpy()
    cross = np.mean([-log_shares(one)[np.arange(12), truth].mean() for one in scales])
    mine, theirs = log_shares(np.mean(scales, axis=0) / 4), log_shares(taught / 4)
    apart = (np.exp(theirs) * (theirs - mine)).sum(axis=1).mean()
    found = fitted(network, images, plan, teacher=teacher).history[0].loss
    assert found == pytest.approx(0.75 * cross + 0.25 * 16 * apart, rel=1e-4)


def test_scales_outlive_surgery_and_masks() -> None:
    network = hu()
    graph = channel_graph(network.eval(), torch.zeros(1, 1, 32, 32))
    name = graph.layers[0].name
    smaller = remove(network, graph, Removal({name: (0, 1)})).network
    mask = keep_largest(magnitude(smaller, kernels(smaller)), 0.5)
    impose(smaller, mask)
    before = copy.deepcopy(smaller.state_dict())
    hold = Hold(mask)
    plan = TrainingPlan(epochs=1, batch=6, loss="focal")
    after = fitted(smaller, films(), plan, each_step=hold, keep="last")
    assert len(logits_by_scale(after.network, torch.zeros(1, 1, 32, 32))) == 3
    held = sum(int((p == 0).sum()) for n, p in after.network.named_parameters() if p.ndim > 1)
    assert held >= mask.weights - mask.kept
    heads = [n for n in before if n.startswith("head.scales") and n.endswith("0.weight")]
    assert len(heads) == 3
    state = after.network.state_dict()
    assert all(not torch.equal(before[name], state[name]) for name in heads)


def test_a_gamma_without_a_focus_is_told() -> None:
    with pytest.raises(ValidationError, match="set loss = 'focal'"):
        TrainingPlan(focal_gamma=2.0)


def test_what_is_as_before_is_written_as_before() -> None:
    names = {"loss", "focal_gamma", "balance", "smote"}
    assert not names & TrainingPlan().model_dump().keys()
    assert "restarts" not in TrainingPlan().model_dump()["rate"]
    for plan in (FOCAL, TrainingPlan(balance="smote_pixels", class_weights="none")):
        assert names & plan.model_dump().keys()
        assert TrainingPlan.model_validate(plan.model_dump(mode="json")) == plan
