"""A bundle carries how its probabilities are to be read, and changes none of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leanlung.exports import Bundle, answer, load_bundle, save_bundle
from leanlung.foundations.errors import BundleError
from leanlung.statistics.readout import Readout
from leanlung.statistics.temperature import Temperature
from leanlung.statistics.thresholds import Threshold

READOUT = Readout(
    Temperature(2.0, 0.4, 0.6, 50),
    (Threshold("covid", "youden", 0.3, 0.9, 0.8, 20, 30),),
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_it_comes_back(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", replace(bundle, readout=READOUT))
    assert load_bundle(tmp_path / "b").readout == READOUT
    config = json.loads((tmp_path / "b" / "config.json").read_text())
    assert config["temperature"]["value"] == 2.0
    assert config["thresholds"]["rule"] == "highest probability"
    assert config["thresholds"]["frozen"][0]["of_class"] == "covid"


def test_bundles_without_one_are_read_as_before(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", bundle)
    config = json.loads((tmp_path / "b" / "config.json").read_text())
    assert config["thresholds"] == {"rule": "highest probability"}
    assert "temperature" not in config
    assert load_bundle(tmp_path / "b").readout is None


def test_a_damaged_one_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", replace(bundle, readout=READOUT))
    path = tmp_path / "b" / "config.json"
    config = json.loads(path.read_text())
    config["temperature"]["value"] = 0.0
    path.write_text(json.dumps(config))
    with pytest.raises(BundleError, match=r"a damaged bundle: temperature 0\.0"):
        load_bundle(tmp_path / "b")


def test_calibrated_probabilities_stand_beside_the_plain_ones(
    bundle: Bundle, film: Path
) -> None:
    """At temperature 2 they are the roots of the plain ones, scaled to sum to one."""
    (plain,) = answer(bundle, [film])
    (both,) = answer(replace(bundle, readout=READOUT), [film])
    assert both.probabilities == plain.probabilities
    assert (both.label, plain.calibrated) == (plain.label, {})
    roots = {name: share**0.5 for name, share in plain.probabilities.items()}
    total = sum(roots.values())
    assert both.calibrated == pytest.approx({n: root / total for n, root in roots.items()})
    assert both.as_dict()["calibrated"] == both.calibrated


def test_an_image_that_cannot_be_read_has_none(bundle: Bundle, tmp_path: Path) -> None:
    (found,) = answer(replace(bundle, readout=READOUT), [tmp_path / "no.png"])
    assert (found.problem != "", found.calibrated) == (True, {})
