"""Print size: the height of the glyphs on a page, measured on the page itself.

Resolution is often missing or false, and says nothing of how large the print is. Glyphs are found as connected
components that stand in rows of their like, which specks, stains, lines and portraits do not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Dpi, Gray

# Looked for at half the size again and again, until glyphs are small enough to be measured cheaply and surely.
_LARGEST_PIXELS = 2_000_000
_SMALLEST_PX = 6.0  # below this a glyph is a speck at the size at which it is looked at
_LARGEST_SHARE = 0.25  # of the page's shorter side
_FEWEST_GLYPHS = 6
_MOST_COMPONENTS = 3000
_CONTRAST = 14  # grey levels between ink and the paper around it

# What a printed page can hold, in millimetres of glyph height: 1 mm is 4-point type, 20 mm a headline.
_PLAUSIBLE_MM = (0.5, 40.0)
_BELIEVABLE_DPI = (100.0, 1200.0)


def glyph_height(gray: Gray, dpi: Dpi | None = None) -> float | None:
    """Median height of the glyphs on a page.

    Glyphs are connected components of ink with at least two neighbours of like height in the same row; capitals,
    digits and small letters count alike, so the median lies between x-height and the height of capitals.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper; light print on a dark ground is not found,
            and noise of full contrast may be taken for print.
        dpi: resolution as the file states it. A hint: it only rules out heights that no print has (0.5 to
            40 mm), and only where it is believable itself (100 to 1200).

    Returns:
        Pixels, or None where the page shows no rows of glyphs.
    """
    if min(gray.shape) < 2 * _SMALLEST_PX:
        return None
    coarse = min(1.0, (_LARGEST_PIXELS / gray.size) ** 0.5)
    for scale in dict.fromkeys((coarse, min(1.0, 2 * coarse), min(1.0, 4 * coarse))):
        heights = _heights_of_glyphs(_shrunk(gray, scale)) / scale
        if len(heights) >= _FEWEST_GLYPHS:
            height = float(np.median(heights))
            return height if _is_plausible(height, dpi) else None
    return None


def _shrunk(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def _heights_of_glyphs(gray: Gray) -> NDArray[np.float64]:
    """Heights of the components that stand in rows of their like."""
    boxes = _components(_ink(gray))
    heights, widths, areas = boxes[:, 3], boxes[:, 2], boxes[:, 4]
    fill = areas / (heights * widths)
    is_glyph_like = (
        (heights >= _SMALLEST_PX)
        & (heights <= _LARGEST_SHARE * min(gray.shape))
        & (widths <= 3 * heights)
        & (heights <= 8 * widths)
        & (fill > 0.12)
    )
    boxes = boxes[is_glyph_like][:_MOST_COMPONENTS].astype(np.float64)
    glyphs: NDArray[np.float64] = boxes[_neighbours(boxes) >= 2, 3]
    return glyphs


def _ink(gray: Gray) -> Gray:
    """1 where a pixel is darker than the mean around it."""
    calm = cv2.medianBlur(gray, 3)
    side = max(15, min(gray.shape) // 12) | 1
    around = cv2.blur(calm, (side, side))
    return (cv2.subtract(around, calm) > _CONTRAST).astype(np.uint8)


def _components(ink: Gray) -> NDArray[np.int32]:
    """(N, 5) left, top, width, height, area of each connected component."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return stats[1:].astype(np.int32, copy=False)


def _neighbours(boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many components of like height stand beside each one, on its line and not farther than a word gap."""
    left, top, width, height = boxes[:, :4].T
    bottom, middle = top + height, left + width / 2
    taller = np.maximum(height[:, None], height)
    alike = np.minimum(height[:, None], height) > 0.55 * taller
    same_line = np.abs(bottom[:, None] - bottom) < 0.35 * taller
    near = np.abs(middle[:, None] - middle) < 2.5 * taller
    beside = alike & same_line & near
    return np.asarray(beside.sum(axis=1)) - 1


def _is_plausible(height_px: float, dpi: Dpi | None) -> bool:
    if dpi is None or not _BELIEVABLE_DPI[0] <= dpi[1] <= _BELIEVABLE_DPI[1]:
        return True
    return _PLAUSIBLE_MM[0] <= height_px / dpi[1] * 25.4 <= _PLAUSIBLE_MM[1]
