"""Compact: a small U-Net for CPUs. Pixels are unshuffled into channels, so that no layer runs at full size."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class Compact(nn.Module):
    """Restores pages by adding a correction to them.

    The page is unshuffled by 2 (Shi et al., CVPR 2016, run backwards), goes down by strided convolutions and up
    by pixel shuffle with skip connections as in U-Net (Ronneberger et al., MICCAI 2015); residual blocks with
    batch normalisation at every level, which folds into the convolutions on export.

    Args:
        widths: channels at each level, from the finest to the coarsest.
        blocks: residual blocks at the coarsest level; the others have one on the way down and one on the way up.
        context_width: channels of a branch that looks at a thumbnail of the page, a pixel a `stride`, and sees some
            300 pixels around; 0 for none. It is to tell a dark photograph from a shadow. It wants crops of training
            as large as what it is to see, and pages that lie in one tile.
    """

    def __init__(self, widths: Sequence[int] = (24, 48, 64, 96), blocks: int = 3, context_width: int = 0) -> None:
        super().__init__()
        self.stride = 2 ** len(widths)
        self.context = _Context(self.stride, context_width, widths[-1]) if context_width else None
        self.enter = nn.Sequential(nn.PixelUnshuffle(2), _convolution(4, widths[0]))
        self.down = nn.ModuleList(_Residual(width) for width in widths[:-1])
        self.shrink = nn.ModuleList(_convolution(fine, coarse, stride=2) for fine, coarse in pairwise(widths))
        self.middle = nn.Sequential(*(_Residual(widths[-1]) for _ in range(blocks)))
        self.grow = nn.ModuleList(_Grow(coarse, fine) for fine, coarse in pairwise(widths))
        self.up = nn.ModuleList(_Residual(width) for width in widths[:-1])
        self.leave = nn.Sequential(nn.Conv2d(widths[0], 4, 3, padding=1), nn.PixelShuffle(2))
        last = self.leave[0]
        assert isinstance(last, nn.Conv2d) and last.bias is not None
        nn.init.zeros_(last.weight)  # an untrained network gives the page back as it is
        nn.init.zeros_(last.bias)

    def forward(self, page: Tensor) -> Tensor:
        """(B, 1, H, W) float32, 0 = ink, 1 = paper; H and W multiples of `stride`. May leave [0, 1] a little."""
        features = self.enter(page)
        skips = []
        for block, shrink in zip(self.down, self.shrink, strict=True):
            features = block(features)
            skips.append(features)
            features = shrink(features)
        if self.context is not None:
            features = features + self.context(page)
        features = self.middle(features)
        for block, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(skips), strict=True):
            features = block(grow(features) + skip)
        restored: Tensor = page + self.leave(features)
        return restored


class _Context(nn.Module):
    """What lies around: a thumbnail under convolutions that reach ever farther (Yu and Koltun, ICLR 2016)."""

    def __init__(self, shrink: int, width: int, outs: int) -> None:
        super().__init__()
        self.thumbnail = nn.AvgPool2d(shrink)
        self.enter = _convolution(1, width)
        self.around = nn.Sequential(*(_Residual(width, dilation) for dilation in (1, 2, 4, 8)))
        self.leave = nn.Conv2d(width, outs, 1)

    def forward(self, page: Tensor) -> Tensor:
        around: Tensor = self.leave(self.around(self.enter(self.thumbnail(page))))
        return around


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _convolution(width, width, dilation=dilation)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        summed: Tensor = features + self.second(self.first(features))
        return torch.relu(summed)


class _Grow(nn.Module):
    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.spread = nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2))

    def forward(self, features: Tensor) -> Tensor:
        grown: Tensor = self.spread(features)
        return grown


def _convolution(ins: int, outs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(ins, outs, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outs), nn.ReLU(inplace=True))
