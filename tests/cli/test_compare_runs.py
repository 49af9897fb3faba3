"""``compare --paired``: what a table of runs says, and what is wrong with it."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result
from typer.testing import CliRunner

from leanlung.cli.app import app

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "examples" / "garcia2023-tables.csv"


def leanlung(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def table(tmp_path: Path):
    def write(*rows: str, header: str = "group,before,after") -> Path:
        path = tmp_path / "runs.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def test_the_published_tables_give_one_comparison_a_group_and_end_with_four() -> None:
    result = leanlung("compare", "--paired", TABLES, "--margin", "1", "--json")
    assert result.exit_code == 4, result.output
    found = json.loads(result.stdout)
    assert (found["unit"], found["margin"], found["level"]) == ("percent", 1.0, 0.95)
    assert {one["group"]: one["verdict"] for one in found["comparisons"]} == {
        "CT": "non_inferior",
        "Kaggle v1": "inconclusive",
        "Kaggle v3 raw": "non_inferior",
        "Kaggle v3 masked": "non_inferior",
    }
    v1 = found["comparisons"][1]
    assert v1["difference"]["value"] == pytest.approx(-0.91)
    assert v1["p"]["kruskal_wallis"] == pytest.approx(0.225252, abs=1e-6)
    assert v1["p"]["wilcoxon"] == v1["p"]["sign_flip"] == pytest.approx(0.0117, abs=1e-4)
    assert v1["p_holm"]["sign_flip"] == pytest.approx(0.0469, abs=1e-4)
    assert v1["sentence"].startswith("Kaggle v1: inconclusive")
    assert "nothing about patients" in found["about"]


def test_what_readme_and_examples_print_is_what_is_printed() -> None:
    printed = 0
    for page, folder in (("README.md", ROOT), ("examples/README.md", ROOT / "examples")):
        text = (ROOT / page).read_text(encoding="utf-8")
        for command, shown in re.findall(
            r"```console\n\$ leanlung (compare --paired [^\n]*)\n```\n+```text\n(.*?)```",
            text,
            re.DOTALL,
        ):
            words = command.partition("#")[0].split()
            place = words.index("--paired") + 1
            result = leanlung(*words[:place], folder / words[place], *words[place + 1 :])
            said = [" ".join(line.split()) for line in result.stdout.splitlines()]
            for line in filter(str.strip, shown.splitlines()):
                assert " ".join(line.split()) in said, line
                printed += 1
    assert printed >= 10


def test_a_loss_within_the_margin_is_told_all_the_same() -> None:
    result = leanlung("compare", "--paired", TABLES, "--margin", "2")
    assert result.exit_code == 0, result.output
    assert "non-inferior within 2 points: CT, Kaggle v1" in result.stdout
    assert "Kaggle v1: non-inferior within 2" in result.stdout
    assert "a small loss is likely" in result.stdout


@pytest.mark.parametrize(
    ("rows", "unit", "margin"),
    [
        (("a,0.91,0.90", "a,0.92,0.92", "a,0.90,0.91"), "shares", 0.02),
        (("a,91,90", "a,92,92", "a,90,91"), "percent", 2.0),
    ],
)
def test_the_margin_if_none_is_given_suits_shares_and_percent(
    table, rows: tuple[str, ...], unit: str, margin: float
) -> None:
    found = json.loads(leanlung("compare", "--paired", table(*rows), "--json").stdout)
    assert (found["unit"], found["margin"]) == (unit, margin)


@pytest.mark.parametrize("rows", [("a,-3,-2", "a,-3,-4"), ("a,512,510", "a,490,495")])
def test_figures_in_another_unit_need_a_margin(table, rows: tuple[str, ...]) -> None:
    path = table(*rows)
    result = leanlung("compare", "--paired", path)
    assert result.exit_code == 2
    assert "give --margin in their unit" in result.stderr
    result = leanlung("compare", "--paired", path, "--margin", "2.5", "--json")
    assert json.loads(result.stdout)["unit"] == "own"


def test_runs_that_draw_their_parts_anew_are_judged_by_the_corrected_t() -> None:
    words = ("compare", "--paired", TABLES, "--margin", "1", "--test-train-ratio", "0.25")
    result = leanlung(*words)
    assert "corrected t" in result.stdout
    found = json.loads(leanlung(*words, "--json").stdout)["comparisons"][1]
    assert found["difference"]["method"] == "corrected resampled t"
    assert found["p"]["corrected_t"] > found["p"]["paired_t"]


def test_one_group_alone_is_not_adjusted(table) -> None:
    result = leanlung("compare", "--paired", table("a,91,90", "a,92,92", "a,90,91"))
    assert "p  paired t" in result.stdout
    assert "adjusted" not in result.stdout


def test_pairs_that_all_differ_alike_end_with_four_and_say_why(table) -> None:
    path = table("same,91,91", "same,92,92", "b,91,91.1", "b,92,92", "b,90,90.1")
    result = leanlung("compare", "--paired", path, "--margin", "1")
    assert result.exit_code == 4
    assert "same: inconclusive, as the difference has no interval" in result.stdout
    assert "the same column twice?" in result.stdout
    assert "non-inferior within 1 point: b" in result.stdout


@pytest.mark.parametrize(
    ("header", "rows", "options", "code", "told"),
    [
        ("group,before,aftr", ["a,1,2"], [], 1, "did you mean 'aftr'?"),
        ("group,before,after", ["a,1,x", "a,1,2"], [], 1, "line 2: after is 'x'"),
        ("group,before,after", ["a,1,nan", "a,1,2"], [], 1, "line 2: after is 'nan'"),
        ("group,before,after", ["a,91,90"], [], 1, "group 'a': 1 run; two or more"),
        ("group,before,after", ["a,91,90", "a,9,8"], ["--margin", "0"], 2, "above 0"),
        ("group,before,after", ["a,91,90", "a,9,8"], ["--margin", "-1"], 2, "above 0"),
        ("group,before,after", ["a,.9,.8", "a,.9,.7"], ["--margin", "1"], 2, "in the unit of"),
        ("group,before,after", ["a,91,90", "a,9,8"], ["--level", "95"], 2, "level"),
        ("group,before,after", ["a,91,90", "a,9,8"], ["--test-train-ratio", "0"], 2, "ratio"),
    ],
)
def test_a_bad_table_or_number_is_told(
    table, header: str, rows: list[str], options: list[str], code: int, told: str
) -> None:
    result = leanlung("compare", "--paired", table(*rows, header=header), *options)
    assert result.exit_code == code, result.output
    assert told in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("compare",), "give A and B"),
        (("compare", "a.csv"), "give A and B"),
        (("compare", "a.csv", "b.csv", "--test-train-ratio", "1"), "--paired"),
        (("compare", "a.csv", "--paired", TABLES), "nothing else to compare; got a.csv"),
        (("compare", "--paired", TABLES, "--metric", "accuracy"), "--metric: these are of one"),
        (("compare", "--paired", TABLES, "--equivalence"), "--equivalence: these are of one"),
    ],
)
def test_flags_that_do_not_fit_together_are_told(words: tuple[object, ...], told: str) -> None:
    result = leanlung(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_build_server_sees_every_group_as_a_test_case(tmp_path: Path) -> None:
    junit = tmp_path / "verdicts.xml"
    result = leanlung("compare", "--paired", TABLES, "--margin", "1", "--junit", junit)
    assert result.exit_code == 4
    root = ElementTree.parse(junit).getroot()
    assert root.attrib | {"tests": "4", "failures": "1"} == root.attrib
    [failure] = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert failure.get("name") == "Kaggle v1 within 1"
