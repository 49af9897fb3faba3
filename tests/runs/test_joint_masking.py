"""Pruned and trained together from the beginning, beside a control; half stays half."""

import json
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from leanlung.exports import load_bundle
from leanlung.foundations.errors import RecipeError
from leanlung.networks import restore
from leanlung.pruning.masks import Hold, kernels, restore_masked
from leanlung.runs import Options, RunFolder, read_recipe, run
from leanlung.runs.candidates import candidate_as_dict, load_candidate, load_masked
from leanlung.runs.folder import WEIGHTS, kept_epoch
from leanlung.runs.mask import MaskSection
from leanlung.runs.material import Material

TRAIN = """
epochs = {epochs}
batch = {batch}
optimiser = {{ kind = "adam", rate = 0.003 }}
"""

JOINT = """
name = "joint"

[data]
classes = ["upper", "lower"]

[split]
train = 0.5
validation = 0.25
test = 0.25

[pixels]
size = 32

[network]
backbone = "{backbone}"
head = "{head}"
channels = 1
dropout = 0.1

[train]{train}
[mask]
from = "fresh"
final = {final}
every = 1

[mask.train]{train}
[mask.finetune]
epochs = 2
batch = 32
optimiser = {{ kind = "rmsprop", rate = 1e-4 }}
rate = {{ kind = "cosine" }}

[choose]
rule = "last"

[evaluate]
resamples = 100
margin = 0.1
"""


def text(final: float, backbone: str, head: str, epochs: int, batch: int = 16) -> str:
    train = TRAIN.format(epochs=epochs, batch=batch)
    return JOINT.format(final=final, backbone=backbone, head=head, train=train)


def carried_out(folder: Path, recipe: str, data: Path, *changes: str, until: str) -> RunFolder:
    path = folder / "joint.toml"
    path.write_text(recipe)
    options = Options(
        data=data, out=folder / "runs", device="cpu", changes=changes, until=until
    )
    return run(path, options)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory, small_films: Path) -> RunFolder:
    """Of two epochs, the last of which the whole network keeps beside its best."""
    folder = tmp_path_factory.mktemp("control")
    recipe = text(0.0, "separable_cnn", "linear", epochs=2)
    changes = ("train.keep_epochs=[2]",)
    return carried_out(folder, recipe, small_films / "data", *changes, until="report")


def test_a_control_begins_with_the_same_weights_and_sees_the_same_images(
    control: RunFolder,
) -> None:
    """Nothing held, the same plan: it ends its first training as the whole network did."""
    here = control.seed(0)
    spec = load_candidate(here.fit("separable_cnn")).spec
    last = restore(kept_epoch(here.fit("separable_cnn"), 2), spec).state_dict()
    tightened, mask = restore_masked(here.tightened("separable_cnn") / WEIGHTS, spec)
    assert mask.weights == 0
    found = tightened.state_dict()
    assert found.keys() == last.keys()
    assert all(torch.equal(found[name], last[name]) for name in last)


def test_a_control_is_told_and_holds_nothing(control: RunFolder) -> None:
    here = control.seed(0)
    folder = here.round("separable_cnn", 1)
    told = candidate_as_dict(folder)
    assert told["control"] is True
    network, mask = load_masked(folder)
    assert mask is None
    assert told["size"]["nonzero"] == sum(int((p != 0).sum()) for p in network.parameters())
    assert told["size"]["nonzero"] == told["size"]["stored"]
    assert load_bundle(here.bundle).mask is None
    assert json.loads((here.choose / "choice.json").read_text())["chosen"] == "round-01"
    page = control.report.read_text(encoding="utf-8")
    assert "no weight is held at zero" in page
    assert "no faster on dense kernels" not in page
    card = (here.bundle / "README.md").read_text(encoding="utf-8")
    assert "no weight (a control of the same epochs) held at zero" in card


def nonzero(network: torch.nn.Module) -> int:
    parameters = dict(network.named_parameters())
    return sum(int((parameters[name] != 0).sum()) for name in kernels(network))


def test_half_of_shahabade2025_is_zero_after_every_epoch_and_in_the_file(
    tmp_path: Path, small_films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,961,504 of 3,923,008; two steps of joint training, two epochs of RMSprop after."""
    after_epochs: list[int] = []
    validate, masked = Material.validate, []

    def counting(on: Material, network: torch.nn.Module) -> dict[str, float]:
        if masked:
            after_epochs.append(nonzero(network))
        return validate(on, network)

    checked = Hold.checked
    monkeypatch.setattr(Hold, "checked", lambda *a: (masked.append(1), checked(*a))[1])
    monkeypatch.setattr(Material, "validate", counting)
    recipe = text(0.5, "shahabade2025", "own", epochs=1)
    folder = carried_out(tmp_path, recipe, small_films / "data", until="export").seed(0)
    assert after_epochs == [1_961_504] * 3  # two epochs, and the candidate itself
    bundle = load_bundle(folder.bundle)
    assert bundle.mask is not None
    assert (bundle.mask.kept, bundle.mask.weights) == (1_961_504, 3_923_008)
    assert nonzero(bundle.network) == 1_961_504
    told = json.loads((folder.round("shahabade2025", 1) / "candidate.json").read_text())
    assert (told["held"], told["of"]) == (1_961_504, 3_923_008)
    whole, mask = load_masked(folder.fit("shahabade2025"))
    assert mask is None
    assert nonzero(whole) > 3_900_000
    said = [one["about"] for one in bundle.history if one["step"] == "mask"]
    assert said == [
        "the smallest 50 % of weights of each layer held at zero, trained from the beginning"
    ]


def test_what_is_as_before_is_written_as_before() -> None:
    assert not {"start", "from"} & MaskSection().model_dump().keys()
    fresh = MaskSection.model_validate({"from": "fresh"})
    assert fresh.model_dump()["from"] == "fresh"
    assert MaskSection.model_validate(fresh.model_dump(mode="json")) == fresh


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"from": "fresh", "pattern": "2:4"}, r"leave \['from'\] out"),
        ({"from": "scratch"}, "Input should be 'fitted' or 'fresh'"),
        ({"final": 0.0, "initial": 0.2}, "a control holds nothing"),
        (
            {"finetune": {"balance": "smote_features", "class_weights": "none"}},
            r"finetune\.balance: 'smote_features' is of the recipe's \[train\] alone",
        ),
    ],
)
def test_keys_that_make_no_mask_are_told(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MaskSection.model_validate(keys)


def test_a_mistake_is_told_by_the_name_it_has_in_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "joint.toml"
    path.write_text(text(0.5, "separable_cnn", "linear", epochs=1))
    with pytest.raises(
        RecipeError, match=r"mask\.from: 'new' is none of \['fitted', 'fresh'\]"
    ):
        read_recipe(path, ["mask.from=new"])
