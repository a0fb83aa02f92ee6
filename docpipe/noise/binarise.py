"""Binarise: a scanner set to black and white, with a threshold that does not suit the page."""

from dataclasses import dataclass

import numpy as np

from docpipe.noise.base import Noise, Range, check
from docpipe.page import Gray, Page


def binarise(gray: Gray, *, threshold: float) -> Gray:
    """Make every pixel black or white.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        threshold: what is darker turns black, the rest white; 0 to 255.

    Returns:
        (H, W) uint8, a new array of 0 and 255.

    Raises:
        ValueError: `threshold` is outside [0, 255].
    """
    check("threshold", threshold, 0, 255)
    return np.where(gray < threshold, np.uint8(0), np.uint8(255))


@dataclass(frozen=True, slots=True)
class Binarise(Noise):
    """Too low and thin strokes go, too high and the ground comes. There is no weak form of it."""

    threshold: Range = (40.0, 220.0)

    def _change(self, page: Page, *, threshold: float) -> Gray:
        return binarise(page.pixels, threshold=threshold)
