"""NASNet-A (mobile): cells of five sums, found by search, which torchvision and timm lack."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

MAPS = 1056
"""Channels of the last feature maps: six times the 176 filters of the last cells."""

STEM, FILTERS, REPEATS = 32, 44, 4

Operand = tuple[str, str]
"""An operation and what it is done to: ``here``, ``before`` or the number of an earlier sum."""

NORMAL: tuple[tuple[Operand, Operand], ...] = (
    (("separable 5", "here"), ("separable 3", "before")),
    (("separable 5", "before"), ("separable 3", "before")),
    (("average", "here"), ("nothing", "before")),
    (("average", "before"), ("average", "before")),
    (("separable 3", "here"), ("nothing", "here")),
)
REDUCTION: tuple[tuple[Operand, Operand], ...] = (
    (("separable 5", "here"), ("separable 7", "before")),
    (("largest", "here"), ("separable 7", "before")),
    (("average", "here"), ("separable 5", "before")),
    (("nothing", "1"), ("average", "0")),
    (("separable 3", "0"), ("largest", "here")),
)


def nasnet_trunk(channels: int) -> nn.Module:
    """Make the trunk of NASNet-A (mobile), the "4 @ 1056" of the paper.

    It has 4,232,978 trainable parameters, as keras's has. Strided layers are padded alike on
    both sides; ``conventions = "keras"`` pads its convolutions right and bottom.

    Args:
        channels: Of the input.

    Returns:
        Images to 1,056 maps of a thirty-second of their size. Tensors are named as timm names
        those of the large NASNet-A.

    Source: Zoph et al. 2018, figure 4 and appendix A.
    """
    return _NasnetTrunk(channels)


class _NasnetTrunk(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(channels, STEM, 3, stride=2, bias=False), bn=nn.BatchNorm2d(STEM)
            )
        )
        self._order: list[str] = []
        before, here = 0, STEM  # channels of the last two cells; nothing comes before the first
        halved = False  # whether the cell before has halved the maps
        for name, filters, reduces in _plan():
            cell = _Cell(here, before, filters, reduces=reduces, halve_before=halved)
            self.add_module(name, cell)
            self._order.append(name)
            before, here, halved = here, cell.maps, reduces
        self.relu = nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        before, here = None, self.conv0(images)
        for name in self._order:
            before, here = here, self.get_submodule(name)(here, before)
        maps: Tensor = self.relu(here)
        return maps


def _plan() -> list[tuple[str, int, bool]]:
    """Give name, filters and whether it halves the maps, cell by cell."""
    plan = [("cell_stem_0", FILTERS // 4, True), ("cell_stem_1", FILTERS // 2, True)]
    for stack in range(3):
        if stack:
            plan.append((f"reduction_cell_{stack - 1}", FILTERS * 2**stack, True))
        first = 6 * stack  # the numbers of the large network, which repeats six times
        plan += [(f"cell_{first + n}", FILTERS * 2**stack, False) for n in range(REPEATS)]
    return plan


class _Cell(nn.Module):
    """Five sums of two operands each, next to each other along the channels."""

    def __init__(
        self, here: int, before: int, filters: int, *, reduces: bool, halve_before: bool
    ) -> None:
        super().__init__()
        self._sums = REDUCTION if reduces else NORMAL
        self.maps = (4 if reduces else 6) * filters
        self._reduces, self._halves, self._first = reduces, halve_before, before == 0
        self.conv_1x1 = _projection(here, filters)
        if self._first:
            before = here
        elif halve_before:
            half = filters // 2
            self.act = nn.ReLU()
            self.path_1 = _every_other_place(before, half, shifted=False)
            self.path_2 = _every_other_place(before, half, shifted=True)
            self.final_path_bn = nn.BatchNorm2d(2 * half)
        else:
            self.conv_prev_1x1 = _projection(before, filters)
        for number, pair in enumerate(self._sums):
            for side, (operation, operand) in zip(("left", "right"), pair, strict=True):
                entering = before if self._first and operand == "before" else filters
                stride = 2 if reduces and operand in {"here", "before"} else 1
                made = _operation(operation, entering, filters, stride)
                self.add_module(f"comb_iter_{number}_{side}", made)

    def forward(self, here: Tensor, before: Tensor | None) -> Tensor:
        if before is None:
            prepared = here
        elif self._halves:
            fired = self.act(before)
            paths = torch.cat([self.path_1(fired), self.path_2(fired)], dim=1)
            prepared = self.final_path_bn(paths)
        else:
            prepared = self.conv_prev_1x1(before)
        known = {"here": self.conv_1x1(here), "before": prepared}
        for number, ((_, left), (_, right)) in enumerate(self._sums):
            first = self.get_submodule(f"comb_iter_{number}_left")(known[left])
            second = self.get_submodule(f"comb_iter_{number}_right")(known[right])
            known[str(number)] = first + second
        given = ("1", "2", "3", "4") if self._reduces else ("before", "0", "1", "2", "3", "4")
        return torch.cat([known[name] for name in given], dim=1)


def _operation(name: str, entering: int, leaving: int, stride: int) -> nn.Module:
    match name.split():
        case ["separable", kernel]:
            return _separable_twice(entering, leaving, int(kernel), stride)
        case ["average"]:
            return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
        case ["largest"]:
            return nn.MaxPool2d(3, stride=stride, padding=1)
        case _:
            return nn.Identity()


def _projection(entering: int, leaving: int) -> nn.Sequential:
    """Make activation, 1 x 1 convolution, BatchNorm."""
    return nn.Sequential(
        OrderedDict(
            act=nn.ReLU(),
            conv=nn.Conv2d(entering, leaving, 1, bias=False),
            bn=nn.BatchNorm2d(leaving),
        )
    )


def _every_other_place(entering: int, leaving: int, *, shifted: bool) -> nn.Sequential:
    """Make a convolution over every other row and column, from the first or the second on."""
    path = nn.Sequential()
    if shifted:
        path.add_module("pad", nn.ZeroPad2d((-1, 1, -1, 1)))
    path.add_module("avgpool", nn.AvgPool2d(1, stride=2))
    path.add_module("conv", nn.Conv2d(entering, leaving, 1, bias=False))
    return path


def _separable_twice(entering: int, leaving: int, kernel: int, stride: int) -> nn.Sequential:
    """Make activation, separable convolution and BatchNorm, twice; the first has the stride."""
    return nn.Sequential(
        OrderedDict(
            act_1=nn.ReLU(),
            separable_1=_separable(entering, leaving, kernel, stride),
            bn_sep_1=nn.BatchNorm2d(leaving),
            act_2=nn.ReLU(inplace=True),
            separable_2=_separable(leaving, leaving, kernel, 1),
            bn_sep_2=nn.BatchNorm2d(leaving),
        )
    )


def _separable(entering: int, leaving: int, kernel: int, stride: int) -> nn.Sequential:
    depthwise = nn.Conv2d(
        entering, entering, kernel, stride, kernel // 2, groups=entering, bias=False
    )
    pointwise = nn.Conv2d(entering, leaving, 1, bias=False)
    return nn.Sequential(OrderedDict(depthwise_conv2d=depthwise, pointwise_conv2d=pointwise))
