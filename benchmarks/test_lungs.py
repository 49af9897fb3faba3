"""Lungs: decoding, segmenting and cropping beside decoding alone, and on more than one core."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import torch

import leanlung.lungs.segmenter as room
from leanlung.lungs import Segmenter, UNet, UNetSpec, cropped, segment_files
from leanlung.studies.phantoms import PhantomSpec, make
from leanlung.studies.pictures import decode

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILMS = 8
LIMIT = 0.6
"""Of the speed of decoding alone, for films of a detector's size."""

ROUNDS = 3
SPECS = {"width 16": UNetSpec(), "width 8": UNetSpec(width=8), "fold 1": UNetSpec(fold=1)}


@pytest.fixture
def segmenter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """A U-Net of untrained weights, which take as long, and whose answer is two lungs."""
    lungs = np.zeros((256, 256), np.bool_)
    lungs[60:200, 40:110] = lungs[60:200, 146:216] = True
    alone = room.found_masks

    def found(*given) -> NDArray[np.bool_]:
        return alone(*given) * False + lungs

    monkeypatch.setattr(room, "found_masks", found)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Segmenter(UNet(SPECS[request.param]).eval())


def films(folder: Path, ending: str, side: int) -> list[Path]:
    """Write drawn chests of a detector's size, with its noise."""
    cohort = make(folder / "drawn", PhantomSpec(patients=FILMS, images=(1, 1), size=256))
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 3, (side, side)).astype(np.float32)
    paths = []
    for number in range(FILMS):
        film = decode(cohort.studies[number].image) * 255
        film = cv2.resize(film, (side, side), interpolation=cv2.INTER_CUBIC)
        grey = np.clip(film + np.roll(noise, 7 * number), 0, 255)
        kind = np.uint16 if ending == "16.png" else np.uint8
        paths.append(folder / f"{number}.{ending}")
        cv2.imwrite(str(paths[-1]), (grey * (np.iinfo(kind).max / 255)).astype(kind))
    return paths


@pytest.mark.parametrize("segmenter", list(SPECS), indirect=True, ids=list(SPECS))
@pytest.mark.parametrize(("ending", "side"), [("png", 2048), ("jpg", 2048), ("jpg", 400)])
def test_beside_decoding_alone(
    in_turn, segmenter: Segmenter, ending: str, side: int, tmp_path: Path, request
) -> None:
    paths = films(tmp_path, ending, side)
    held = []

    def crop(one, film) -> None:
        held[:] = [cropped(film, one.lungs.at).copy()]

    def alone() -> None:
        for path in paths:
            decode(path)

    def whole() -> None:
        for _ in segment_files(segmenter, paths, workers=1, use=crop):
            pass

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = in_turn(alone, whole, ROUNDS)
    torch.set_num_threads(threads)
    print(
        f"{ending} of {side} x {side}: decoding {1e3 * found.first / FILMS:.1f} ms a film, "
        f"with lungs and crop {1e3 * found.second / FILMS:.1f} ms, {1 / found.ratio:.0%} of "
        "the speed"
    )
    usual = request.node.callspec.params["segmenter"] == "fold 1"  # beside which ours stands
    if side == 2048 and not usual:  # thumbnails decode in a millisecond; little is left of that
        assert 1 / found.ratio >= LIMIT


@pytest.mark.parametrize("segmenter", ["width 16"], indirect=True)
def test_on_every_core(in_turn, segmenter: Segmenter, tmp_path: Path) -> None:
    paths = films(tmp_path, "png", 2048) * 2
    cores = os.cpu_count() or 1
    found = in_turn(
        lambda: list(segment_files(segmenter, paths, workers=1)),
        lambda: list(segment_files(segmenter, paths, workers=cores)),
        ROUNDS,
    )
    print(f"{cores} cores, {cores} workers: {1 / found.ratio:.2f} times as fast as one")
    assert found.ratio < 1 or cores == 1
