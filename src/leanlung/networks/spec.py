"""A network specification: everything needed to build a network again, surgery included."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, get_args

from leanlung.foundations.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

Head = Literal["linear", "radiograph", "radiograph_separable", "fully_connected", "own"]
Conventions = Literal["torch", "keras"]
Activation = Literal["relu", "leaky_relu", "elu", "selu", "gelu", "silu"]
Output = Literal["logits", "features"]


class Width(NamedTuple):
    """How wide one layer is.

    A normalisation layer has as many inputs as outputs, and one group.
    """

    inputs: int
    outputs: int
    groups: int


@dataclass(frozen=True)
class NetworkSpec:
    """What to build.

    Attributes:
        backbone: Name of the trunk, one of `leanlung.networks.BACKBONES`, or ``timm/NAME`` or
            ``torchvision/NAME`` for any of their classifiers that gives feature maps.
        classes: How many outputs.
        head: ``linear`` is global average, dropout, linear. ``radiograph`` puts a zero-padded
            3 x 3 convolution with 1,024 maps in front (Rajaraman et al. 2020, figure 4), as
            their parameter counts have it; ``radiograph_separable`` puts a zero-padded, strided
            and separable 5 x 5 convolution with 1,024 maps there, as their text says.
            ``fully_connected`` is VGG's two layers of 4,096 and the last, over 7 x 7 places
            (134,272,835 parameters with vgg16 and three classes, Garcia et al. 2023). ``own``
            is that of a whole network: hu2020, shahabade2025.
        channels: Of the input; grey images are repeated to fill them.
        size: Height and width the network is trained at, in pixels.
        dropout: Share of features dropped before the last layer while training.
        conventions: ``keras`` uses keras's BatchNorm epsilon (1e-3) and its padding (right
            and bottom at stride 2), for weights that were trained so; where keras's BatchNorm
            has no gamma (inception_v3, inception_resnet_v2) it is a constant, neither trained
            nor counted as trainable. With ``torch`` every gamma trains.
        activation: In the trunk, where it may be chosen: that of separable_cnn.
        widths: Layers that are not as wide as the architecture says, by name; written by
            surgery, empty for a whole network.
        output: ``features`` is the network without its last linear layer: it gives what that
            layer would read, for a classifier of another kind.
    """

    backbone: str
    classes: int
    head: Head = "linear"
    channels: int = 3
    size: int = 224
    dropout: float = 0.5
    conventions: Conventions = "torch"
    activation: Activation = "relu"
    widths: Mapping[str, Width] = field(default_factory=lambda: MappingProxyType({}))
    output: Output = "logits"

    def __post_init__(self) -> None:
        for name, least in (("classes", 2), ("channels", 1), ("size", 16)):
            if getattr(self, name) < least:
                msg = f"{name} of a network must be at least {least}; got {getattr(self, name)}"
                raise NetworkError(msg)
        if not 0.0 <= self.dropout < 1.0:
            msg = f"dropout is a share in [0, 1); got {self.dropout}"
            raise NetworkError(msg)
        if self.output not in get_args(Output):
            msg = f"output of a network is one of {list(get_args(Output))}; got {self.output!r}"
            raise NetworkError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give a value that JSON can hold; `from_dict` is its inverse.

        The output is left out where it is logits, as it was before there was another.
        """
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.output == "logits":
            del plain["output"]
        return {**plain, "widths": {name: list(width) for name, width in self.widths.items()}}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote.

        Raises:
            NetworkError: If a field is missing, unknown or of another kind.
        """
        try:
            widths = {name: Width(*map(int, width)) for name, width in value["widths"].items()}
            return cls(**{**value, "widths": MappingProxyType(widths)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"not a network specification ({error}); was it edited by hand?"
            raise NetworkError(msg) from error
