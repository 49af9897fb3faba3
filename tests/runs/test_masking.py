"""A recipe with a mask runs the whole way: held at zero, stored small, told for what it is."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from typer.testing import CliRunner, Result

from leanlung.cli.app import app
from leanlung.exports import Bundle, answer, load_bundle
from leanlung.foundations.errors import SurgeryError, TrainingError
from leanlung.foundations.tables import read_table
from leanlung.networks import size_of
from leanlung.pruning.masks import Hold, kernels
from leanlung.runs import Options, RunFolder, open_run, read_recipe, run
from leanlung.runs.candidates import load_masked, load_network
from leanlung.runs.external_models import models_of

MASKED = """
name = "masked"

[data]
classes = ["normal", "lobar_consolidation", "ground_glass"]

[data.phantoms]
patients = 60
contrast = [0.5, 1.0]

[split]
train = 0.5
validation = 0.25
test = 0.25

[pixels]
size = 32

[network]
backbone = "separable_cnn"
dropout = 0.1

[train]
epochs = 2
optimiser = { kind = "adam", rate = 0.01 }

[mask]
final = 0.75
every = 2

[mask.train]
epochs = 3
batch = 8
optimiser = { kind = "adam", rate = 0.003 }

[mask.finetune]
epochs = 2
batch = 8
optimiser = { kind = "sgd", rate = 0.1, momentum = 0.9, weight_decay = 0.01 }

[choose]
rule = "best"

