"""The channel graph: which channels of which layers can only leave together.

Every channel gets an integer, an *atom*. Normalisation, activations, pooling and depthwise
convolutions hand atoms through, concatenation lines them up, addition and multiplication tie
them, flattening repeats them, convolutions and linear layers read and write them. Tied atoms
are one *unit*, the thing that is scored and removed.
"""

from leanlung.pruning.graph.channels import (
    ChannelGraph,
    LayerChannels,
    ParameterChannels,
    Site,
    UnitLayer,
)
from leanlung.pruning.graph.fitting import require_fit
from leanlung.pruning.graph.reading import channel_graph

__all__ = [
    "ChannelGraph",
    "LayerChannels",
    "ParameterChannels",
    "Site",
    "UnitLayer",
    "channel_graph",
    "require_fit",
]
