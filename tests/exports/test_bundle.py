"""A bundle is used elsewhere exactly as it was saved, or not at all."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from leanlung.exports import Bundle, load_bundle, save_bundle
from leanlung.foundations.errors import BundleError, StorageError, SurgeryError
from leanlung.pixels import PixelSpec
from leanlung.pruning import magnitude
from leanlung.pruning.masks import impose, keep_largest, kernels, require_held


def test_it_comes_back_bit_for_bit(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    back = load_bundle(tmp_path / "b")
    for name, tensor in bundle.network.state_dict().items():
        assert torch.equal(back.network.state_dict()[name], tensor)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(back.network(images), bundle.network(images))
    assert replace(back, network=bundle.network) == bundle


def test_it_may_be_copied_anywhere(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    (tmp_path / "b").rename(tmp_path / "elsewhere")
    assert load_bundle(tmp_path / "elsewhere").name == "small"


def test_another_process_needs_no_training_code(bundle: Bundle, tmp_path: Path) -> None:
    """Loaded with every room above it taken away, and answering the very same figures."""
    save_bundle(tmp_path / "b", bundle)
    torch.manual_seed(1)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = bundle.network(images).tolist()
    code = """
import json, sys
for room in ("training", "pruning", "runs", "cli", "reports"):
    sys.modules[f"leanlung.{room}"] = None  # importing it raises
from pathlib import Path
import torch
from leanlung.exports import load_bundle
network = load_bundle(Path(sys.argv[1])).network
torch.manual_seed(1)
with torch.no_grad():
    print(json.dumps(network(torch.randn(2, 3, 32, 32)).tolist()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "b")],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert json.loads(done.stdout) == expected


def test_nothing_in_it_is_a_pickle(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    names = sorted(path.name for path in (tmp_path / "b").iterdir())
    assert names == ["README.md", "config.json", "metrics.json", "model.safetensors"]
    for name in ("config.json", "metrics.json"):
        json.loads((tmp_path / "b" / name).read_text(encoding="utf-8"))


def test_saving_over_a_bundle_replaces_it_whole(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    (tmp_path / "b" / "stray.txt").write_text("left over")
    save_bundle(tmp_path / "b", replace(bundle, name="second"))
    assert load_bundle(tmp_path / "b").name == "second"
    assert not (tmp_path / "b" / "stray.txt").exists()


def test_a_full_disk_leaves_the_old_bundle_and_nothing_half_written(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_bundle(tmp_path / "b", bundle)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        save_bundle(tmp_path / "b", replace(bundle, name="second"))
    assert load_bundle(tmp_path / "b").name == "small"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def changed(folder: Path, **fields: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_bundle_from_a_newer_version_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    changed(tmp_path / "b", format=99, leanlung="9.0")
    with pytest.raises(
        BundleError, match=r"format 99, made by leanlung 9.0; .* upgrade leanlung"
    ):
        load_bundle(tmp_path / "b")


def test_corrupted_weights_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    weights = tmp_path / "b" / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-5] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(BundleError, match="not the file this bundle was saved with"):
        load_bundle(tmp_path / "b")


@pytest.mark.parametrize(
    "fields",
    [
        {"network": {"backbone": "vgg16"}},
        {"network": None},
        {"pixels": {"size": "large"}},
        {"statistics": {}},
        {"classes": 3},
        {"classes": ["normal", "covid"]},
        {"statistics": {"mean": "grey", "deviation": 0.2}},
        {"statistics": {"mean": 0.5, "deviation": 0.0}},
    ],
)
def test_a_damaged_config_is_refused(bundle: Bundle, tmp_path: Path, fields: dict) -> None:
    save_bundle(tmp_path / "b", bundle)
    changed(tmp_path / "b", **fields)
    with pytest.raises(BundleError, match="a damaged bundle"):
        load_bundle(tmp_path / "b")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_an_incomplete_bundle_is_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    save_bundle(tmp_path / "b", bundle)
    (tmp_path / "b" / name).unlink()
    with pytest.raises(BundleError, match=r"no bundle|a damaged bundle"):
        load_bundle(tmp_path / "b")


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle .* config.json and model.safetensors"):
        load_bundle(tmp_path)


def test_metrics_may_be_missing(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    (tmp_path / "b" / "metrics.json").unlink()
    assert load_bundle(tmp_path / "b").metrics == {}


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"format": null}', '{"format": "two"}'])
def test_a_config_that_is_no_bundles_is_told_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BundleError) as told:
        load_bundle(tmp_path)
    assert str(told.value) == (
        f"{tmp_path}: no bundle (config.json does not say which format it has); a folder with "
        "config.json and model.safetensors was expected"
    )


def test_a_key_that_a_config_lacks_is_named(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    path = tmp_path / "b" / "config.json"
    config = json.loads(path.read_text())
    del config["statistics"]
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match=r"a damaged bundle: 'statistics' is missing; copy"):
        load_bundle(tmp_path / "b")


def test_damaged_metrics_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    (tmp_path / "b" / "metrics.json").write_text("{")
    with pytest.raises(BundleError, match="a damaged bundle"):
        load_bundle(tmp_path / "b")


def test_preparation_travels_with_it(bundle: Bundle, tmp_path: Path) -> None:
    spec = PixelSpec(size=32, crop="lungs", margin=0.1, median=True, standardise="symmetric")
    save_bundle(tmp_path / "b", replace(bundle, pixels=spec))
    assert load_bundle(tmp_path / "b").pixels == spec


def masked(bundle: Bundle) -> Bundle:
    mask = keep_largest(magnitude(bundle.network, kernels(bundle.network)), 0.5)
    impose(bundle.network, mask)
    return replace(bundle, mask=mask)


def test_a_masked_network_is_stored_small_and_comes_back_bit_for_bit(
    bundle: Bundle, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "dense", bundle)
    save_bundle(tmp_path / "b", masked(bundle))
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("dense", "b")]
    assert sizes[1] < 0.75 * sizes[0]
    back = load_bundle(tmp_path / "b")
    for name, tensor in bundle.network.state_dict().items():
        assert back.network.state_dict()[name].numpy().tobytes() == tensor.numpy().tobytes()
    assert back.mask is not None
    require_held(back.network, back.mask)
    formats = [
        json.loads((tmp_path / name / "config.json").read_text())["format"]
        for name in ("dense", "b")
    ]
    assert formats == [1, 2]  # what has no mask is read by every version


def test_a_mask_that_is_not_in_force_is_not_saved(bundle: Bundle, tmp_path: Path) -> None:
    held = masked(bundle)
    assert held.mask is not None
    torch.nn.init.ones_(held.network.get_parameter(next(iter(held.mask.by_parameter))))
    with pytest.raises(SurgeryError, match="that the mask holds at zero are not"):
        save_bundle(tmp_path / "b", held)
    assert not list(tmp_path.iterdir())


def test_a_dense_file_under_a_masked_config_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    changed(tmp_path / "b", masked=True, format=2)
    with pytest.raises(BundleError, match=r"a damaged bundle: .*not a masked network"):
        load_bundle(tmp_path / "b")
