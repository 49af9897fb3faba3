"""The quick way to read a table gives what the thorough way gives, or leaves it to that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanlung.foundations.columns import _plain, read_columns
from leanlung.foundations.errors import StudyError
from leanlung.foundations.tables import read_table

cells = st.text(st.sampled_from('ab1. ,;\t"\n\r\x0b\u2028é-'), max_size=5)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=5), st.booleans())
def test_it_never_reads_otherwise(tmp_path_factory, rows, ends_well):
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    text = "\n".join(",".join(row) for row in [["x", "y"], *rows])
    path.write_bytes((text + "\n" * ends_well).encode())
    quick = _plain(path)
    if quick is None:
        return
    thorough = read_table(path)
    assert [
        dict(zip(quick, row, strict=True)) for row in zip(*quick.values(), strict=True)
    ] == (thorough)


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2\n3,4\n",
        "x;y\r\n1;2\r\n3;4\r\n",
        "\ufeffx,y\n1, 2\n3 ,4",
        "x\ty\n1\t2\n3\t4\n\n\n",
    ],
)
def test_plain_tables_go_the_quick_way(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert _plain(path) == read_columns(path) == {"x": ["1", "3"], "y": ["2", "4"]}


@pytest.mark.parametrize(
    "text", ['x,y\n"1",2\n', "x,y\n1\n", "x,y\n\n1,2\n", "sep=;\nx;y\n1;2\n", "x,,y\n1,,2\n"]
)
def test_others_go_the_thorough_way(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert _plain(path) is None
    rows = read_table(path)
    assert read_columns(path) == {name: [row[name] for row in rows] for name in rows[0]}


def test_a_missing_file_and_one_without_rows(tmp_path):
    with pytest.raises(StudyError, match="no such file"):
        read_columns(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_text("x,y\n")
    assert read_columns(tmp_path / "a.csv") == {}
