"""Scale: a network knows print of a certain size, so pages are brought to it and back."""

import cv2
import numpy as np

from docpipe.page import Gray

LARGEST_SCALE = 3.0
_CHANGED_LEVELS = 6     # where restoring changes a page by so much from pixel to pixel, no detail comes back
_AROUND = (15, 15)
_BAND_PX = 256          # a large page has no room for numbers of four bytes a pixel
_ALONE = 255


def scale_into(glyph_px: float, glyph_range: tuple[float, float] | None) -> float:
    """Factor by which a page must be resampled for its print to fall into a range of sizes.

    Args:
        glyph_px: median glyph height on the page, above 0.
        glyph_range: (smallest, largest) glyph height in pixels; None: any size will do.

    Returns:
        1.0 where the print already fits: resampling costs sharpness, so it is never done for its own sake.
        At most `LARGEST_SCALE`: a page of tiny print must not grow without bound.
    """
    if glyph_px <= 0:
        raise ValueError(f"glyph_px is {glyph_px}; it must be above 0")
    if glyph_range is None:
        return 1.0
    smallest, largest = glyph_range
    if glyph_px < smallest:
        return min(smallest / glyph_px, LARGEST_SCALE)
    return min(largest / glyph_px, 1.0)


def resample(gray: Gray, size: tuple[int, int]) -> Gray:
    """Resample a page to `size` = (height, width): by area when shrinking, bicubic when growing."""
    height, width = size
    if gray.shape == (height, width):
        return gray
    shrinks = height * width < gray.size
    resampled = cv2.resize(
        gray, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return resampled.astype(gray.dtype, copy=False)


def bring_back(gray: Gray, scaled: Gray, restored: Gray) -> Gray:
    """A page that was restored at another size, at its own.

    What shrinking took from it comes back where restoring left the page alone, so that clean pages stay as sharp as
    they were; where restoring changed it, the lost detail is taken for dirt. Changes as smooth as shadows do not count.

    Args:
        gray: (H, W) uint8, the page as it came, 0 = ink, 255 = paper.
        scaled: (h, w) uint8, the same as it was restored.
        restored: (h, w) uint8, what came of it.

    Returns:
        (H, W) uint8; `restored` itself where the sizes are the same.
    """
    height, width = gray.shape
    back = resample(restored, (height, width))
    if restored.size >= gray.size:
        return back
    alone = cv2.resize(_left_alone(scaled, restored), (width, height), interpolation=cv2.INTER_LINEAR)
    shrunk = resample(scaled, (height, width))
    for top in range(0, height, _BAND_PX):
        rows = slice(top, top + _BAND_PX)
        lost = cv2.subtract(gray[rows], shrunk[rows], dtype=cv2.CV_32F)
        cv2.multiply(lost, alone[rows], dst=lost, scale=1 / _ALONE, dtype=cv2.CV_32F)
        cv2.add(back[rows], lost, dst=back[rows], dtype=cv2.CV_8U)
    return back


def _left_alone(scaled: Gray, restored: Gray) -> Gray:
    """How far restoring left each pixel and those around it alone: from 0 to `_ALONE`."""
    alone = np.empty_like(scaled)
    seen = sum(_AROUND) // 2    # rows above and below that a row depends on
    for top in range(0, len(scaled), _BAND_PX):
        first = max(top - seen, 0)
        rows = slice(first, top + _BAND_PX + seen)
        change = cv2.subtract(restored[rows], scaled[rows], dtype=cv2.CV_32F)
        rough = cv2.blur(cv2.absdiff(change, cv2.blur(change, _AROUND)), _AROUND)
        left = cv2.addWeighted(rough, -_ALONE / _CHANGED_LEVELS, rough, 0, _ALONE, dtype=cv2.CV_8U)
        alone[top : top + _BAND_PX] = left[top - first : top - first + _BAND_PX]
    return alone
