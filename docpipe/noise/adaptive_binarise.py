"""Adaptive binarise: a threshold that follows the page, set for another kind of page: hollow letters, or dirt."""

from dataclasses import dataclass

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page


def adaptive_binarise(gray: Gray, *, window_px: float, darker: float) -> Gray:
    """Make every pixel black that is darker than the page around it.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        window_px: side of the square that counts as around, rounded to an odd number.
        darker: by what share of its light it must be darker, 0 to 1.

    Returns:
        (H, W) uint8, a new array of 0 and 255.

    Raises:
        ValueError: a parameter is outside its range.

    Source: Bradley and Roth, Adaptive Thresholding Using the Integral Image (2007).
    """
    check("window_px", window_px, 0)
    check("darker", darker, 0, 1)
    window = 2 * round(window_px / 2) + 1
    around = cv2.boxFilter(gray, cv2.CV_32F, (window, window), borderType=cv2.BORDER_REPLICATE)
    return np.where(gray < around * np.float32(1 - darker), np.uint8(0), np.uint8(255))


@dataclass(frozen=True, slots=True)
class AdaptiveBinarise(Noise):
    """A window as small as a stroke hollows bold print; a small difference shows the tint. It has no weak form."""

    window_mm: Range = (0.5, 8.0)
    darker: Range = (0.01, 0.4)

    def _change(self, page: Page, *, window_mm: float, darker: float) -> Gray:
        return adaptive_binarise(page.pixels, window_px=window_mm * px_per_mm(page), darker=darker)
