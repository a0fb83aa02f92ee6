"""Print size: the height of the glyphs on a page, measured on the page itself.

Resolution is often missing or false, and says nothing of how large the print is. Glyphs are found as connected
components that stand in rows of their like, which specks, stains, lines and portraits do not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Dpi, Gray

# A page of many pixels is looked at from far and from near: with so many pixels, with 4 and with 16 times as many.
_FIRST_LOOK_PIXELS = 2_000_000
_NEARER = (1.0, 2.0, 4.0)
_MANY_MORE = 1.5  # times as many glyphs as were seen from farther off: they are the print, the others its headings
_WELL_MEASURED_PX = 12.0  # smaller glyphs are measured on an enlarged copy
_SMALLEST_PX = 6.0  # below this a glyph is a speck at the size at which it is looked at
SMALLEST_PAGE_PX = 2 * _SMALLEST_PX
"""No print is looked for on a page with a shorter side."""
_LARGEST_SHARE = 0.25  # of the page's shorter side
_FEWEST_GLYPHS = 6
_MOST_COMPONENTS, _COMPARED_AT_ONCE = 3000, 64
# Of two glyphs side by side, in heights of the taller one: how high the other is at least, and how far apart at most
# their feet and their middles.
_ALIKE, _SAME_LINE, _WORD_GAP = 0.55, 0.35, 2.5
_FEWEST_IN_ROWS = 0.06  # of all that is shaped like a glyph; grains of noise stand in rows by chance
_MOST_NARROW_LABELS = 2**16 - 1  # and one for the ground
_CONTRAST = 14  # grey levels between ink and the paper around it
_PLAUSIBLE_MM = (0.5, 40.0)  # 1 mm is 4-point type, 20 mm a headline


def glyph_height(gray: Gray, dpi: Dpi | None = None) -> float | None:
    """Median height of the glyphs on a page.

    Glyphs are connected components of ink with at least two neighbours of like height in the same row, or, on a page
    that lies on its side, column; capitals, digits and small letters count alike, so the median lies between x-height
    and the height of capitals. Skew of more than about 20 degrees hides rows.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper; light print on a dark ground is not found,
            and strong noise on blank paper may be taken for print.
        dpi: resolution as the file states it. A hint: where most glyphs have a height that print can have at
            that resolution (0.5 to 40 mm), the others do not count.

    Returns:
        Pixels, or None where the page shows no rows of glyphs.
    """
    if min(gray.shape) < SMALLEST_PAGE_PX:
        return None
    first = min(1.0, (_FIRST_LOOK_PIXELS / gray.size) ** 0.5)
    heights, scale = np.empty(0), first
    for nearer in sorted({min(first * factor, 1.0) for factor in _NEARER}):
        seen = _heights_of_glyphs(_resized(gray, nearer)) / nearer
        if len(seen) > _MANY_MORE * len(heights):
            heights, scale = seen, nearer
    if len(heights) < _FEWEST_GLYPHS:
        return None
    if _median(heights) * scale < _WELL_MEASURED_PX:
        enlarged = _heights_of_glyphs(_resized(gray, 2 * scale)) / (2 * scale)
        heights = enlarged if len(enlarged) >= _FEWEST_GLYPHS else heights
    return _median(_plausible(heights, dpi))


def _median(heights: NDArray[np.float64]) -> float:
    """The same as numpy's own, which would import all of `numpy.ma` before the first page."""
    ordered = np.sort(heights)
    return float(ordered[(len(heights) - 1) // 2] + ordered[len(heights) // 2]) / 2


def _resized(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    by = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=by).astype(np.uint8, copy=False)


def _plausible(heights_px: NDArray[np.float64], dpi: Dpi | None) -> NDArray[np.float64]:
    if dpi is None or dpi[1] <= 0:
        return heights_px
    heights_mm = heights_px / dpi[1] * 25.4
    plausible = heights_px[(_PLAUSIBLE_MM[0] <= heights_mm) & (heights_mm <= _PLAUSIBLE_MM[1])]
    return plausible if 2 * len(plausible) > len(heights_px) else heights_px


def _heights_of_glyphs(gray: Gray) -> NDArray[np.float64]:
    """Heights of the components that stand in rows of their like; of a sideways page, in columns."""
    boxes = _components(_ink(gray))
    upright, sideways = (_in_rows(turned, min(gray.shape)) for turned in (boxes, boxes[:, [1, 0, 3, 2, 4]]))
    return upright if len(upright) >= len(sideways) else sideways


def _in_rows(boxes: NDArray[np.int32], shorter_side: int) -> NDArray[np.float64]:
    heights, widths, areas = boxes[:, 3], boxes[:, 2], boxes[:, 4]
    fill = areas / (heights * widths)
    is_glyph_like = (
        (heights >= _SMALLEST_PX)
        & (heights <= _LARGEST_SHARE * shorter_side)
        & (widths <= 3 * heights)
        & (heights <= 8 * widths)
        & (fill > 0.12)
    )
    boxes = boxes[is_glyph_like][:_MOST_COMPONENTS]
    glyphs: NDArray[np.float64] = boxes[_neighbours(boxes) >= 2, 3].astype(np.float64)
    return glyphs if len(glyphs) >= _FEWEST_IN_ROWS * len(boxes) else glyphs[:0]


def _ink(gray: Gray) -> Gray:
    """1 where a pixel is darker than the mean around it."""
    calm = cv2.medianBlur(gray, 3)
    side = max(15, min(gray.shape) // 12) | 1
    around = cv2.blur(calm, (side, side))
    _, ink = cv2.threshold(cv2.subtract(around, calm), _CONTRAST, 1, cv2.THRESH_BINARY)
    return ink.astype(np.uint8, copy=False)


def _components(ink: Gray) -> NDArray[np.int32]:
    """(N, 5) left, top, width, height, area of each connected component."""
    # Narrow labels take less than half the time. Every label, provisional ones too, begins where a run of ink begins.
    runs = cv2.countNonZero(ink[:, 0]) + np.count_nonzero(ink[:, 1:] > ink[:, :-1])
    labels = cv2.CV_16U if runs < _MOST_NARROW_LABELS else cv2.CV_32S
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=labels)
    return stats[1:].astype(np.int32, copy=False)


def _neighbours(boxes: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many components of like height stand beside each one, on its line and not farther than a word gap."""
    by_line = np.argsort(boxes[:, 1] + boxes[:, 3], kind="stable")
    left, top, width, height = boxes[by_line, :4].astype(np.float32).T
    bottom, middle = top + height, left + width / 2
    counts = np.empty(len(boxes), np.int64)
    for first in range(0, len(boxes), _COMPARED_AT_ONCE):
        here = slice(first, first + _COMPARED_AT_ONCE)
        reach = _SAME_LINE / _ALIKE * height[here].max()    # the tallest that is like one of these allows no more
        there = slice(*np.searchsorted(bottom, (bottom[here][0] - reach, bottom[here][-1] + reach)))
        taller = np.maximum(height[here, None], height[there])
        alike = np.minimum(height[here, None], height[there]) > _ALIKE * taller
        same_line = np.abs(bottom[here, None] - bottom[there]) < _SAME_LINE * taller
        near = np.abs(middle[here, None] - middle[there]) < _WORD_GAP * taller
        counts[by_line[here]] = (alike & same_line & near).sum(axis=1) - 1
    return counts
