"""Gamma: the wrong curve between light and grey value makes middle tones too light or too dark."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Choices, Noise, Range, check
from docpipe.noise.fields import to_gray
from docpipe.page import Gray, Page


def gamma(gray: Gray, *, exponent: float) -> Gray:
    """Raise the share of light to a power; black and white stay.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        exponent: above 1 is darker, below 1 lighter.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `exponent` is outside [0.1, 10].
    """
    check("exponent", exponent, 0.1, 10)
    levels = to_gray(255 * (np.arange(256) / 255) ** exponent)
    return levels[gray]


@dataclass(frozen=True, slots=True)
class Gamma(Noise):
    """A curve and its inverse: an `exponent` of 2 towards light is one of 1/2."""

    exponent: Range = (1.1, 3.0)
    towards: Choices = ("light", "dark")
    harmless: ClassVar = {"exponent": 1.0}

    def _change(self, page: Page, *, exponent: float, towards: str) -> Gray:
        return gamma(page.pixels, exponent=1 / exponent if towards == "light" else exponent)
