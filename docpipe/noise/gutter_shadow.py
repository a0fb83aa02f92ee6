"""Gutter shadow: a bound book darkens towards the spine, where the sheet leaves the glass."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Choices, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade
from docpipe.page import Gray, Page


def gutter_shadow(gray: Gray, *, depth: float, width_px: float, on_right: bool = False) -> Gray:
    """Darken one side edge.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost at the edge, 0 (none) to 1 (black).
        width_px: distance in pixels at which the loss has fallen to 1/e of `depth`.
        on_right: shade the right edge instead of the left.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: `depth` is outside [0, 1], or `width_px` is under a hundredth of a pixel.

    Source: spine illumination of Kanungo, Haralick and Phillips (ICDAR 1993),
    reduced to an exponential.
    """
    check("depth", depth, 0, 1)
    check("width_px", width_px, 0.01)
    distance = np.arange(gray.shape[1], dtype=np.float32)
    light = 1 - np.float32(depth) * np.exp(distance / np.float32(-width_px))     # (W,), 1 = full light
    return shade(gray, light[None, ::-1] if on_right else light[None])


@dataclass(frozen=True, slots=True)
class GutterShadow(Noise):
    """The spine of a passport or a book, on either side of the page."""

    depth: Range = (0.1, 0.9)
    width_mm: Range = (2.0, 15.0)
    side: Choices = ("left", "right")
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, width_mm: float, side: str) -> Gray:
        return gutter_shadow(page.pixels, depth=depth, width_px=width_mm * px_per_mm(page),
                             on_right=side == "right")
