"""A specification that cannot be carried out is refused when it is written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from leanlung.pixels import PixelSpec


def test_everything_has_a_default():
    assert PixelSpec().model_dump() == {
        "size": 224,
        "crop": "none",
        "margin": 0.05,
        "median": False,
        "standardise": "training",
    }


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("size", 15, "greater than or equal to 16"),
        ("size", 4097, "less than or equal to 4096"),
        ("size", 224.5, "valid integer"),
        ("crop", "lung", "'none' or 'lungs'"),
        ("margin", 5, "for 5 % write 0.05"),
        ("margin", -0.1, r"share in \[0, 1\]; got -0.1"),
        ("standardise", "imagenet", "'imagenet_mean' or 'imagenet_mean_bgr'"),
        ("colour", True, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(field, value, told):
    with pytest.raises(ValidationError, match=told) as caught:
        PixelSpec(**{field: value})
    assert f"\n{field}\n" in str(caught.value)


def test_it_cannot_be_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        PixelSpec().size = 32
