"""The U-Net: noise where the paper has it, 256 x 256 in and out, alike when folded or fused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.lungs import GaussianDropout, UNet, UNetSpec
from leanlung.lungs.unet import fused, standardised


def test_the_noise_has_mean_one_and_the_variance_of_dropout_at_the_same_rate() -> None:
    torch.manual_seed(0)
    noise = GaussianDropout(0.2).train()(torch.ones(4, 8, 128, 128))
    # 0.2 / 0.8 = 0.25; 524,288 draws: the mean is known to 0.0007, the variance to 0.0005.
    assert noise.mean().item() == pytest.approx(1.0, abs=0.004)
    assert noise.var().item() == pytest.approx(0.25, abs=0.003)


def test_each_place_of_each_channel_gets_noise_of_its_own() -> None:
    torch.manual_seed(0)
    layout = torch.ones(2, 3, 5, 7).contiguous(memory_format=torch.channels_last)
    for film in (torch.ones(2, 3, 5, 7), layout):
        noise = GaussianDropout(0.5).train()(film)
        assert noise.unique().numel() == 2 * 3 * 5 * 7


def test_there_is_no_noise_in_use() -> None:
    film = torch.rand(1, 2, 4, 4)
    assert torch.equal(GaussianDropout(0.2).eval()(film), film)


def test_noise_follows_every_convolution_of_the_encoder_and_none_of_the_decoder() -> None:
    network = UNet(UNetSpec(width=2, levels=4))
    kinds = [[type(layer).__name__ for layer in block.children()] for block in network.encoder]
    assert len(kinds) == 5
    assert kinds == [["Conv2d", "BatchNorm2d", "ReLU", "GaussianDropout"] * 2] * 5
    inside = [layer for block in network.decoder for layer in block.children()]
    assert len(inside) == 4 * 6
    assert not any(isinstance(layer, GaussianDropout) for layer in inside)


def test_the_usual_u_net_has_the_parameters_counted_by_hand() -> None:
    # Convolutions of 3 x 3 and of 2 x 2 with biases, widths 64 to 1,024, a channel in and out.
    def block(before: int, after: int) -> int:
        return 9 * before * after + after + 9 * after * after + after

    widths = [64, 128, 256, 512, 1024]
    wanted = block(1, 64) + sum(block(w, 2 * w) for w in widths[:-1])
    wanted += sum(4 * 2 * w * w + w + block(2 * w, w) for w in widths[:-1]) + 64 + 1
    with torch.device("meta"):
        network = UNet(UNetSpec(width=64, fold=1, batch_norm=False))
    assert sum(p.numel() for p in network.parameters()) == wanted == 31_030_593


@pytest.mark.parametrize("fold", [1, 2, 4, 8])
def test_it_reads_and_answers_256_pixels_however_they_are_folded(fold: int) -> None:
    network = UNet(UNetSpec(width=1, fold=fold, levels=1)).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 1, 256, 256)).shape == (2, 1, 256, 256)


def test_a_pixel_answers_where_it_stands() -> None:
    # Without a level that looks further, what a corner says depends on that corner alone.
    torch.manual_seed(0)
    network = UNet(UNetSpec(width=2, fold=4, levels=1, dropout=0.0)).eval()
    film = torch.rand(1, 1, 256, 256)
    changed = film.clone()
    changed[..., 100:104, 200:204] = 1.0 - changed[..., 100:104, 200:204]
    with torch.inference_mode():
        moved = (network(film) - network(changed)).abs()[0, 0]
    near = moved[80:124, 180:224].max()
    # Its mean and deviation change a little for every pixel.
    assert moved[:60].max() < 0.05 * near
    assert moved[:, :150].max() < 0.05 * near


def test_the_fused_network_gives_the_same_logits(tiny_spec: UNetSpec) -> None:
    torch.manual_seed(1)
    network = UNet(tiny_spec).train()
    for _ in range(3):  # so that BatchNorm has something to calculate in
        network(torch.rand(4, 1, 256, 256))
    network.eval()
    quick = fused(network)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in quick.modules())
    film = torch.rand(2, 1, 256, 256)
    with torch.inference_mode():
        assert torch.allclose(quick(film), network(film), atol=1e-5)


def test_a_brighter_or_flatter_film_is_read_alike() -> None:
    film = torch.rand(1, 1, 256, 256)
    assert torch.allclose(standardised(0.5 * film + 0.3), standardised(film), atol=0.15)
    assert torch.equal(standardised(torch.full((1, 1, 8, 8), 0.5)), torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"width": 0}, "1 or more"),
        ({"fold": 3}, "cannot be folded by 3"),
        ({"fold": 8, "levels": 6}, "halved 6x"),
        ({"dropout": 1.0}, "share in"),
    ],
)
def test_what_cannot_be_built_is_refused(wrong: dict[str, int], told: str) -> None:
    with pytest.raises(NetworkError, match=told):
        UNetSpec(**wrong)  # type: ignore[arg-type]


def test_a_specification_comes_back_from_json(tiny_spec: UNetSpec) -> None:
    assert UNetSpec.from_dict(tiny_spec.as_dict()) == tiny_spec
    with pytest.raises(NetworkError, match="depth"):
        UNetSpec.from_dict({"depth": 3})
