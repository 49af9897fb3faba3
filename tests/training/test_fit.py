"""A fit learns, keeps its best epoch, and goes on after an interruption as if none was."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from leanlung.foundations.errors import TrainingError
from leanlung.foundations.seeds import Seeds
from leanlung.pixels import Augmentation, ImageSet, PixelStatistics, standardise, unit_range
from leanlung.training import Fitted, OptimiserPlan, RatePlan, TrainingPlan, fit

STATISTICS = PixelStatistics(mean=0.5, deviation=0.25)
CPU = torch.device("cpu")
PLAN = TrainingPlan(
    epochs=4,
    batch=8,
    optimiser=OptimiserPlan(kind="sgd", rate=0.1, momentum=0.9),
    rate=RatePlan(kind="cosine"),
    augment=Augmentation(shift=0.1, brightness=0.1),
)


def inputs(images: ImageSet) -> torch.Tensor:
    return standardise(unit_range(images.take(range(len(images)))), STATISTICS, 1)


def likelihood(images: ImageSet) -> Callable[[nn.Module], dict[str, float]]:
    def validate(network: nn.Module) -> dict[str, float]:
        was_training = network.training
        network.eval()
        with torch.no_grad():
            value = -float(F.cross_entropy(network(inputs(images)), images.labels))
        network.train(was_training)
        return {"log_likelihood": value, "macro_auc": 0.5, "accuracy": 0.5}

    return validate


def fitted(network: nn.Module, images: ImageSet, **options: object) -> Fitted:
    given = {
        "plan": PLAN, "statistics": STATISTICS, "channels": 1, "seeds": Seeds(0),
        "validate": likelihood(images), "device": CPU,
    }  # fmt: skip
    return fit(network, images, **(given | options))


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in network.state_dict().values()]


def test_it_learns(network: nn.Module, images: ImageSet) -> None:
    before = likelihood(images)(network)["log_likelihood"]
    plan = PLAN.model_copy(update={"epochs": 20})
    result = fitted(network, images, plan=plan)
    with torch.no_grad():
        right = (result.network(inputs(images)).argmax(1) == images.labels).float().mean()
    assert result.history[-1].validation["log_likelihood"] > before
    assert right > 0.9


def test_the_network_of_the_best_epoch_is_given_back(
    network: nn.Module, images: ImageSet
) -> None:
    seen: list[list[torch.Tensor]] = []
    values = iter([0.1, 0.9, 0.3, 0.9])

    def validate(net: nn.Module) -> dict[str, float]:
        seen.append(weights(net))
        return {"log_likelihood": next(values)}

    result = fitted(network, images, validate=validate)
    assert result.best == 2
    assert not result.network.training
    for found, expected in zip(weights(result.network), seen[1], strict=True):
        assert torch.equal(found, expected)


def test_the_same_seed_gives_the_same_weights(
    network: nn.Module, images: ImageSet, tmp_path: Path
) -> None:
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first = weights(fitted(network, images).network)
    network.load_state_dict(start)
    torch.manual_seed(99)  # whatever happened before
    assert all(
        torch.equal(a, b)
        for a, b in zip(first, weights(fitted(network, images).network), strict=True)
    )
    network.load_state_dict(start)
    other = fitted(network, images, seeds=Seeds(1))
    assert not all(
        torch.equal(a, b) for a, b in zip(first, weights(other.network), strict=True)
    )


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("stopped_after", [1, 3])
def test_a_fit_that_was_killed_goes_on_to_the_same_weights(
    network: nn.Module, images: ImageSet, tmp_path: Path, kind: str, stopped_after: int
) -> None:
    plan = PLAN.model_copy(update={"optimiser": OptimiserPlan(kind=kind, rate=0.05)})
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    unbroken = fitted(network, images, plan=plan)
    expected, history = weights(unbroken.network), unbroken.history
    checkpoint = tmp_path / "checkpoint.safetensors"

    class Killed(BaseException):
        pass

    def kill(epoch: object) -> None:
        if epoch.number == stopped_after:
            raise Killed

    network.load_state_dict(start)
    with pytest.raises(Killed):
        fitted(network, images, plan=plan, checkpoint=checkpoint, watch=kill)
    nn.init.zeros_(network[0].weight)  # a new process starts from something else
    told = []
    resumed = fitted(network, images, plan=plan, checkpoint=checkpoint, watch=told.append)
    assert [epoch.number for epoch in told] == list(range(stopped_after + 1, 5))
    assert resumed.history == history
    assert all(
        torch.equal(a, b) for a, b in zip(expected, weights(resumed.network), strict=True)
    )
    for one, other in zip(
        unbroken.optimiser.state.values(), resumed.optimiser.state.values(), strict=True
    ):
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_damaged_checkpoint_starts_anew(
    network: nn.Module, images: ImageSet, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(b"half of somethi")
    assert len(fitted(network, images, checkpoint=checkpoint).history) == PLAN.epochs


def test_it_stops_when_patience_is_out(network: nn.Module, images: ImageSet) -> None:
    values = iter([0.5, 0.6, 0.5, 0.6, 0.9])
    plan = PLAN.model_copy(update={"epochs": 9, "patience": 2})
    result = fitted(
        network, images, plan=plan, validate=lambda _n: {"log_likelihood": next(values)}
    )
    assert (len(result.history), result.best) == (4, 2)


def test_gradients_are_clipped(network: nn.Module, images: ImageSet) -> None:
    """One plain step of rate 1 moves all weights together by the clipped norm at most."""
    plan = TrainingPlan(
        epochs=1, batch=len(images), clip=0.01,
        optimiser=OptimiserPlan(kind="sgd", rate=1.0, momentum=0.0),
    )  # fmt: skip
    before = [p.detach().clone() for p in network.parameters()]
    fitted(network, images, plan=plan)
    moved = [p.detach() - b for p, b in zip(network.parameters(), before, strict=True)]
    norm = torch.cat([m.flatten() for m in moved]).norm()
    assert norm == pytest.approx(0.01, rel=1e-3)


def test_balanced_weights_make_a_rare_class_count_as_much(network: nn.Module) -> None:
    """With constant logits the loss is the weighted mean of log 2: the same for any balance."""
    bytes_ = torch.zeros(10, 8, 8, dtype=torch.uint8)
    rare = ImageSet(bytes_, torch.arange(10), torch.tensor([0] * 9 + [1]))
    with torch.no_grad():
        network[6].weight.zero_()
        network[6].bias.copy_(torch.tensor([1.0, 0.0]))
    losses = {}
    for kind in ("balanced", "none"):
        plan = TrainingPlan(
            epochs=1, batch=10, class_weights=kind,
            optimiser=OptimiserPlan(kind="sgd", rate=1e-9, momentum=0.0),
        )  # fmt: skip
        losses[kind] = fitted(network, rare, plan=plan).history[0].loss
    right, wrong = (float(v) for v in -torch.tensor([1.0, 0.0]).log_softmax(0))
    assert losses["none"] == pytest.approx((9 * right + wrong) / 10, rel=1e-4)
    assert losses["balanced"] == pytest.approx((right + wrong) / 2, rel=1e-4)


def test_every_image_is_seen_once_an_epoch(network: nn.Module, images: ImageSet) -> None:
    seen = 0

    def count(_module: nn.Module, given: tuple[torch.Tensor]) -> None:
        nonlocal seen
        seen += len(given[0]) if network.training else 0

    network.register_forward_pre_hook(count)
    fitted(network, images, plan=PLAN.model_copy(update={"epochs": 1}))
    assert seen == len(images)


def test_a_last_batch_of_one_image_is_left_out(network: nn.Module, images: ImageSet) -> None:
    """BatchNorm has nothing to average over in it."""
    plan = PLAN.model_copy(update={"epochs": 1, "batch": len(images) - 1})
    assert fitted(network, images, plan=plan).history[0].loss > 0


def test_bfloat16_trains_as_well(network: nn.Module, images: ImageSet) -> None:
    plan = PLAN.model_copy(update={"precision": "bfloat16", "epochs": 1})
    result = fitted(network, images, plan=plan)
    assert all(p.dtype == torch.float32 for p in result.network.parameters())


def test_an_empty_part_is_refused(network: nn.Module) -> None:
    none = torch.zeros(0, dtype=torch.int64)
    empty = ImageSet(torch.zeros(1, 8, 8, dtype=torch.uint8), none, none)
    with pytest.raises(TrainingError, match="the training part is empty"):
        fitted(network, empty, validate=lambda _n: {"log_likelihood": 0.0})


def test_a_loss_that_is_not_a_number_is_refused(network: nn.Module, images: ImageSet) -> None:
    plan = PLAN.model_copy(
        update={"optimiser": OptimiserPlan(kind="sgd", rate=1e38), "clip": 0.0}
    )
    with pytest.raises(TrainingError, match=r"the loss became .* lower the rate"):
        fitted(network, images, plan=plan)


def test_a_network_that_answers_no_numbers_stops_the_fit(
    network: nn.Module, images: ImageSet
) -> None:
    def validate(_network: nn.Module) -> dict[str, float]:
        return {"log_likelihood": float("nan")}

    with pytest.raises(TrainingError, match=r"log_likelihood became nan in epoch 1 .* lower"):
        fitted(network, images, validate=validate)


def test_the_loss_is_the_mean_of_the_images_that_were_learnt_from(
    network: nn.Module, images: ImageSet
) -> None:
    """The one image that is left over after batches of 13 is not learnt from."""
    with torch.no_grad():
        for parameter in network[6].parameters():
            parameter.zero_()  # so that every answer is one half
    plan = TrainingPlan(
        epochs=1, batch=13, class_weights="none", optimiser=OptimiserPlan(rate=1e-12)
    )
    result = fitted(network, images, plan=plan)
    assert result.history[0].loss == pytest.approx(0.693147, abs=1e-4)


def test_the_last_epoch_is_kept_where_it_is_asked_for(
    network: nn.Module, images: ImageSet
) -> None:
    """Of equal epochs the first is the best."""

    def never_better(_network: nn.Module) -> dict[str, float]:
        return {"log_likelihood": -1.0}

    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = {}
    for keep in ("best", "last"):
        network.load_state_dict(start)
        result = fitted(network, images, validate=never_better, keep=keep)
        found[keep] = weights(result.network)
    network.load_state_dict(start)
    each = []
    fitted(
        network,
        images,
        validate=lambda net: (each.append(weights(net)), {"log_likelihood": -1.0})[1],
    )
    assert all(map(torch.equal, found["best"], each[0]))
    assert all(map(torch.equal, found["last"], each[-1]))
    assert not all(map(torch.equal, found["best"], found["last"]))
