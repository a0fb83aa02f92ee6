"""Division: the paper is estimated by morphology and divided out. The classical engine.

A scan is what is printed times the light that falls on the paper, so dividing by paper and light leaves the
print: shading, yellowed paper and broad stains go, and ink keeps its share of darkness.
"""

import cv2
import numpy as np

from docpipe.page import Gray

# The page is reduced until glyphs have this height: noise averages out, and the cost hardly grows with dpi.
_REDUCED_GLYPH_PX = 6.0
# In glyph heights. Chosen by the fields that Tesseract finds afterwards: docs/experiments.md.
_CLOSING_GLYPHS = 2.0
_SMOOTHING_GLYPHS = 0.75
# No paper is darker than this share of the page's brightest: what is, is a photo, a bar or a dark border.
_DARKEST_PAPER = 0.3
# Where all but 5 % of the paper is at least this white, division could only stir what is clean.
_WHITE_LEVEL, _SHARE_NOT_WHITE = 240, 5


class Division:
    """The engine of `divide_by_paper`: print of any size, on the CPU."""

    name = "division"
    fingerprint = "division-1"
    glyph_range = None

    def restore(self, gray: Gray, glyph_px: float) -> Gray:
        """Restore one page: (H, W) uint8 to a new array of the same shape."""
        return divide_by_paper(gray, glyph_px=glyph_px)


def divide_by_paper(gray: Gray, *, glyph_px: float) -> Gray:
    """Make the paper of a page white, and leave ink as dark, in proportion to it, as it was.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper; not written to.
        glyph_px: median glyph height in pixels, above 0: what is much larger than that is paper, not ink.

    Returns:
        (H, W) uint8, a new array. No pixel is darker than in `gray`; none changes where the paper is white.

    Raises:
        ValueError: `glyph_px` is not positive.

    Source: the division of a page by its estimated background, as in Leptonica's pixBackgroundNorm; the
    estimate by morphological closing, as in P. Soille, Morphological Image Analysis (2nd ed., 2003).
    """
    height, width = gray.shape
    paper = _paper(gray, glyph_px)
    if np.percentile(paper, _SHARE_NOT_WHITE) >= _WHITE_LEVEL:
        return gray.copy()
    paper = np.maximum(paper, np.uint8(_DARKEST_PAPER * np.percentile(paper, 95)))
    lit = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(gray, lit, scale=255).astype(np.uint8, copy=False)


def _paper(gray: Gray, glyph_px: float) -> Gray:
    """The page without its print, reduced: each pixel is the paper behind it and the light on it."""
    if glyph_px <= 0:
        raise ValueError(f"glyph_px is {glyph_px}; it must be above 0")
    height, width = gray.shape
    scale = min(1.0, _REDUCED_GLYPH_PX / glyph_px)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    reduced = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    calm = cv2.medianBlur(reduced, 3)  # or closing would take the brightest grain of noise for paper
    side = round(_CLOSING_GLYPHS * glyph_px * scale) | 1
    closed = cv2.morphologyEx(calm, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    smooth = cv2.GaussianBlur(closed, (0, 0), max(_SMOOTHING_GLYPHS * glyph_px * scale, 0.5))
    return smooth.astype(np.uint8, copy=False)
