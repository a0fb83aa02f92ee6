"""Contrast: a scan in which ink and paper are too close to each other."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Noise, Range, check
from docpipe.noise.fields import to_gray
from docpipe.page import Gray, Page


def contrast(gray: Gray, *, kept: float, towards: float) -> Gray:
    """Draw all values together around one.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        kept: share of every distance to `towards` that is left, 1 (all) to 0 (a plain page).
        towards: the value that stays, 0 to 255.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("kept", kept, 0, 1)
    check("towards", towards, 0, 255)
    levels = to_gray(towards + kept * (np.arange(256) - towards))
    return levels[gray]


@dataclass(frozen=True, slots=True)
class Contrast(Noise):
    """From slightly flat to barely legible, towards a dark, a medium or a light gray."""

    kept: Range = (0.15, 0.9)
    towards: Range = (60.0, 240.0)
    harmless: ClassVar = {"kept": 1.0}

    def _change(self, page: Page, *, kept: float, towards: float) -> Gray:
        return contrast(page.pixels, kept=kept, towards=towards)
