"""``leanlung predict`` answers every image it can read, and names the others."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from leanlung.cli.app import app


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answered(*arguments: object) -> dict | list:
    result = leanlung(*arguments, "--json")
    assert result.exit_code in {0, 4}, result.output
    return json.loads(result.stdout)


def bundle_of(finished: Path) -> Path:
    return finished / "seed-0" / "8-export" / "bundle"


def test_predict_answers_images_of_any_size(
    finished: Path, films: Path, tmp_path: Path
) -> None:
    from PIL import Image

    large = tmp_path / "large.jpg"
    Image.open(films / "films/000-0.png").resize((300, 200)).save(large)
    found = answered("predict", bundle_of(finished), films / "films/000-0.png", large)
    assert [set(one["probabilities"]) for one in found] == [{"upper", "lower"}] * 2
    result = leanlung("predict", bundle_of(finished), large)
    assert result.exit_code == 0
    assert "Research use only" in result.stderr


def test_predict_tells_bad_images_and_answers_the_others(finished: Path, films: Path) -> None:
    bad = films / "bad.png"
    bad.write_bytes(b"no")
    result = leanlung("predict", bundle_of(finished), bad, films / "films/000-0.png")
    assert result.exit_code == 1
    assert "bad.png" in result.stderr
    assert "upper" in result.stdout


def test_predict_cuts_no_name_off(finished: Path, films: Path) -> None:
    deep = films / ("a-long-name-" * 12)
    deep.mkdir()
    film = deep / "film.png"
    film.write_bytes((films / "films/000-0.png").read_bytes())
    told = leanlung("predict", bundle_of(finished), film).stdout
    first = "".join(line[1:].split(" ")[0] for line in told.splitlines()[1:])
    assert first == str(film)


def test_predict_prints_no_table_of_nothing(finished: Path, films: Path) -> None:
    assert leanlung("predict", bundle_of(finished), films / "none.png").stdout == ""


def test_predict_refuses_what_is_no_bundle(tmp_path: Path) -> None:
    result = leanlung("predict", tmp_path, tmp_path / "x.png")
    assert result.exit_code == 1
    assert "no bundle" in result.stderr
