"""Networks: a specification, the network it stands for, its weights and its size."""

from leanlung.networks.backbones import BACKBONES, Backbone
from leanlung.networks.build import build, count_trainable, outline
from leanlung.networks.classifier import Classifier
from leanlung.networks.outputs import drop_last_layer, last_layer
from leanlung.networks.published import PUBLISHED, Published
from leanlung.networks.scales import logits_by_scale
from leanlung.networks.size import ModelSize, size_of
from leanlung.networks.spec import NetworkSpec, Width
from leanlung.networks.storage import restore, restore_pruned, store, store_pruned
from leanlung.networks.weights import load_weights
from leanlung.networks.widths import resize, widths_of

__all__ = [
    "BACKBONES",
    "PUBLISHED",
    "Backbone",
    "Classifier",
    "ModelSize",
    "NetworkSpec",
    "Published",
    "Width",
    "build",
    "count_trainable",
    "drop_last_layer",
    "last_layer",
    "load_weights",
    "logits_by_scale",
    "outline",
    "resize",
    "restore",
    "restore_pruned",
    "size_of",
    "store",
    "store_pruned",
    "widths_of",
]
