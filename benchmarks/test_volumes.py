"""Volumes: slices a second and the memory they take, beside the volume itself."""

from __future__ import annotations

import time
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from leanlung.foundations.seeds import Seeds
from leanlung.pixels import Clahe
from leanlung.slices import CutSpec, gather, write_slices
from leanlung.studies.phantoms import ThoraxSpec, draw_thorax, write_nifti
from leanlung.studies.volumes import LUNG, close_all, opened, read_volume, slices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanlung.slices.regions import Crop

SIDE, SLICES = 512, 120
ENOUGH = 300
"""Slices a second on one core, 256 x 256 pixels with masks, once decompressed."""

ROUNDS = 3


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up scan as large as those of a hospital, with its masks."""
    folder = tmp_path_factory.mktemp("scan")
    small = draw_thorax(Seeds(0), 0, ThoraxSpec(slices=(SLICES, SLICES), size=SIDE // 4))
    grain = np.random.default_rng(0).normal(0, 20, (8, SIDE, SIDE))
    large = np.empty((SLICES, SIDE, SIDE), np.int16)
    for index, plane in enumerate(small.hounsfield):
        grown = cv2.resize(plane.astype(np.float32), (SIDE, SIDE))
        large[index] = np.clip(grown + grain[index % 8], -1024, 3071)
    between, down, across = small.spacing
    spacing = (between, down / 4, across / 4)
    write_nifti(folder / "scan.nii.gz", large, spacing)
    write_nifti(folder / "scan.nii", large, spacing)
    for name, mask in (("lungs", small.lungs), ("infection", small.infection)):
        grown = mask.astype(np.uint8).repeat(4, 1).repeat(4, 2)
        write_nifti(folder / f"{name}.nii.gz", grown, spacing)
    return folder


@pytest.mark.parametrize("ending", [".nii.gz", ".nii"])
def test_a_volume_is_never_in_memory_twice(scan: Path, ending: str) -> None:
    close_all()
    stored = SLICES * SIDE * SIDE * 2
    tracemalloc.start()
    volume = read_volume(scan / f"scan{ending}")
    seen = sum(int(picture[0, 0]) >= 0 for _, picture in slices(volume, LUNG))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{ending}: peak {peak / stored:.2f} of a volume of {stored / 2**20:.0f} MiB")
    assert seen == SLICES
    assert peak < 2 * stored


def bare(count: int) -> None:
    """Do what every slice needs in OpenCV alone: level, shrink, and write three PNG."""
    plane = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    mask = np.zeros((256, 256), np.uint8)
    mask[60:200, 40:120] = 255
    tool = cv2.createCLAHE(2.0, (8, 8))
    for _ in range(count):
        small = cv2.resize(tool.apply(plane), (256, 256), interpolation=cv2.INTER_AREA)
        for picture in (small, mask, mask):
            cv2.imencode(".png", picture)


def seconds_of_one_core(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize(("crop", "limit"), [("lungs", 2.0), ("left-right", 3.5)])
def test_slices_a_second(scan: Path, tmp_path: Path, crop: Crop, limit: float) -> None:
    close_all()
    cohort, _ = gather(
        scan / "scan.nii.gz",
        lung_mask=scan / "lungs.nii.gz",
        infection_mask=scan / "infection.nii.gz",
    )
    start = time.perf_counter()
    opened(scan / "scan.nii.gz").plane(0)
    for mask in ("lungs", "infection"):
        opened(scan / f"{mask}.nii.gz", kind="mask").plane(0)
    unpacking = time.perf_counter() - start
    spec = CutSpec(crop=crop, clahe=Clahe())
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ratios, rates = [], []
    for turn in range(ROUNDS):
        folder = tmp_path / f"{crop}-{turn}"
        alone = seconds_of_one_core(lambda: bare(SLICES))
        whole = seconds_of_one_core(partial(write_slices, cohort, folder, spec, workers=1))
        ratios.append(whole / alone)
        rates.append(SLICES / whole)
    cv2.setNumThreads(threads)
    print(
        f"{crop}: {max(rates):.0f} slices a second of one core ({ENOUGH} wanted), "
        f"{min(ratios):.2f} times OpenCV alone; unpacking {unpacking:.2f} s"
    )
    assert min(ratios) < limit


def test_pictures_alone(scan: Path) -> None:
    volume = read_volume(scan / "scan.nii.gz")
    start = time.process_time()
    count = sum(1 for _ in slices(volume, LUNG))
    print(f"windowed alone: {count / (time.process_time() - start):.0f} slices a second")
    assert count == SLICES
