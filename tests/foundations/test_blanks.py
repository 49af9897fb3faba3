"""A cell that tells nothing is known by what people write into it."""

import pytest

from leanlung.foundations.blanks import is_blank


@pytest.mark.parametrize("cell", ["", "  ", "NaN", "n/a", "Unknown", " ? ", "-", "NULL"])
def test_blanks(cell: str) -> None:
    assert is_blank(cell)


@pytest.mark.parametrize("cell", ["0", "no", "AP", "none of them"])
def test_no_blanks(cell: str) -> None:
    assert not is_blank(cell)
