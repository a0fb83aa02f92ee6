"""DnCNN: the denoiser that others are compared with. All of it runs at full size, so it is slow on a CPU."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class DnCnn(nn.Module):
    """Learns the noise and takes it off the page.

    Args:
        widths: channels after each convolution but the last; fifteen of 64 and more are usual.

    Source: Zhang et al., "Beyond a Gaussian Denoiser", IEEE Transactions on Image Processing 2017.
    """

    stride = 1

    def __init__(self, widths: Sequence[int] = (64,) * 16) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, widths[0], 3, padding=1), nn.ReLU(inplace=True)]
        for before, after in pairwise(widths):
            convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
        last = nn.Conv2d(widths[-1], 1, 3, padding=1)
        nn.init.zeros_(last.weight)  # an untrained network gives the page back as it is
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        self.noise = nn.Sequential(*layers, last)

    def forward(self, page: Tensor) -> Tensor:
        """(B, 1, H, W) float32, 0 = ink, 1 = paper, any size. May leave [0, 1] a little."""
        restored: Tensor = page - self.noise(page)
        return restored
