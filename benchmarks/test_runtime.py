"""ONNX Runtime: pruned networks answer alike, and how much sooner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from leanlung.exports import Bundle
from leanlung.exports.onnx import export_onnx
from leanlung.networks import BACKBONES, NetworkSpec, build, size_of, widths_of
from leanlung.pixels import PixelSpec, PixelStatistics
from leanlung.pruning import (
    L1,
    LowestShare,
    OneShot,
    channel_graph,
    reach,
    remove,
    score_filters,
    target_parameters,
)

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

SMALL = {"inception_v3": 96, "inception_resnet_v2": 96, "vgg16": 64, "hu2020": 96}


def spec_of(name: str, size: int) -> NetworkSpec:
    found = BACKBONES[name]
    own = found.head is not None
    channels = 1 if own else 3
    head = "own" if own else "linear"
    return NetworkSpec(name, 2, head=head, channels=channels, size=size)


def bundle_of(spec: NetworkSpec, whole: nn.Module, network: nn.Module) -> Bundle:
    return Bundle(
        name=spec.backbone,
        network=network,
        spec=replace(spec, widths=widths_of(network, like=whole)),
        classes=("a", "b"),
        pixels=PixelSpec(size=spec.size),
        statistics=PixelStatistics(0.5, 0.25),
    )


@pytest.mark.parametrize("name", list(BACKBONES))
def test_half_of_every_layer_gone_answers_alike(name: str, tmp_path: Path) -> None:
    spec = spec_of(name, SMALL.get(name, 64))
    whole = build(spec).eval()
    graph = channel_graph(whole, torch.zeros(1, spec.channels, spec.size, spec.size))
    scores = score_filters(whole, graph, [L1()])["l1"]
    network = remove(
        whole, graph, LowestShare("layer", OneShot(0.5))(scores, 1, graph.originals)
    ).network
    parity = export_onnx(bundle_of(spec, whole, network), tmp_path / "m.onnx")
    sizes = [size_of(one, spec.size, spec.channels).stored for one in (whole, network)]
    print(
        f"{name:<20} {sizes[0]:>11,} -> {sizes[1]:>10,} parameters, largest difference "
        f"{parity.largest_difference:.1e}"
    )
    assert parity.largest_difference <= 1e-5


@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
@pytest.mark.parametrize("half", ["parameters", "channels"])
def test_a_pruned_network_is_sooner_done(name: str, half: str, in_turn, tmp_path: Path) -> None:
    import onnxruntime

    spec = spec_of(name, 224)
    whole = build(spec).eval()
    graph = channel_graph(whole, torch.zeros(1, 3, 224, 224))
    scores = score_filters(whole, graph, [L1()])["l1"]
    cut = LowestShare("layer", OneShot(0.5), align=8)
    if half == "parameters":
        target = target_parameters(size_of(whole, 224).stored // 2)
        removal = reach(target, whole, graph, scores, cut).removal
    else:
        removal = cut(scores, 1, graph.originals)
    sessions = []
    for place, network in enumerate((whole, remove(whole, graph, removal).network)):
        path = tmp_path / f"{place}.onnx"
        export_onnx(bundle_of(spec, whole, network), path)
        sessions.append(onnxruntime.InferenceSession(str(path)))
    image = {"images": torch.rand(1, 1, 224, 224).numpy()}
    found = in_turn(*(lambda s=s: s.run(None, image) for s in reversed(sessions)), 9)
    print(
        f"{name}, half the {half}, align 8: {found.second * 1e3:.1f} ms -> "
        f"{found.first * 1e3:.1f} ms, {found.ratio:.2f} times faster"
    )
    assert found.ratio > 1.0
