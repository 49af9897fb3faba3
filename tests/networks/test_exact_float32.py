"""While answers are computed float32 is float32 everywhere, and then as it was set before."""

from collections.abc import Iterator

import pytest
import torch

from leanlung.networks.devices import exact_float32


def precisions() -> list[str]:
    """What may be rounded, by place; torch before 2.9 knows two of them."""
    found = [torch.get_float32_matmul_precision()]
    if hasattr(torch.backends, "fp32_precision"):
        cudnn, cuda = torch.backends.cudnn, torch.backends.cuda
        places = (cuda.matmul, cudnn.conv, cudnn.rnn)
        return found + [place.fp32_precision for place in places]
    return [*found, "tf32" if torch.backends.cudnn.allow_tf32 else "ieee"]


@pytest.fixture(params=["highest", "high", "medium"])
def rounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Matrix products as somebody may have set them; convolutions as torch sets them."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(request.param)
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("rounded")
def test_nothing_is_rounded_within_and_all_is_as_before_behind() -> None:
    before = precisions()
    assert "tf32" in before  # torch's own choice for convolutions
    with exact_float32():
        assert precisions() == ["highest", *["ieee"] * (len(before) - 1)]
    assert precisions() == before


@pytest.mark.usefixtures("rounded")
def test_an_error_puts_it_back_too() -> None:
    before = precisions()
    with pytest.raises(ZeroDivisionError), exact_float32():
        raise ZeroDivisionError
    assert precisions() == before


def test_one_within_another_changes_nothing() -> None:
    before = precisions()
    with exact_float32():
        with exact_float32():
            pass
        assert set(precisions()) == {"highest", "ieee"}
    assert precisions() == before
