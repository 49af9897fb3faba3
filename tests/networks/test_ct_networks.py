"""The two CT networks: built from what their counts and their authors' code determine."""

import pytest
import torch
from torch import nn

from leanlung.foundations.errors import NetworkError
from leanlung.networks import Classifier, NetworkSpec, build, count_trainable

SHAHABADE = NetworkSpec("shahabade2025", 2, head="own", channels=1, size=32)
HU = NetworkSpec("hu2020", 3, head="own", channels=1, size=32, dropout=0.0)


def of_kind(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kinds)]


def meta(spec: NetworkSpec) -> Classifier:
    with torch.device("meta"):
        return build(spec)


def test_shahabade_has_the_printed_trainable_parameters() -> None:
    assert count_trainable(SHAHABADE) == 3_928_458


def test_shahabades_parameters_are_kernels_biases_and_batchnorm() -> None:
    network = meta(SHAHABADE)
    layers = of_kind(network, nn.Conv2d, nn.Linear)
    kernels = [layer.weight.numel() for layer in layers]
    assert (len(kernels), sum(kernels)) == (10, 3_923_008)
    assert all(count % 2 == 0 for count in kernels)  # so that half of each is exact
    assert sum(layer.bias.numel() for layer in layers) == 2_506
    norms = of_kind(network, nn.BatchNorm2d)
    assert sum(2 * norm.num_features for norm in norms) == 2_944


def test_the_wrapper_of_tfmot_adds_what_the_paper_calls_compression() -> None:
    """A mask for each kernel value, a threshold a kernel, a step counter a layer."""
    network = meta(SHAHABADE)
    layers = of_kind(
        network, nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.LeakyReLU, nn.MaxPool2d,
        nn.AdaptiveMaxPool2d, nn.Dropout,
    )  # fmt: skip
    wrapped = len(layers) + 1  # keras's concatenation is a layer, torch's a function
    assert wrapped == 34
    assert 3_923_008 + 10 + wrapped == 3_923_052 == 7_854_454 - 3_931_402


def test_shahabades_one_logit_gives_the_sigmoid_for_the_second_class() -> None:
    torch.manual_seed(0)
    network = build(SHAHABADE).eval()
    seen: list[torch.Tensor] = []
    network.head.output.register_forward_hook(lambda _m, _i, output: seen.append(output))
    logits = network(torch.randn(3, 1, 32, 32))
    probabilities = logits.softmax(dim=1)
    torch.testing.assert_close(probabilities[:, 1], seen[0][:, 0].sigmoid())


def test_shahabade_gives_more_classes_a_logit_each() -> None:
    network = meta(NetworkSpec("shahabade2025", 4, head="own", channels=1))
    assert network(torch.zeros(2, 1, 64, 64, device="meta")).shape == (2, 4)


@pytest.mark.parametrize(("classes", "expected"), [(2, 3_685_106), (3, 3_685_755)])
def test_hu_has_the_count_of_its_authors_code(classes: int, expected: int) -> None:
    assert count_trainable(NetworkSpec("hu2020", classes, head="own", channels=1)) == expected


def test_hu_reads_half_of_vggs_widths() -> None:
    widths = [m.out_channels for m in of_kind(meta(HU).trunk, nn.Conv2d)]
    assert widths == [32, 32, 64, 64, 128, 128, 128, 256, 256, 256, 256, 256, 256]


def test_hus_logits_are_the_mean_of_three_scales() -> None:
    torch.manual_seed(0)
    network = build(HU).eval()
    images = torch.randn(2, 1, 32, 32)
    scales = network.trunk(images)
    assert [tuple(maps.shape[1:]) for maps in scales] == [(128, 4, 4), (256, 2, 2), (256, 1, 1)]
    answers = []
    for head, maps in zip(network.head.scales, scales, strict=True):
        scored = torch.relu(head[1](head[0](maps)))
        answers.append(scored.amax(dim=(2, 3)))
    torch.testing.assert_close(network(images), torch.stack(answers).mean(dim=0))


@pytest.mark.parametrize(
    ("backbone", "head", "told"),
    [
        ("hu2020", "linear", "hu2020 is a whole network; set head = 'own' instead of 'linear'"),
        ("vgg16", "own", "vgg16 is a trunk without a head of its own; choose head = 'linear'"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(backbone: str, head: str, told: str) -> None:
    with pytest.raises(NetworkError, match=told):
        build(NetworkSpec(backbone, 2, head=head))
