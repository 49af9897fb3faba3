"""A table reads as a spreadsheet meant it, or is refused with the line that is wrong."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanlung.foundations.errors import StudyError
from leanlung.foundations.tables import numbered_rows, read_table, write_table

ROWS = [{"image": "1.png", "label": "covid"}, {"image": "2.png", "label": "normal"}]


def tidy(text: str) -> str:
    """Every kind of line end is read as a newline."""
    return re.sub("\r\n?", "\n", text)


in_one_folder = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# What a cell may hold: all that UTF-8 can say, but no blanks at its ends, and no NUL.
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(
    str.strip
)
# A name with semicolons or tabs would pass for a header of that delimiter, and one of nothing
# but delimiters and quotes for no name.
names_of_columns = cells.filter(
    lambda name: name.strip(' ,;\t"\r\n') and not {";", "\t"} & set(name)
)
columns = st.lists(names_of_columns, min_size=1, max_size=4, unique_by=tidy)


def saved(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_line_ends_and_byte_order_marks_are_told_apart(
    tmp_path, delimiter, line_end, encoding
):
    lines = ["image,label", "1.png,covid", "2.png,normal", ""]
    text = line_end.join(lines).replace(",", delimiter)
    assert read_table(saved(tmp_path / "a.csv", text, encoding)) == ROWS


def test_the_last_line_needs_no_end(tmp_path):
    path = saved(tmp_path / "a.csv", "image,label\n1.png,covid\n2.png,normal")
    assert read_table(path) == ROWS


def test_cells_and_names_are_stripped_of_blanks(tmp_path):
    path = saved(tmp_path / "a.csv", " image ,\tlabel\n 1.png, covid  \n2.png ,normal\n")
    assert read_table(path) == ROWS


def test_a_cell_in_quotes_may_hold_delimiters_quotes_and_line_ends(tmp_path):
    text = 'a,b\n"1, ""2""","3\n4"\n'
    assert read_table(saved(tmp_path / "a.csv", text)) == [{"a": '1, "2"', "b": "3\n4"}]


def test_blanks_before_a_quote_do_not_count(tmp_path):
    assert read_table(saved(tmp_path / "a.csv", 'a, b\n"1,1",  "2,2"\n')) == [
        {"a": "1,1", "b": "2,2"}
    ]


def test_a_quote_within_a_cell_is_a_quote(tmp_path):
    path = saved(tmp_path / "a.csv", 'film,label\n14" x 17",covid\n')
    assert read_table(path) == [{"film": '14" x 17"', "label": "covid"}]


def test_a_comma_in_a_cell_under_semicolons_is_a_comma(tmp_path):
    path = saved(tmp_path / "a.csv", "image;age\n1.png;65,5\n")
    assert read_table(path) == [{"image": "1.png", "age": "65,5"}]


def test_one_column_needs_no_delimiter(tmp_path):
    assert read_table(saved(tmp_path / "a.csv", "image\n1.png\n")) == [{"image": "1.png"}]


def test_cells_missing_at_the_end_of_a_row_are_empty(tmp_path):
    path = saved(tmp_path / "a.csv", "a,b,c\n1\n1,2\n")
    assert read_table(path) == [{"a": "1", "b": "", "c": ""}, {"a": "1", "b": "2", "c": ""}]


def test_empty_lines_and_rows_of_empty_cells_are_passed_over(tmp_path):
    path = saved(tmp_path / "a.csv", "image,label\n\n1.png,covid\n,\n \n2.png,normal\n\n")
    assert read_table(path) == ROWS


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert read_table(saved(tmp_path / "a.csv", "image,label\n")) == []


@pytest.mark.parametrize("above", ["\n", " \n\n", ",,\n", '"",""\n', " ;\n"])
def test_empty_lines_above_the_header_are_passed_over_and_counted(tmp_path, above):
    path = saved(tmp_path / "a.csv", f"{above}image,label\n1.png,covid\n")
    assert numbered_rows(path) == [(above.count("\n") + 2, ROWS[0])]


@pytest.mark.parametrize("first", ["sep=|", "SEP=|", '"sep=|"', "\nsep=|"])
def test_a_first_line_that_names_the_delimiter_is_believed(tmp_path, first):
    path = saved(tmp_path / "a.csv", f"{first}\nfilm, size|label\n1.png|covid\n")
    (row,) = numbered_rows(path)
    assert row == (first.count("\n") + 3, {"film, size": "1.png", "label": "covid"})


def test_columns_without_a_name_are_left_out(tmp_path):
    path = saved(tmp_path / "a.csv", ",image,,label,,\n0,1.png,x,covid,,\n1,2.png,,normal\n")
    assert read_table(path) == ROWS


def test_a_cell_behind_the_last_column_with_a_name_is_refused(tmp_path):
    path = saved(tmp_path / "a.csv", "image,label,,\n1.png,covid,,\n1,5.png,covid,\n")
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path}, line 3: 3 cells under 2 columns; "
        "a cell that holds the delimiter must stand in quotes"
    )


