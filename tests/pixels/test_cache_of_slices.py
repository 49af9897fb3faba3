"""The cache with pictures that lie within a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leanlung.pixels import PixelSpec, Reader, Source, contents, prepared_images

if TYPE_CHECKING:
    from pathlib import Path

SPEC = PixelSpec(size=16)


def reader() -> Reader:
    def decode(path: Path) -> np.ndarray:
        return np.full((4, 4), int(path.name.split("z=")[1][:3]) / 10, np.float32)

    return Reader(decode, lambda image: {"mean": f"{image.mean():.1f}"})


def test_slices_of_one_file_are_different_contents(tmp_path: Path) -> None:
    file = tmp_path / "scan.nii"
    file.write_bytes(b"voxels")
    names = [tmp_path / f"scan.nii#z=00{number}" for number in (1, 2, 1)]
    found = contents(names, tmp_path / "cache")
    assert found[0] == found[2] != found[1]
    assert found[0].endswith("#z=001")
    assert found[0].split("#")[0] == contents([file], tmp_path / "cache")[0]


def test_another_file_of_the_same_name_is_prepared_anew(tmp_path: Path) -> None:
    file = tmp_path / "scan.nii"
    sources = [Source(tmp_path / "scan.nii#z=003"), Source(tmp_path / "scan.nii#z=005")]
    places = set()
    for text in (b"one", b"two!"):
        file.write_bytes(text)
        prepared = prepared_images(sources, SPEC, tmp_path / "cache", reader())
        assert prepared.images[:, 0, 0].tolist() == [76, 128]  # 0.3 and 0.5 of 255
        places |= {path.parent.name for path in (tmp_path / "cache").glob("*/facts.json")}
    assert len(places) == 2
