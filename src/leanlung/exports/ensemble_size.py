"""The size of an ensemble: sums over its members. Of latency nothing is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.ensembles import Stacking
from leanlung.networks import size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanlung.ensembles import Combiner
    from leanlung.exports.bundle import Bundle

_COUNTED = ("stored", "trainable", "nonzero", "buffers", "macs", "file_bytes")


def ensemble_size(members: Mapping[str, Bundle], combiner: Combiner) -> dict[str, Any]:
    """Measure an ensemble.

    Returns:
        ``members``: the `ModelSize` of each by name, with ``masked_bytes`` where it is stored
        as bits and kept weights, and the numbers and bytes of the classifier on its features
        among ``stored`` and ``file_bytes``; ``combiner``: parameters (``stored``) and ``macs``
        of a stacking, else 0; ``sum``: of members and combiner, with ``masked_bytes`` where any
        member has them (the dense bytes of the others then count with them).
    """
    sizes = {name: _size(member) for name, member in members.items()}
    own = {"stored": 0, "macs": 0}
    if isinstance(combiner, Stacking):
        own = {"stored": combiner.parameters, "macs": combiner.macs}
    keys = [*_COUNTED, *["masked_bytes"] * any("masked_bytes" in one for one in sizes.values())]
    total = {
        key: sum(one.get(key, one["file_bytes"]) for one in sizes.values()) for key in keys
    }
    for key in ("stored", "trainable", "nonzero"):
        total[key] += own["stored"]
    total["macs"] += own["macs"]
    return {"members": sizes, "combiner": own, "sum": total}


def _size(member: Bundle) -> dict[str, int]:
    size = size_of(member.network, member.spec.size, member.spec.channels).as_dict()
    if member.mask is not None:
        from leanlung.pruning.masks import masked_size_of

        size["masked_bytes"] = masked_size_of(member.network, member.mask).masked_bytes
    if member.classifier is not None:
        from leanlung.features import bytes_of

        size["stored"] += member.classifier.numbers
        size["file_bytes"] += bytes_of(member.classifier)
    return size
