"""A segmenter on disk and in use: bit for bit, refused when damaged, films of any size."""

import json
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from leanlung.foundations.errors import BundleError
from leanlung.lungs import (
    Segmenter,
    is_segmenter,
    load_segmenter,
    save_segmenter,
    segment_files,
)
from leanlung.lungs.segmenting import Segmented


@pytest.fixture
def saved(tiny: Segmenter, tmp_path: Path) -> Path:
    folder = tmp_path / "segmenter"
    save_segmenter(folder, Segmenter(tiny.network, {"epochs": 1}, ({"source": "A"},)))
    return folder


def test_it_comes_back_bit_for_bit(saved: Path, tiny: Segmenter) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "model.safetensors",
        "segmenter.json",
    ]
    assert is_segmenter(saved)
    again = load_segmenter(saved)
    assert (again.fitted, again.agreement) == ({"epochs": 1}, ({"source": "A"},))
    assert again.fingerprint == tiny.fingerprint
    for name, tensor in tiny.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor), name
    assert not again.network.training


def test_another_weight_is_another_fingerprint(tiny: Segmenter) -> None:
    before = tiny.fingerprint
    with torch.no_grad():
        next(tiny.network.parameters())[0] += 1e-6
    assert tiny.fingerprint != before


def test_what_is_no_segmenter_is_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no segmenter .* was expected"):
        load_segmenter(tmp_path)
    settings = json.loads((saved / "segmenter.json").read_text())
    for change, told in (
        ({"format": 2}, "upgrade leanlung"),
        ({"format": "1"}, "does not say which format"),
        ({"network": {"width": 0}}, "damaged segmenter"),
        ({"network": {"width": 7}}, "damaged segmenter"),
        ({"model_sha256": "0"}, "copy the folder again"),
    ):
        (saved / "segmenter.json").write_text(json.dumps(settings | change))
        with pytest.raises(BundleError, match=told):
            load_segmenter(saved)
    del settings["fitted"]
    (saved / "segmenter.json").write_text(json.dumps(settings))
    with pytest.raises(BundleError, match="'fitted' is missing"):
        load_segmenter(saved)


def test_lungs_are_boxed_on_films_of_any_size(chest: np.ndarray, finder: Segmenter) -> None:
    large = cv2.resize(chest, (600, 900), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    small = cv2.resize(chest, (128, 128), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    blank = np.full((50, 40), 0.5, np.float32)
    found = finder.find([large, small, blank], margin=0.0)
    # Ellipses around (0.3, 0.5) and (0.7, 0.5), 0.12 wide and 0.25 high either way.
    assert tuple(found[0].at.box) == pytest.approx((225, 675, 108, 492), abs=6)
    assert tuple(found[1].at.box) == pytest.approx((32, 96, 23, 105), abs=2)
    assert [one.at.plausible for one in found] == [True, True, False]
    assert found[2].at.box == (0, 50, 0, 40)
    assert found[2].at.reason == "no lung was found"
    whole = found[0].of_film()
    assert whole.shape == (900, 600)
    assert np.mean((whole > 0) == (large > 0)) > 0.99
    assert finder.find([]) == []


def test_files_are_segmented_in_order_on_any_number_of_workers(
    chest: np.ndarray, finder: Segmenter, tmp_path: Path
) -> None:
    paths = []
    for number in range(20):
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), np.roll(chest, number, axis=1) * 200)
    paths[7].write_bytes(b"no picture")
    seen: dict[Path, int] = {}
    lock = threading.Lock()

    def look(one: Segmented, film: np.ndarray) -> None:
        with lock:
            seen[one.image] = film.shape[0]

    alone = list(segment_files(finder, paths, workers=1))
    several = list(segment_files(finder, paths, workers=3, use=look))
    assert [one.image for one in several] == paths
    assert "not a picture" in several[7].problem
    assert several[7].lungs is None
    boxes = [one.lungs.at for one in several if one.lungs]
    assert boxes == [one.lungs.at for one in alone if one.lungs]
    assert len(boxes) == 19
    assert [at.box.left - boxes[0].box.left for at in boxes[:4]] == [0, 1, 2, 3]
    assert seen == {path: 256 for path in paths if path != paths[7]}


def test_torch_has_its_threads_back_afterwards(finder: Segmenter, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    list(segment_files(finder, [tmp_path / "none.png"], workers=4))
    assert torch.get_num_threads() == before
