"""Recalibration counts BatchNorm's statistics anew and changes nothing else."""

import torch
from torch import nn

from leanlung.pruning import recalibrate


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2, momentum=0.3), nn.Dropout(0.9))


def test_the_mean_over_equal_batches_is_the_mean_over_all_images() -> None:
    net = network()
    images = torch.randn(12, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    recalibrate(net, images.split(4))
    with torch.no_grad():
        maps = net[0](images)
    torch.testing.assert_close(net[1].running_mean, maps.mean(dim=(0, 2, 3)))
    variances = torch.stack([m.var(dim=(0, 2, 3)) for m in maps.split(4)])
    torch.testing.assert_close(net[1].running_var, variances.mean(dim=0))


def test_weights_momentum_and_mode_stay() -> None:
    net = network().train()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    recalibrate(net, [torch.randn(4, 1, 4, 4)])
    assert all(torch.equal(before[name], p) for name, p in net.named_parameters())
    assert (net[1].momentum, net.training) == (0.3, True)


def test_a_network_without_normalisation_is_left_alone() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 1))

    def batches() -> object:
        raise AssertionError("no image should be read")
        yield

    recalibrate(net, batches())
    assert net.training
