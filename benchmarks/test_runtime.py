"""ONNX Runtime: pruned networks answer alike, and how much sooner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from benchmarks.trunks import spec_of

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
    unit_macs,
)

if TYPE_CHECKING:
    from pathlib import Path

    from onnxruntime import InferenceSession
    from torch import Tensor, nn

    from leanlung.pruning import ChannelGraph, Removal, UnitScores

SMALL = {"inception_v3": 96, "inception_resnet_v2": 96, "vgg16": 64, "hu2020": 96}


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


AIMS = {"parameters, every layer the same share": None, "parameters": 1.8, "channels": 3.0}


def removal_of(
    half: str, whole: nn.Module, graph: ChannelGraph, scores: UnitScores, image: Tensor
) -> Removal:
    """Half the parameters, most of them where operations are dear; or half of every layer."""
    cut = LowestShare("layer", OneShot(0.5), align=8)
    if half == "channels":
        return cut(scores, 1, graph.originals)
    if half == "parameters":
        cut = replace(cut, costs=unit_macs(whole, graph, image))
    target = target_parameters(size_of(whole, 224).stored // 2)
    return reach(target, whole, graph, scores, cut).removal


def session_of(path: Path, threads: int) -> InferenceSession:
    """Open a session whose threads sleep between two runs.

    They would otherwise keep the cores busy for a while, and with them the other session's run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options)


@pytest.mark.parametrize("half", list(AIMS))
@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_a_pruned_network_is_sooner_done(name: str, half: str, in_turn, tmp_path: Path) -> None:
    spec = spec_of(name, 224)
    torch.manual_seed(0)
    whole, image = build(spec).eval(), torch.zeros(1, 3, 224, 224)
    graph = channel_graph(whole, image)
    scores = score_filters(whole, graph, [L1()])["l1"]
    pruned = remove(whole, graph, removal_of(half, whole, graph, scores, image)).network
    before, after = size_of(whole, 224), size_of(pruned, 224)
    for place, network in enumerate((whole, pruned)):
        export_onnx(bundle_of(spec, whole, network), tmp_path / f"{place}.onnx")
    given = {"images": torch.rand(1, 1, 224, 224).numpy()}
    aim = f", aim {AIMS[half]}" if AIMS[half] else ""
    for threads in (1, 2):
        sessions = [session_of(tmp_path / f"{place}.onnx", threads) for place in (1, 0)]
        found = in_turn(*(lambda s=s: s.run(None, given) for s in sessions), 15)
        print(
            f"{name}, half the {half}, align 8, {threads} threads: {found.second * 1e3:.1f} ms "
            f"-> {found.first * 1e3:.1f} ms, {found.ratio:.2f} times faster{aim}; "
            f"{before.stored / after.stored:.2f} times fewer parameters, "
            f"{before.macs / after.macs:.2f} times fewer MACs"
        )
        assert found.ratio > 1.0
