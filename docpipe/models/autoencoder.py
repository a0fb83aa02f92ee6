"""A convolutional autoencoder: the page through a narrow middle. A comparator: what no skip carries is lost."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class Autoencoder(nn.Module):
    """Draws the page anew from what is left of it in the middle; untrained, it gives gray.

    Args:
        widths: channels at each level; each level halves the size.

    Source: Masci et al., ICANN 2011, trained to take noise off as in Vincent et al., ICML 2008.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 128)) -> None:
        super().__init__()
        self.stride = 2 ** len(widths)
        down = [_halve(before, after) for before, after in pairwise((1, *widths))]
        up = [_double(before, after) for before, after in pairwise(reversed(widths))]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)
        self.leave = nn.Sequential(nn.Conv2d(widths[0], 4, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid())

    def forward(self, page: Tensor) -> Tensor:
        """(B, 1, H, W) float32, 0 = ink, 1 = paper; H and W multiples of `stride`. Stays inside [0, 1]."""
        restored: Tensor = self.leave(self.decoder(self.encoder(page)))
        return restored


def _halve(before: int, after: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def _double(before: int, after: int) -> nn.Sequential:
    spread = nn.Conv2d(before, 4 * after, 3, padding=1, bias=False)
    return nn.Sequential(spread, nn.BatchNorm2d(4 * after), nn.PixelShuffle(2), nn.ReLU(inplace=True))
