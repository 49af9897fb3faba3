"""The house: one file one noun or verb, rooms with doors, nothing that owns nothing."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import leanlung

SOURCE = Path(leanlung.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
NAMES = [path.relative_to(SOURCE).as_posix() for path in FILES]
LONGEST = 300
MAP = Path(__file__).parents[2] / "ARCHITECTURE.md"
OWNERLESS = re.compile(r"(^|/)(utils?|common|helpers?|base|core|misc|managers?)(\.py|/)")
PACKAGES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(SOURCE)], "leanlung.")
    if module.ispkg and "recipes" not in module.name
)


@pytest.fixture(params=FILES, ids=NAMES)
def tree(request: pytest.FixtureRequest) -> ast.Module:
    return ast.parse(request.param.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("name", PACKAGES)
def test_the_map_names_every_room(name: str) -> None:
    assert f"`{name.removeprefix('leanlung.').replace('.', '/')}`" in MAP.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_no_room_owns_nothing(name: str) -> None:
    assert not OWNERLESS.search(name)


def test_every_file_says_what_it_is(tree: ast.Module) -> None:
    told = ast.get_docstring(tree)
    assert told
    assert told.splitlines()[0].endswith((".", ":", "?"))


def test_user_input_never_meets_assert(tree: ast.Module) -> None:
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_nothing_is_pickled(tree: ast.Module) -> None:
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert imported.isdisjoint({"pickle", "dill", "joblib", "cloudpickle"})
    calls = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    assert not {"torch.save", "torch.load"} & set(calls)


def test_nothing_is_left_unfinished(tree: ast.Module) -> None:
    raised = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    assert not [text for text in raised if "NotImplementedError" in text]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_door_is_sorted_and_leads_somewhere(name: str) -> None:
    room = importlib.import_module(name)
    door = getattr(room, "__all__", None)
    if door is None:
        return
    assert len(set(door)) == len(door)
    for member in door:
        assert hasattr(room, member)


def test_errors_carry_the_exit_codes_of_the_design() -> None:
    from leanlung.foundations import errors

    codes = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.LeanlungError)
    }
    assert codes.pop("UsageError") == 2
    assert codes.pop("DataRefused") == 3
    assert set(codes.values()) == {1}
