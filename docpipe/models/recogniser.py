"""A small reader of text lines: a judge of restored print, never shipped as an OCR engine."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import log_softmax

LINE_PX = 64
"""Height of the lines that it reads; print stands in the middle, capitals 11 to 30 pixels high."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz<.,-/'()"
"""What it tells apart; letters with marks are read as the letters under them, all else is left out."""

BLANK = 0


class Recogniser(nn.Module):
    """Convolutions down to one row, then along the line; trained with CTC (Graves et al., ICML 2006).

    Args:
        widths: channels of the levels that halve the height. The first one is reached by unshuffling pixels, as in
            `Compact`: at full size it alone would cost as much as all the rest.
    """

    def __init__(self, widths: Sequence[int] = (24, 48, 64, 96)) -> None:
        super().__init__()
        steps = [nn.Identity(), nn.MaxPool2d((2, 2)), *(nn.MaxPool2d((2, 1)) for _ in widths[2:])]
        self.unshuffle = nn.PixelUnshuffle(2)
        self.levels = nn.ModuleList(
            nn.Sequential(_convolution(before, after), _convolution(after, after), step)
            for (before, after), step in zip(pairwise((4, *widths)), steps, strict=True)
        )
        rows = LINE_PX // 2 ** len(widths)
        self.flatten = nn.Conv2d(widths[-1], widths[-1], (rows, 1))
        self.along = nn.Sequential(*(_Along(widths[-1]) for _ in range(3)))
        self.leave = nn.Conv1d(widths[-1], len(ALPHABET) + 1, 1)

    def features(self, lines: Tensor) -> list[Tensor]:
        """What each level sees, from the finest; `lines` as in `forward`, but of any even height."""
        features = [self.unshuffle(lines)]
        for level in self.levels:
            features.append(level(features[-1]))
        return features[1:]

    def forward(self, lines: Tensor) -> Tensor:
        """(B, 1, 64, W) float32, 0 = ink, 1 = paper, to (W / 4, B, 1 + characters): log probabilities, blank first."""
        columns = self.flatten(self.features(lines)[-1]).squeeze(2)
        logits: Tensor = self.leave(self.along(columns))
        return log_softmax(logits.float(), dim=1).permute(2, 0, 1)


class _Along(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(width, width, 5, padding=2, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)
        )

    def forward(self, columns: Tensor) -> Tensor:
        summed: Tensor = columns + self.layers(columns)
        return summed


def _convolution(before: int, after: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
