"""Ink spread: damp paper or too much toner makes strokes fat and fills the eyes of letters."""

from dataclasses import dataclass
from math import floor
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page


def ink_spread(gray: Gray, *, width_px: float) -> Gray:
    """Grow the ink on every side.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        width_px: how far it grows; parts of a pixel grow in proportion.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: `width_px` is below 0.
    """
    check("width_px", width_px, 0)
    whole = floor(width_px)
    less, more = _grown(gray, whole), _grown(gray, whole + 1)
    part = width_px - whole
    return np.asarray(cv2.addWeighted(less, 1 - part, more, part, 0), np.uint8)


def _grown(gray: Gray, radius_px: int) -> Gray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return np.asarray(cv2.erode(gray, disc), np.uint8)


@dataclass(frozen=True, slots=True)
class InkSpread(Noise):
    """Up to the width of a thin stroke on every side."""

    width_mm: Range = (0.02, 0.17)
    harmless: ClassVar = {"width_mm": 0.0}

    def _change(self, page: Page, *, width_mm: float) -> Gray:
        return ink_spread(page.pixels, width_px=width_mm * px_per_mm(page))
