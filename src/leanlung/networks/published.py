"""Published parameter counts: what the papers print of which network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from leanlung.networks.build import build, head_for, trainable
from leanlung.networks.spec import NetworkSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.networks.spec import Head


@dataclass(frozen=True)
class Published:
    """What is printed of one network.

    Attributes:
        trainable: Trainable parameters by number of classes, as printed.
        head: That the paper counts with.
        channels: Of the images it counts for.
        note: What to know when comparing; may be empty.
    """

    trainable: Mapping[int, int]
    head: Head = "radiograph"
    channels: int = 3
    note: str = ""

    def counted(self, backbone: str, *classes: int) -> dict[int, int]:
        """Count the trainable parameters of this network as keras does.

        Args:
            backbone: Its name here.
            classes: For how many classes; several are counted on one trunk.

        Returns:
            Counts by number of classes.
        """
        specs = [
            NetworkSpec(
                backbone, count, head=self.head, channels=self.channels, conventions="keras"
            )
            for count in classes
        ]
        found = {}
        with torch.device("meta"):
            network = build(specs[0])
            for spec in specs:
                network.head = head_for(spec, network.trunk)
                found[spec.classes] = trainable(network)
        return found


_NO_GAMMA = 'keras has no BatchNorm gammas here: conventions = "keras", which this count is of'

PUBLISHED: dict[str, Published] = {
    "vgg16": Published({2: 19_436_354, 3: 19_437_379}),
    "vgg19": Published({2: 24_746_050, 3: 24_747_075}),
    "inception_v3": Published({2: 40_645_794, 3: 40_646_819}, note=_NO_GAMMA),
    "xception": Published({2: 39_684_394}),
    "inception_resnet_v2": Published({2: 68_435_042}, note=_NO_GAMMA),
    "mobilenet": Published(
        {2: 12_647_234}, note="printed as MobileNet-V2; the number is MobileNet-V1's"
    ),
    "mobilenet_v2": Published(
        {}, note="the number printed for MobileNet-V2 is MobileNet-V1's: mobilenet"
    ),
    "densenet121": Published(
        {2: 16_394_114}, note="printed as DenseNet-201; the number is DenseNet-121's"
    ),
    "densenet201": Published(
        {}, note="the number printed for DenseNet-201 is DenseNet-121's: densenet121"
    ),
    "nasnet_mobile": Published({2: 13_968_148}),
    "separable_cnn": Published({2: 47_885}, head="linear"),
    "vgg16_quarter": Published({}, note="no paper's: VGG-16 at a quarter of its widths"),
    "hu2020": Published({}, head="own", channels=1, note="no count is printed"),
    "shahabade2025": Published(
        {2: 3_928_458},
        head="own",
        channels=1,
        note="printed before and after pruning alike: its masks are no compression",
    ),
}
"""By backbone. Rajaraman et al. 2020, Tables III (two classes) and IV (three); Shahabade &
Londhe 2025, Table 1. Where a row is printed under another network's name, the note says so."""
