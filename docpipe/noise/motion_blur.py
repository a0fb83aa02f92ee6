"""Motion blur: the page or the camera moved while the picture was taken."""

from dataclasses import dataclass
from math import ceil, cos, radians, sin
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.page import Gray, Page


def motion_blur(gray: Gray, *, length_px: float, angle_rad: float) -> Gray:
    """Blur along a straight line, half of it to either side, so that print stays where it is.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        length_px: how far a point moves.
        angle_rad: where to, 0 along the width.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: `length_px` is below 0.
    """
    check("length_px", length_px, 0)
    reach = ceil(length_px / 2) + 1
    path = np.linspace(-length_px / 2, length_px / 2, 4 * reach + 1)[:, None]
    offsets = np.arange(-reach, reach + 1)
    weight_x = np.clip(1 - np.abs(path * cos(angle_rad) - offsets), 0, 1)        # (path, kernel): bilinear
    weight_y = np.clip(1 - np.abs(path * sin(angle_rad) - offsets), 0, 1)
    kernel = weight_y.T @ weight_x / len(path)
    return np.asarray(cv2.filter2D(gray, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True, slots=True)
class MotionBlur(Noise):
    """Up to the width of a thin letter."""

    length_mm: Range = (0.1, 1.0)
    angle_deg: Range = (0.0, 180.0)
    harmless: ClassVar = {"length_mm": 0.0}

    def _change(self, page: Page, *, length_mm: float, angle_deg: float) -> Gray:
        return motion_blur(page.pixels, length_px=length_mm * px_per_mm(page), angle_rad=radians(angle_deg))
