"""The gate's network: statistics of a page and of its restored version, block by block. Nothing in it is learnt.

A network that had learnt, on crops, how far either version is from the clean page told less of what OCR would read: the
distance itself tells little of that.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

BLOCK_PX = 32
"""Side of a block, in pixels: about two lines of small print."""

_SHRINK = 2
_AROUND_PX = 7
_MID_GRAY, _GRAY_REACH = 0.4999, 0.1997          # its ends lie between the levels that a mean of four pixels can have


class GateStatistics(nn.Module):
    """Means over blocks, taken on pages of half the size: cheaper, and they tell more there.

    Fine detail is what is left of a page when the mean of the 7 x 7 pixels around each one is taken off; strokes are
    where that is dark, and next to it.
    """

    def forward(self, pages: Tensor) -> Tensor:
        """Measure both versions.

        Args:
            pages: (B, 2, H, W) float32, 0 = ink, 1 = paper: as scanned, restored; H and W multiples of `BLOCK_PX`.

        Returns:
            (B, 7, H / 32, W / 32), in the order of `docpipe.restore.onnx_gate.CHANNELS`.
        """
        small = avg_pool2d(pages, _SHRINK)
        around = avg_pool2d(small, _AROUND_PX, stride=1, padding=_AROUND_PX // 2, count_include_pad=False)
        detail = small - around
        scanned, restored = detail[:, :1], detail[:, 1:]
        page = small[:, 1:]
        ink = (-restored).clamp(0, 1)
        strokes = max_pool2d((4 * ink).clamp(0, 1), 3, stride=1, padding=1)
        gray = ((page - _MID_GRAY).abs() < _GRAY_REACH).to(pages.dtype)
        dark = (page < _MID_GRAY).to(pages.dtype)
        products = [scanned * restored, scanned * scanned, restored * restored]
        measured = torch.cat([*products, strokes, gray, dark, ink.square().square() * strokes], dim=1)
        return avg_pool2d(measured, BLOCK_PX // _SHRINK)
