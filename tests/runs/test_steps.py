"""A step is done once, found again, and done anew when anything about it changed."""

import json
from pathlib import Path

import pytest

from leanlung.runs.folder import CHECKPOINT, STEP
from leanlung.runs.steps import fingerprint, step


class Doing:
    def __init__(self, content: str = "done") -> None:
        self.times = 0
        self.content = content

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "result.txt").write_text(self.content)


def test_it_is_done_once_and_found_again(tmp_path: Path) -> None:
    doing = Doing()
    assert step(tmp_path / "s", {"a": 1}, doing) is True
    assert step(tmp_path / "s", {"a": 1}, doing) is False
    assert doing.times == 1


def test_other_inputs_do_it_anew(tmp_path: Path) -> None:
    doing = Doing()
    step(tmp_path / "s", {"a": 1}, doing)
    assert step(tmp_path / "s", {"a": 2}, doing) is True


@pytest.mark.parametrize("harm", ["change", "remove", "add", "unfinished", "damage"])
def test_whatever_was_touched_is_done_anew(tmp_path: Path, harm: str) -> None:
    folder, doing = tmp_path / "s", Doing()
    step(folder, {}, doing)
    match harm:
        case "change":
            (folder / "result.txt").write_text("edited")
        case "remove":
            (folder / "result.txt").unlink()
        case "add":
            (folder / "stray.txt").write_text("?")
        case "unfinished":
            (folder / STEP).unlink()
        case "damage":
            (folder / STEP).write_text("{")
    assert step(folder, {}, doing) is True
    assert sorted(path.name for path in folder.iterdir()) == ["result.txt", STEP]
    assert (folder / "result.txt").read_text() == "done"


def test_what_a_killed_step_left_is_swept_but_its_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "s"

    def killed(here: Path) -> None:
        (here / "half.txt").write_text("h")
        (here / "sub").mkdir()
        (here / CHECKPOINT).write_text("epoch 3")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(folder, {"a": 1}, killed)
    seen = []
    step(folder, {"a": 1}, lambda here: seen.extend(path.name for path in here.iterdir()))
    assert CHECKPOINT in seen
    assert "half.txt" not in seen
    assert "sub" not in seen
    assert not (folder / CHECKPOINT).exists()


def test_a_checkpoint_of_other_inputs_is_swept_too(tmp_path: Path) -> None:
    folder = tmp_path / "s"

    def killed(here: Path) -> None:
        (here / CHECKPOINT).write_text("epoch 3")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(folder, {"a": 1}, killed)
    seen = []
    step(folder, {"a": 2}, lambda here: seen.extend(path.name for path in here.iterdir()))
    assert CHECKPOINT not in seen


def test_its_fingerprint_follows_its_outputs_alone(tmp_path: Path) -> None:
    for name, content in (("a", "x"), ("b", "x"), ("c", "y")):
        step(tmp_path / name, {"name": name}, Doing(content))
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "c")


def test_it_tells_how_long_it_took_and_how_much_it_held(tmp_path: Path) -> None:
    step(tmp_path / "s", {}, Doing())
    told = json.loads((tmp_path / "s" / STEP).read_text())
    assert told["seconds"] >= 0
    assert told["peak_memory_bytes"] is None or told["peak_memory_bytes"] > 1_000_000
