"""Attention: where a network looks on a film, and how far that is where the disease is."""

from leanlung.attention.agreement import (
    MEASURES,
    Agreement,
    overlap,
    overlap_of_equal_area,
    pointing,
    share_inside,
)
from leanlung.attention.averages import average, average_difference
from leanlung.attention.grad_cam import METHODS, Cam, grad_cam
from leanlung.attention.layers import Layer, find_layer, spread_layers
from leanlung.attention.lesions import (
    LesionBox,
    Lesions,
    inside_boxes,
    inside_mask,
    read_lesions,
)
from leanlung.attention.lime import lime_maps
from leanlung.attention.maps import AttentionMap, combine, on_film, seen_box
from leanlung.attention.overlay import Panel, overlay, painted
from leanlung.attention.strip import Tile, strip

__all__ = [
    "MEASURES",
    "METHODS",
    "Agreement",
    "AttentionMap",
    "Cam",
    "Layer",
    "LesionBox",
    "Lesions",
    "Panel",
    "Tile",
    "average",
    "average_difference",
    "combine",
    "find_layer",
    "grad_cam",
    "inside_boxes",
    "inside_mask",
    "lime_maps",
    "on_film",
    "overlap",
    "overlap_of_equal_area",
    "overlay",
    "painted",
    "pointing",
    "read_lesions",
    "seen_box",
    "share_inside",
    "spread_layers",
    "strip",
]
