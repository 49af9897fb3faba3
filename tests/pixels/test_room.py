"""The room's door shows every name once, and each of them is there."""

from __future__ import annotations

import leanlung.pixels


def test_every_name_it_promises_is_there_once():
    names = leanlung.pixels.__all__
    assert names == sorted(set(names))
    assert all(hasattr(leanlung.pixels, name) for name in names)
