"""Defocus: a page that does not touch the glass is out of focus."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page


def defocus(gray: Gray, *, radius_px: float) -> Gray:
    """Blur with a disc.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        radius_px: of the disc into which a point is spread.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `radius_px` is below 0.

    Source: the circle of confusion of geometrical optics.
    """
    check("radius_px", radius_px, 0)
    reach = ceil(radius_px)
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    disc = np.clip(np.float32(radius_px + 0.5) - np.hypot(offsets[None, :], offsets[:, None]), 0, 1)
    blurred = cv2.filter2D(gray, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.uint8)


@dataclass(frozen=True, slots=True)
class Defocus(Noise):
    """Up to a disc as wide as a thick stroke."""

    radius_mm: Range = (0.05, 0.4)
    harmless: ClassVar = {"radius_mm": 0.0}

    def _change(self, page: Page, *, radius_mm: float) -> Gray:
        return defocus(page.pixels, radius_px=radius_mm * px_per_mm(page))