def test_a_row_knows_the_line_it_begins_in(tmp_path):
    text = 'a,b\n1,x\n\n2,"y\nz"\n,\n3,x\n'
    lines = [(line, row["a"]) for line, row in numbered_rows(saved(tmp_path / "a.csv", text))]
    assert lines == [(2, "1"), (4, "2"), (7, "3")]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_table(tmp_path / "a.csv")
    assert str(caught.value).startswith(f"{tmp_path / 'a.csv'}: no such file; give the path")


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_table(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: cannot be read (Is a directory)")
    assert "CSV file was expected" in str(caught.value)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def forbid(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = saved(tmp_path / "a.csv", "a\n")
    monkeypatch.setattr(Path, "read_bytes", forbid)
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: cannot be read (Permission denied)")


@pytest.mark.parametrize(
    "data", ["image,ort\n1.png,Lübeck\n".encode("latin-1"), b"\xff\xfei\0m"]
)
def test_a_file_that_is_no_text_says_how_to_save_it(tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: not a UTF-8 text file")
    assert str(caught.value).endswith("save the table as CSV (UTF-8)")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"image,label\n1.png,covid\n2.png,\0\n", 3),
        ("image\n1.png\n".encode("utf-16-le"), 1),  # no mark at its start says that it is
    ],
)
def test_a_byte_that_no_text_has_is_named_by_its_line(tmp_path, data, line):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path}, line {line}: a NUL byte, which no text holds; the file is damaged or not "
        "UTF-8; save the table as CSV (UTF-8)"
    )


@pytest.mark.parametrize("text", ["", "\n", ",,\n,,\n", " ;\n", "sep=;\n", "sep=;\n;\n"])
def test_a_file_without_a_header_is_empty(tmp_path, text):
    with pytest.raises(StudyError, match=r"a\.csv: empty; a header line and one row") as caught:
        read_table(saved(tmp_path / "a.csv", text))
    assert str(tmp_path / "a.csv") in str(caught.value)


def test_a_column_that_stands_twice_is_named(tmp_path):
    path = saved(tmp_path / "a.csv", "label,image, label\n")
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path}: column 'label' stands twice in the header; rename one of them"
    )


def test_a_row_with_too_many_cells_is_named_by_its_line(tmp_path):
    path = saved(tmp_path / "a.csv", "image,label\n1.png,covid\n\n2.png,covid,PA\n")
    with pytest.raises(StudyError) as caught:
        read_table(path)
    assert str(caught.value) == (
        f"{path}, line 4: 3 cells under 2 columns; "
        "a cell that holds the delimiter must stand in quotes"
    )


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ('"2.png,normal', "unexpected end of data"),  # would swallow all rows that follow
        ('"2".png,normal', "expected after"),
        ("2.png," + "x" * 200_000, "field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_taken_apart_is_named_by_its_line(tmp_path, row, cause):
    path = saved(tmp_path / "a.csv", f"image,label\n1.png,covid\n{row}\n3.png,covid\n")
    with pytest.raises(StudyError, match=cause) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}, line 3: not a row of a CSV file")
    assert "quotes" in str(caught.value)


def test_a_header_that_cannot_be_taken_apart_is_line_1(tmp_path):
    path = saved(tmp_path / "a.csv", 'image,"label\n1.png,covid\n')
    with pytest.raises(StudyError, match=r"a\.csv, line 1: not a row of a CSV file"):
        read_table(path)


def test_a_table_is_written_with_its_columns_in_order(tmp_path):
    write_table(tmp_path / "a.csv", ["b", "a"], [{"a": 1, "b": 0.5}, {"b": "x,y"}])
    assert (tmp_path / "a.csv").read_bytes() == b'b,a\n0.5,1\n"x,y",\n'


def test_a_key_that_is_no_column_leaves_nothing_written(tmp_path):
    with pytest.raises(ValueError, match="phash"):
        write_table(tmp_path / "a.csv", ["a"], [{"a": 1}, {"a": 2, "phash": "0f"}])
    assert list(tmp_path.iterdir()) == []


@in_one_folder
@given(st.data())
def test_what_is_written_reads_back(tmp_path, data):
    names = data.draw(columns)
    row = st.fixed_dictionaries(dict.fromkeys(names, cells)).filter(lambda r: any(r.values()))
    rows = data.draw(st.lists(row, max_size=5))
    write_table(tmp_path / "a.csv", names, rows)
    expected = [{tidy(name): tidy(cell) for name, cell in row.items()} for row in rows]
    assert read_table(tmp_path / "a.csv") == expected


@in_one_folder
@given(rows=st.lists(st.tuples(cells.filter(bool), cells), max_size=5))
def test_what_python_writes_reads_the_same(tmp_path, rows):
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, csv.excel)
        writer.writerows([("first", "second"), *rows])
    expected = [{"first": tidy(a), "second": tidy(b)} for a, b in rows]
    assert read_table(tmp_path / "a.csv") == expected
