"""Low resolution: a page that was scanned, faxed or sent too small, and enlarged again."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Choices, Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page

ENLARGED_BY = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "nearest": cv2.INTER_NEAREST}


def low_resolution(gray: Gray, *, factor: float, enlarged_by: str = "linear") -> Gray:
    """Shrink the page, then enlarge it to its old size.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        factor: how many times smaller, 1 or more.
        enlarged_by: "linear", "cubic" or "nearest".

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("factor", factor, 1)
    if enlarged_by not in ENLARGED_BY:
        raise ValueError(f"enlarged_by is {enlarged_by!r}; it is one of {list(ENLARGED_BY)}")
    height, width = gray.shape
    small_size = max(1, round(width / factor)), max(1, round(height / factor))
    small = cv2.resize(gray, small_size, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=ENLARGED_BY[enlarged_by])
    return np.asarray(coarse, np.uint8)


@dataclass(frozen=True, slots=True)
class LowResolution(Noise):
    """The size of a pixel on paper: 0.085 mm at 300 dpi, 0.34 mm at 75. A coarser page is left as it is."""

    pixel_mm: Range = (0.1, 0.34)
    enlarged_by: Choices = ("linear", "cubic", "nearest")
    harmless: ClassVar = {"pixel_mm": 0.04}     # 600 dpi

    def _change(self, page: Page, *, pixel_mm: float, enlarged_by: str) -> Gray:
        factor = max(1.0, pixel_mm * px_per_mm(page))
        return low_resolution(page.pixels, factor=factor, enlarged_by=enlarged_by)
