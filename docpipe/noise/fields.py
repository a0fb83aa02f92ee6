"""Building blocks of the effects: random fields, light, the paper under the ink, curves, windows."""

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.page import Gray

Field = NDArray[np.float32]
"""(H, W) float32, one value a pixel."""

PAPER_WINDOW_MM = 2.5  # wider than any stroke of print, narrower than a photo
PAPER_PX_PER_MM = 3.0  # fine enough to tell a line of text from the paper around it


def smooth_field(shape: tuple[int, int], cell_px: float, rng: np.random.Generator) -> Field:
    """Random hills and valleys, about two cells from hill to hill.

    Returns:
        `shape` float32 in [0, 1].

    Source: value noise, a random grid with cubic interpolation.
    """
    height, width = shape
    rows, columns = (ceil(side / max(cell_px, 1)) + 1 for side in shape)
    grid = rng.random((rows, columns), dtype=np.float32)
    field = np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return field.clip(0, 1, out=field)  # cubic interpolation overshoots


def rough_field(shape: tuple[int, int], cell_px: float, rng: np.random.Generator) -> Field:
    """Hills with smaller hills on them: three octaves of `smooth_field`, in [0, 1]."""
    field = smooth_field(shape, cell_px, rng) * np.float32(4 / 7)
    field += smooth_field(shape, cell_px / 2.5, rng) * np.float32(2 / 7)
    field += smooth_field(shape, cell_px / 6, rng) * np.float32(1 / 7)
    return field


def to_gray(values: NDArray[np.floating]) -> Gray:
    """Round to whole grey levels and cut off what is below black or above white."""
    rounded: Gray = np.rint(values).clip(0, 255).astype(np.uint8)
    return rounded


def shade(gray: Gray, light: Field) -> Gray:
    """Multiply a page by light: 1 keeps, 0 is black.

    Args:
        gray: (H, W) uint8.
        light: (H, W), or (1, W) or (H, 1) for light that is the same in a column or a row.

    Returns:
        (H, W) uint8, a new array; no pixel is lighter than in `gray` where light is at most 1.
    """
    return to_gray(gray * light)


def paper_under(gray: Gray, mm_px: float) -> Gray:
    """Estimate what the page would look like without its ink: the lightest value around, smoothed.

    Args:
        gray: (H, W) uint8.
        mm_px: pixels a millimetre.

    Returns:
        (H, W) uint8.
    """
    height, width = gray.shape
    shrink = min(1.0, PAPER_PX_PER_MM / mm_px)
    small_size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(gray, small_size, interpolation=cv2.INTER_AREA)
    window = 2 * round(PAPER_WINDOW_MM * PAPER_PX_PER_MM / 2) + 1
    small = cv2.blur(cv2.dilate(small, np.ones((window, window), np.uint8)), (window, window))
    paper: Gray = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return paper


def distances(shape: tuple[int, int], x_px: float, y_px: float, angle_rad: float) -> tuple[Field, Field]:
    """Measure every pixel against a line through a point.

    Returns:
        Distance across the line (signed) and along it, both `shape` float32, in pixels.
    """
    across_x, across_y = -np.sin(angle_rad), np.cos(angle_rad)
    x = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(x_px)
    y = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(y_px)
    across: Field = x * np.float32(across_x) + y * np.float32(across_y)
    along: Field = x * np.float32(across_y) - y * np.float32(across_x)
    return across, along


def wandering_line(start_px: NDArray[np.float64], length_px: float, bend_rad: float,
                   rng: np.random.Generator) -> NDArray[np.float64]:
    """Walk from a point in a random direction that turns gently.

    Args:
        start_px: (2,) x and y.
        length_px: how far the walk goes.
        bend_rad: how much the direction has typically turned at the end.
        rng: where the turns come from.

    Returns:
        (40, 2) float64, points x, y.
    """
    steps = 40
    turning = np.cumsum(rng.normal(rng.normal(), 1.5, steps)) / steps
    heading = rng.uniform(0, 2 * np.pi) + bend_rad * turning
    stride = length_px / steps
    walked: NDArray[np.float64] = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
    return start_px + stride * walked


def wobble(along: Field, cell_px: float, rng: np.random.Generator) -> Field:
    """An uneven edge: a curve that swings as it runs along a line.

    Args:
        along: where on the line each pixel lies, in pixels.
        cell_px: from swing to swing, about.
        rng: where the curve comes from.

    Returns:
        Like `along`, -1 to 1.
    """
    knots = rng.uniform(-1, 1, 97)                       # repeats itself after as many swings
    places = np.arange(len(knots) + 1)
    steps = np.asarray(along / np.float32(max(cell_px, 1)) % len(knots), np.float64)
    swings: Field = np.interp(steps, places, np.append(knots, knots[0])).astype(np.float32)
    return swings


Window = tuple[slice, slice]


def windows(shape: tuple[int, int], patch_shape: tuple[int, int], x_px: int,
            y_px: int) -> tuple[Window, Window]:
    """Lay a patch centred on a pixel of the page, clipped where it hangs over the edge.

    Returns:
        The rows and columns of the page that it covers, and those of the patch that lie there.
    """
    top, left = y_px - patch_shape[0] // 2, x_px - patch_shape[1] // 2
    bottom, right = min(top + patch_shape[0], shape[0]), min(left + patch_shape[1], shape[1])
    on_page = slice(max(top, 0), bottom), slice(max(left, 0), right)
    in_patch = slice(max(-top, 0), bottom - top), slice(max(-left, 0), right - left)
    return on_page, in_patch
