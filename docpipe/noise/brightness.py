"""Brightness: a scan that is too light or too dark as a whole."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Choices, Noise, Range, check
from docpipe.page import Gray, Page


def brightness(gray: Gray, *, shift: float) -> Gray:
    """Add the same to every pixel; what leaves the range is cut off.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        shift: grey levels, -255 to 255; below 0 is darker.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `shift` is outside [-255, 255].
    """
    check("shift", shift, -255, 255)
    levels = np.arange(256) + round(shift)
    return levels.clip(0, 255).astype(np.uint8)[gray]


@dataclass(frozen=True, slots=True)
class Brightness(Noise):
    """Too light, until pale print is gone, or too dark."""

    levels: Range = (5.0, 100.0)
    towards: Choices = ("light", "dark")
    harmless: ClassVar = {"levels": 0.0}

    def _change(self, page: Page, *, levels: float, towards: str) -> Gray:
        return brightness(page.pixels, shift=levels if towards == "light" else -levels)
