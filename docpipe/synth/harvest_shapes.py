"""Shapes: masks that grow and shrink, their connected components, and which of those stand in rows as glyphs do."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""(H, W) uint8, 0 or 1."""

Boxes = NDArray[np.int32]
"""(N, 5) left, top, width, height, area."""

FEWEST_IN_A_ROW = 3
MOST_COMPARED, AT_ONCE = 8000, 256


def disc(radius_px: float) -> Mask:
    """A disc of at least 3 x 3 pixels."""
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def square(side_px: int) -> Mask:
    """A square."""
    return np.ones((side_px, side_px), np.uint8)


def grown(mask: Mask, shape: Mask) -> Mask:
    """Dilated by a shape."""
    return np.asarray(cv2.dilate(mask, shape), np.uint8)


def opened(mask: Mask, shape: Mask) -> Mask:
    """What is left where the shape fits."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, shape), np.uint8)


def closed(mask: Mask, shape: Mask) -> Mask:
    """With what lies between filled in, where the shape does not fit."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, shape), np.uint8)


def without(mask: Mask, other: Mask) -> Mask:
    """Where the first is 1 and the other 0."""
    return np.asarray(mask & (other == 0), np.uint8)


def fitted(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask at the size of another picture."""
    return np.asarray(cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)


def components(mask: Mask) -> tuple[NDArray[np.int32], Boxes]:
    """The number of its connected component on each pixel, 0 for none, and the boxes of number 1 and on."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats[1:], np.int32)


def chosen(labels: NDArray[np.int32], is_chosen: NDArray[np.bool_]) -> Mask:
    """The components for which a list of answers, in the order of their boxes, says yes."""
    return np.concatenate([np.zeros(1, np.uint8), is_chosen.astype(np.uint8)])[labels]


def stands_in_rows(boxes: Boxes, fewest: int = FEWEST_IN_A_ROW) -> NDArray[np.bool_]:
    """Which components have others of their height beside them, on one line or in one column: as glyphs have.

    Args:
        boxes: of the components.
        fewest: how many a row has, at least.

    Returns:
        (N,) bool; all of them where there are so many that they cannot be compared.
    """
    if len(boxes) > MOST_COMPARED:
        return np.ones(len(boxes), bool)
    return (count_beside(boxes) >= fewest) | (count_beside(boxes[:, [1, 0, 3, 2, 4]]) >= fewest)


def count_beside(boxes: Boxes) -> NDArray[np.int64]:
    """How many of their height each component has near it on its line, itself included."""
    left, top, width, height = boxes[:, :4].astype(np.float32).T
    bottom, middle = top + height, left + width / 2
    count = np.zeros(len(boxes), np.int64)
    for first in range(0, len(boxes), AT_ONCE):                  # bounds the memory that comparing takes
        here = slice(first, first + AT_ONCE)
        taller = np.maximum(height[here, None], height)
        alike = np.minimum(height[here, None], height) > 0.55 * taller
        same_line = np.abs(bottom[here, None] - bottom) < 0.35 * taller
        near = np.abs(middle[here, None] - middle) < 2.5 * taller
        count[here] = (alike & same_line & near).sum(axis=1)
    return count
