"""Every snippet of README and docs is run: what is written there is true today.

``python`` blocks of a page run one after the other in one namespace; ``console`` blocks give
commands of ``leanlung`` after ``$``, and after ``# ends with`` the exit code if it is not 0;
``toml`` blocks are recipes, saved under the name their first line tells. ``sh`` blocks install
things or take hours: their make targets, extras, commands and options must exist.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from leanlung.cli.app import app
from leanlung.foundations.tables import read_table, write_table
from leanlung.runs import read_recipe

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {"python", "console", "toml", "sh", "text", "json"}
WITH_CODE = [
    page
    for page in PAGES
    if {"python", "console", "toml"} & {kind for kind, _ in BLOCK.findall(page.read_text())}
]


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def write_two_models(folder: Path) -> None:
    """Write a.csv and b.csv: two models of nearly the same skill on 600 patients."""
    generator = np.random.default_rng(0)
    ill = generator.integers(0, 2, 600)
    evidence = 3.0 * ill - 1.5 + generator.normal(0, 1.2, 600)
    for name in "ab":
        p_ill = 1 / (1 + np.exp(-(evidence + generator.normal(0, 0.3, 600))))
        rows = [
            {
                "study_id": f"f{n}",
                "patient_id": f"p{n}",
                "label": ("normal", "pneumonia")[ill[n]],
                "p_normal": 1 - p,
                "p_pneumonia": p,
            }
            for n, p in enumerate(p_ill.tolist())
        ]
        write_table(folder / f"{name}.csv", list(rows[0]), rows)


def write_class_folders(films: Path, folder: Path) -> None:
    """Write my-images/normal and my-images/pneumonia, with a folder for each patient."""
    names = {"upper": "normal", "lower": "pneumonia"}
    for row in read_table(films / "manifest.csv"):
        film = films / row["image_path"]
        place = folder / names[row["label"]] / row["patient_id"]
        place.mkdir(parents=True, exist_ok=True)
        (place / film.name).symlink_to(film)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_films: Path, finished: Path
) -> Path:
    """A folder as a reader has it: class folders, predictions, seeds, a run, a bundle."""
    write_two_models(tmp_path)
    write_class_folders(small_films / "data", tmp_path / "my-images")
    for model, table in (("large", "a.csv"), ("small", "b.csv")):
        (tmp_path / model).mkdir()
        for seed in range(3):
            (tmp_path / model / f"seed-{seed}.csv").symlink_to(tmp_path / table)
    links = {
        "bundle": finished / "seed-0" / "8-export" / "bundle",
        "run": finished,
        "examples": ROOT / "examples",
        "film.png": small_films / "data" / "films" / "000-0.png",
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ended_otherwise(text: str) -> list[str]:
    """Run the commands of a block; give those that end otherwise than it says."""
    found = []
    for line in text.splitlines():
        if not line.startswith("$ "):
            continue
        command, _, code = line.removeprefix("$ ").partition("# ends with")
        program, *arguments = shlex.split(command)
        assert program == "leanlung", line
        result = CliRunner().invoke(app, arguments)
        if result.exit_code != int(code or 0):
            found.append(f"{line}\n{result.output}\n{result.stderr}")
    return found


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_every_snippet_of_a_page_runs(page: Path, desk: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for kind, text in blocks(page):
        match kind:
            case "python":
                exec(compile(text, str(page), "exec"), names)
            case "console":
                assert ended_otherwise(text) == []
            case "toml":
                name = text.splitlines()[0].removeprefix("# ").strip()
                (desk / name).write_text(text, encoding="utf-8")
                assert read_recipe(desk / name).name == Path(name).stem


def unknown_to_leanlung(words: list[str]) -> list[str]:
    """Give the words of a command that name no command and no option of ``leanlung``."""
    command = typer.main.get_command(app)
    rest = list(words)
    while isinstance(command, TyperGroup):
        name = rest.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    given = [word.partition("=")[0] for word in rest if word.startswith("--")]
    return [option for option in given if option not in options | {"--help"}]


def test_a_command_that_does_not_exist_is_found() -> None:
    assert unknown_to_leanlung(["run", "first.toml", "--out", "runs"]) == []
    assert unknown_to_leanlung(["walk", "first.toml"]) == ["walk"]
    assert unknown_to_leanlung(["data", "index", "DIR", "--oput=runs"]) == ["--oput"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_hides_from_the_tests(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    opening = {kind for place, kind in enumerate(fences) if place % 2 == 0}
    assert {kind for kind in opening if not kind.startswith("{")} <= KNOWN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_installed_exists(page: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for kind, text in blocks(page):
        if kind != "sh":
            continue
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["leanlung"]:
                assert unknown_to_leanlung(words[1:]) == [], line
            if words[:1] == ["make"]:
                done = subprocess.run(
                    ["make", "--dry-run", *words[1:]],
                    cwd=ROOT,
                    capture_output=True,
                    check=False,
                )
                assert done.returncode == 0, line
            for extra in re.findall(r"leanlung\[(\w+)\]", line):
                assert extra in project["optional-dependencies"], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
