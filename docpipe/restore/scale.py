"""Scale: a network knows print of a certain size, so pages are brought to it and back."""

import cv2

from docpipe.page import Gray

LARGEST_SCALE = 3.0


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
