"""A device is chosen by name, or the best there is."""

import pytest
import torch

from leanlung.foundations.errors import UsageError
from leanlung.networks.devices import pick_device


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device().type == expected


def test_a_device_is_taken_by_name() -> None:
    assert pick_device("cpu") == torch.device("cpu")


# Some that torch has a name for cannot hold a number, or have no code here.
@pytest.mark.parametrize("name", ["gpu", "cuda:99", "", "meta", "hpu", "xla", "mkldnn"])
def test_a_device_that_is_not_there_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        pick_device(name)
    assert str(caught.value).startswith(f"no device {name!r} here (")
    assert str(caught.value).endswith("); use auto, cpu or one that exists")
    assert len(str(caught.value).splitlines()) == 1
