"""The training loop keeps the speed of a bare one: images lie on the device as bytes."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from leanlung.foundations.seeds import Seeds
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import Augmentation, ImageSet, PixelStatistics
from leanlung.training import OptimiserPlan, TrainingPlan, fit
from leanlung.training.optimisers import optimiser_for

LEAST = 0.9
BATCH = 32
AUGMENT = Augmentation(degrees=7.0, shift=0.04, zoom=0.08, brightness=0.08, contrast=0.15)
GPU = torch.cuda.is_available()
CASES = (
    [("vgg16", 256, 40), ("mobilenet_v2", 256, 40), ("densenet121", 256, 40)]
    if GPU
    else [("mobilenet_v2", 128, 4), ("separable_cnn", 128, 8), ("vgg16", 64, 4)]
)


@pytest.mark.parametrize(("backbone", "size", "steps"), CASES)
def test_fitting_beside_a_bare_loop(backbone: str, size: int, steps: int, in_turn) -> None:
    device = torch.device("cuda" if GPU else "cpu")
    images = BATCH * steps
    data = ImageSet(
        torch.randint(0, 256, (images, size, size), dtype=torch.uint8),
        torch.arange(images),
        torch.arange(images) % 3,
    ).resident(device)
    plan = TrainingPlan(
        epochs=1,
        batch=BATCH,
        optimiser=OptimiserPlan(kind="sgd", rate=1e-3),
        augment=AUGMENT,
        monitor="accuracy",
    )
    network = build(NetworkSpec(backbone, 3, size=size)).to(device)
    network = network.to(memory_format=torch.channels_last)
    optimiser = optimiser_for(network, plan.optimiser)
    batch = torch.randn(BATCH, 3, size, size, device=device)
    batch = batch.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(BATCH, device=device) % 3

    def bare() -> None:
        network.train()
        for _ in range(steps):
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=GPU):
                logits = network(batch)
            optimiser.zero_grad(set_to_none=True)
            F.cross_entropy(logits.float(), labels).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
            optimiser.step()
        _wait()

    def fitted() -> None:
        fit(
            network,
            data,
            plan=plan,
            statistics=PixelStatistics(0.5, 0.25),
            channels=3,
            validate=lambda _network: {"accuracy": 0.5},
            seeds=Seeds(0),
            device=device,
            optimiser=optimiser,
        )
        _wait()

    found = in_turn(fitted, bare, 5)
    print(
        f"{backbone}, {size} px, {steps} batches of {BATCH} on {device.type}: bare loop "
        f"{images / found.second:.0f} images/s, fit {images / found.first:.0f}, share "
        f"{found.ratio:.3f}{_peak()}"
    )
    assert found.ratio >= LEAST


def _wait() -> None:
    if GPU:
        torch.cuda.synchronize()


def _peak() -> str:
    if not GPU:
        return ""
    return f", peak memory {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB"