[evaluate]
resamples = 200
"""


def carried_out(folder: Path, *changes: str, until: str = "report") -> RunFolder:
    recipe = folder / "masked.toml"
    recipe.write_text(MASKED)
    options = Options(
        data=None, out=folder / "runs", device="cpu", changes=changes, until=until
    )
    return run(recipe, options)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return carried_out(tmp_path_factory.mktemp("masked"))


@pytest.fixture(scope="module")
def bundle(masked: RunFolder) -> Bundle:
    return load_bundle(masked.seed(0).bundle)


def test_the_networks_to_evaluate_come_with_their_masks(masked: RunFolder) -> None:
    chosen_round = json.loads((masked.seed(0).choose / "choice.json").read_text())["round"]
    found = {one.name: one.bundle for one in models_of(masked.path).models}
    assert found["unpruned"].mask is None
    assert (found[f"round-{chosen_round:02d}"].mask is None) == (chosen_round == 0)


def leanlung(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def zeros(network: torch.nn.Module) -> dict[str, float]:
    parameters = dict(network.named_parameters())
    return {name: float((parameters[name] == 0).double().mean()) for name in kernels(network)}


def test_three_of_four_weights_of_each_layer_are_zero(bundle: Bundle) -> None:
    for name, share in zeros(bundle.network).items():
        weights = dict(bundle.network.named_parameters())[name].numel()
        assert share == pytest.approx(0.75, abs=0.5 / weights + 1e-9)


def test_the_steps_are_found_again_and_the_unpruned_network_is_whole(
    masked: RunFolder,
) -> None:
    here = masked.seed(0)
    steps = {path: path.stat().st_mtime_ns for path in masked.path.rglob("step.json")}
    assert {path.parent.name for path in steps} >= {"tightened", "round-01"}
    carried_out(masked.path.parents[1])
    assert {path: path.stat().st_mtime_ns for path in steps} == steps
    whole, mask = load_masked(here.fit("separable_cnn"))
    assert mask is None
    assert max(zeros(whole).values()) < 0.01


def test_what_is_stored_comes_back_bit_for_bit(masked: RunFolder, bundle: Bundle) -> None:
    candidate = load_network(masked.seed(0).round("separable_cnn", 1))
    state = bundle.network.state_dict()
    for name, tensor in candidate.state_dict().items():
        assert tensor.numpy().tobytes() == state[name].numpy().tobytes(), name


def test_sizes_are_told_apart(masked: RunFolder, bundle: Bundle) -> None:
    """Stored, not zero, dense and masked bytes: each counted off the files and tensors."""
    measured = json.loads(masked.metrics.read_text())["seeds"]["0"]
    assert measured["chosen"] == "round-01"
    size = measured["models"]["round-01"]["size"]
    parameters = list(bundle.network.parameters())
    assert size["stored"] == sum(p.numel() for p in parameters)
    assert size["nonzero"] == sum(int((p != 0).sum()) for p in parameters)
    weights = masked.seed(0).bundle / "model.safetensors"
    assert size["masked_bytes"] == weights.stat().st_size
    assert size["file_bytes"] == size_of(bundle.network, 32).file_bytes
    assert size["masked_bytes"] < 0.5 * size["file_bytes"]
    with safe_open(weights, framework="pt") as file:
        assert file.metadata()["leanlung_masked"] == "1"
    whole = measured["models"]["unpruned"]["size"]
    assert (whole["stored"], whole["macs"]) == (size["stored"], size["macs"])
    assert whole["masked_bytes"] is None
    rows = {row["model"]: row for row in read_table(masked.tables / "sizes.csv")}
    assert rows["round-01"]["masked_bytes"] == str(size["masked_bytes"])
    assert rows["unpruned"]["masked_bytes"] == ""


def test_report_and_card_say_that_nothing_is_faster(masked: RunFolder) -> None:
    page = masked.report.read_text(encoding="utf-8")
    assert "no faster on dense kernels" in page
    assert "bytes as bits and kept weights" in page
    assert "Every round removes units" not in page
    card = (masked.seed(0).bundle / "README.md").read_text(encoding="utf-8")
    assert "no faster on dense kernels" in card
    assert "- mask: the smallest 75 % of weights of each layer held at zero" in card


def test_the_verbs_take_it(masked: RunFolder, bundle: Bundle, tmp_path: Path) -> None:
    shown = leanlung("show", masked.path)
    assert shown.exit_code == 0, shown.output
    assert "not zero" in shown.stdout
    assert "no faster on dense kernels" in shown.stdout
    candidates = json.loads(leanlung("show", masked.path, "--json").stdout)["seeds"]["0"][
        "candidates"
    ]
    assert [one["name"] for one in candidates] == ["unpruned", "round-01"]
    image = next(masked.path.parent.rglob("*.png"))
    told = leanlung("predict", masked.seed(0).bundle, image, "--json")
    assert json.loads(told.stdout)[0]["label"] == answer(bundle, [image])[0].label
    out = tmp_path / "m.onnx"
    exported = leanlung("export", masked.seed(0).bundle, "--out", out, "--json")
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["parity"]["largest_difference"] <= 1e-5


@pytest.mark.parametrize(
    ("changes", "shares"),
    [
        (["mask.scope=network"], None),
        (["mask.regrow=true"], {0.75}),
        (["mask.leave_alone=['head.3']"], {0.75, 0.0}),
    ],
)
def test_other_masks(
    tmp_path: Path, masked: RunFolder, changes: list[str], shares: set[float] | None
) -> None:
    """What is left alone keeps all; over the network layers give unlike shares of one whole."""
    changes = [*changes, "train.epochs=1", "mask.finetune.epochs=1", "evaluate.resamples=100"]
    folder = carried_out(tmp_path, *changes, until="prune").seed(0)
    network, mask = load_masked(folder.round("separable_cnn", 1))
    assert mask is not None
    if shares is None:
        assert mask.share == pytest.approx(0.75, abs=1e-3)
        assert np.std(list(zeros(network).values())) > 0.05
    else:
        found = {round(share, 1) for share in zeros(network).values()}
        assert found == {round(share, 1) for share in shares}


def test_two_of_four(tmp_path: Path) -> None:
    text = MASKED.replace('final = 0.75\nevery = 2\n\n[mask.train]\nepochs = 3\nbatch = 8\n'
        'optimiser = { kind = "adam", rate = 0.003 }\n', 'pattern = "2:4"\n')  # fmt: skip
    recipe = tmp_path / "masked.toml"
    recipe.write_text(text)
    options = Options(data=None, out=tmp_path / "runs", device="cpu", until="prune")
    network, mask = load_masked(run(recipe, options).seed(0).round("separable_cnn", 1))
    assert mask is not None
    for name in mask.by_parameter:
        weight = dict(network.named_parameters())[name].detach().movedim(1, -1)
        assert int((weight.reshape(-1, 4) != 0).sum(1).max()) == 2


def test_the_mask_is_looked_at_after_every_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hold, "__call__", lambda *_: None)  # holds no more
    with pytest.raises(SurgeryError, match="that the mask holds at zero are"):
        carried_out(tmp_path, until="prune")


def test_a_ramp_without_room_is_told_before_anything_is_fitted(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"mask\.every = 1000 does not fit"):
        carried_out(tmp_path, "mask.every=1000")
    (folder,) = (tmp_path / "runs").glob("masked-*")
    assert not list(open_run(folder).path.rglob("step.json"))


def test_a_layer_to_be_left_alone_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(SurgeryError, match="no layer fits 'nothing'"):
        carried_out(tmp_path, "mask.leave_alone=['nothing']")
    assert read_recipe(tmp_path / "masked.toml").rounds == 1
