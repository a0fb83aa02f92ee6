"""The gate's network: how legible print is, block by block, on a page as scanned and on the same page restored."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

BLOCK_PX = 32
"""Side of a block, in pixels: about two lines of small print."""


class LegibilityMap(nn.Module):
    """Sees both versions of a page; says of each block how much print is there, and how legible in both.

    Pixels are unshuffled by 4 (as in `Compact`), so that its first layer runs at a sixteenth of the page: it is to cost
    a few hundredths of restoring. One residual block a level.

    Args:
        widths: channels at a quarter of the page's size, an eighth, a sixteenth and, last, a pixel a block.
    """

    def __init__(self, widths: Sequence[int] = (16, 24, 32, 48)) -> None:
        super().__init__()
        self.stride = BLOCK_PX
        self.enter = nn.Sequential(nn.PixelUnshuffle(4), _convolution(2 * 16, widths[0]))
        self.levels = nn.ModuleList(
            nn.Sequential(_convolution(fine, coarse, stride=2), _Residual(coarse)) for fine, coarse in pairwise(widths)
        )
        self.leave = nn.Conv2d(widths[-1], 3, 1)

    def forward(self, pages: Tensor) -> Tensor:
        """Judge both versions.

        Args:
            pages: (B, 2, H, W) float32, 0 = ink, 1 = paper: as scanned, restored; H and W multiples of `BLOCK_PX`.

        Returns:
            (B, 3, H / 32, W / 32) logits: of the share of print, of its legibility as scanned, and restored.
        """
        features = self.enter(pages)
        for level in self.levels:
            features = level(features)
        logits: Tensor = self.leave(features)
        return logits



class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        summed: Tensor = features + self.second(self.first(features))
        return torch.relu(summed)


def _convolution(ins: int, outs: int, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(ins, outs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outs), nn.ReLU(inplace=True))
