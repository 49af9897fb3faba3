"""``leanlung sizes``: bytes in every form, and what is no compression."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner, Result

from leanlung.cli.sizes import sizes
from leanlung.cli.speaking import guarded
from leanlung.exports import Bundle, load_bundle, save_bundle
from leanlung.networks import NetworkSpec, build
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.pruning import magnitude
from leanlung.pruning.masks import impose, keep_largest, kernels


def told(*arguments: object) -> Result:
    alone = typer.Typer()
    alone.command("sizes")(guarded(sizes))
    return CliRunner().invoke(alone, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    spec = NetworkSpec("shahabade2025", 2, head="own", channels=1, size=32)
    network = build(spec).eval()
    mask = keep_largest(magnitude(network, kernels(network)), 0.5)
    impose(network, mask)
    folder = tmp_path_factory.mktemp("masked") / "bundle"
    pixels, statistics = PixelSpec(size=32), PixelStatistics(0.4, 0.2)
    save_bundle(folder, Bundle("ct", network, spec, ("a", "b"), pixels, statistics, mask=mask))
    return folder


def test_a_masked_bundle_beside_the_published_before(masked: Path) -> None:
    result = told(masked, "--no-gzip", "--latency", "--rounds", "6", "--json")
    found = json.loads(result.stdout)
    forms = {one["name"]: one for one in found["forms"]}
    assert forms["wrapped checkpoint"]["numbers"] == 31_417_952
    assert forms["dense"]["bytes"] == forms["dense, masked"]["bytes"]
    on_disk = (masked / "model.safetensors").stat().st_size
    assert forms["bits and values"]["bytes"] == on_disk
    assert found["nonzero_kernel_weights"] * 2 == found["kernel_weights"] == 3_923_008
    assert found["parameters"] == found["parameters_whole"]
    assert found["macs"] == found["macs_whole"]
    assert found["wrapped"]["before"][0] == 7_854_454
    assert found["latency"]["rounds"] == 6
    assert found["latency"]["verdict"] in {"faster", "slower", "no faster"}
    assert found["latency"]["threads"] >= 1


def test_words_say_that_a_mask_is_no_compression(masked: Path) -> None:
    result = told(masked, "--no-gzip")
    assert result.exit_code == 0, result.stderr
    assert "A mask is not compression" in result.stdout
    assert "7,854,454 -> 3,931,402 parameters are 49.95% fewer and no compression" in (
        result.stdout
    )
    assert "non-trainable" in result.stdout


def test_a_bundle_that_lost_units_is_held_against_the_whole(finished: Path) -> None:
    bundle = finished / "seed-0" / "8-export" / "bundle"
    found = json.loads(told(bundle, "--json").stdout)
    loaded = load_bundle(bundle)
    assert found["parameters"] == sum(p.numel() for p in loaded.network.parameters())
    whole = build(replace(loaded.spec, widths={}))
    assert found["parameters_whole"] == sum(p.numel() for p in whole.parameters())
    names = [one["name"] for one in found["forms"]]
    assert ("dense, whole" in names) == bool(loaded.spec.widths)
    assert "gzip of dense" in names
    assert "dense, masked" not in names


def test_no_bundle_is_an_error(tmp_path: Path) -> None:
    assert told(tmp_path).exit_code == 1
