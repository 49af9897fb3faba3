"""A table of runs: one row a run, before and after, and what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.foundations.errors import StatisticsError, StudyError
from leanlung.statistics.paired_runs import PairedRuns, read_paired_runs


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "runs.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_groups_come_in_the_order_of_the_file_with_their_runs(table):
    found = read_paired_runs(
        table("note,after,group,before\nx,2,b,1\n,4,a,3\n,6,b,5\n,8.5,a,7\n")
    )
    assert [runs.group for runs in found] == ["b", "a"]
    assert found[0].before.tolist() == [1, 5]
    assert found[1].after.tolist() == [4, 8.5]
    assert found[1].differences.tolist() == [1, 1.5]


def test_differences_that_are_equal_in_decimals_are_equal():
    runs = PairedRuns("CT", np.array([92.94, 94.32]), np.array([93.09, 94.17]))
    assert runs.after[0] - runs.before[0] != -(runs.after[1] - runs.before[1])
    assert runs.differences.tolist() == [0.15, -0.15]


def test_differences_of_small_figures_keep_their_digits():
    runs = PairedRuns("g", np.array([1e-9, 2e-9]), np.array([1.5e-9, 2e-9]))
    assert runs.differences.tolist() == [5e-10, 0.0]
    assert PairedRuns("g", np.zeros(2), np.zeros(2)).differences.tolist() == [0, 0]


def test_the_arrays_cannot_be_changed():
    runs = PairedRuns("g", np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="read-only"):
        runs.before[0] = 1.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("group,befor,after\na,1,2\n", ["no column 'before'", "did you mean 'befor'?"]),
        ("before,after\n1,2\n", ["no column 'group'", "group, before, after"]),
        ("group,before,after\n", ["a header but no row"]),
        ("group,before,after\na,1,2\n,1,2\n", ["line 3", "no group"]),
        ("group,before,after\na,1,2\na,1,two\n", ["line 3", "after is 'two'"]),
        ("group,before,after\na,93.1 %,2\n", ["line 2", "before is '93.1 %'", "percent"]),
        ("group,before,after\na,nan,2\n", ["line 2", "before is 'nan'", "finite"]),
        ("group,before,after\na,1,inf\n", ["line 2", "after is 'inf'"]),
        ("group,before,after\na,1,\n", ["line 2", "after is ''"]),
        ("group;before;after\na;93,1;92,0\n", ["before is '93,1'", "with a point"]),
        ("group,before,after\na,1,2\na,2,3\nb,1,2\n", ["group 'b'", "1 run; two or more"]),
    ],
)
def test_a_bad_table_is_told_with_its_place(table, text, told):
    path = table(text)
    with pytest.raises(StatisticsError) as raised:
        read_paired_runs(path)
    assert str(raised.value).startswith(str(path))
    for words in told:
        assert words in str(raised.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(StudyError, match="no such file"):
        read_paired_runs(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("group", "before", "after", "told"),
    [
        (" ", [1.0, 2.0], [1.0, 2.0], "without a name"),
        ("g", [1.0, 2.0], [1.0], "one of each"),
        ("g", [1.0], [1.0], "two or more"),
        ("g", [1.0, np.nan], [1.0, 2.0], "not finite"),
        ("g", [[1.0, 2.0]], [[1.0, 2.0]], "shape"),
    ],
)
def test_runs_that_are_none_are_refused(group, before, after, told):
    with pytest.raises(StatisticsError, match=told):
        PairedRuns(group, np.array(before), np.array(after))
