"""Perspective: the camera was not straight above the page, and the crop to its corners missed by a little."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Range, check, px_per_mm
from docpipe.noise.warp import Points, Warp
from docpipe.page import Page

LARGEST_SHARE = 0.1     # of the shorter side: no corner moves further, however small the page


def perspective_sources(points: Points, shape: tuple[int, int], *, corner_px: float, seed: int) -> Points:
    """Where the ink came from on a page whose four corners were moved.

    Args:
        points: (N, 2) x and y in pixels, on the page as it was taken.
        shape: rows and columns of the page.
        corner_px: how far each corner moves.
        seed: in which direction.

    Returns:
        (N, 2) float64, on the page before.

    Raises:
        ValueError: `corner_px` is below 0.
    """
    check("corner_px", corner_px, 0)
    right, bottom = max(shape[1] - 1, 1), max(shape[0] - 1, 1)
    corners = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float32)
    way_rad = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)
    reach_px = min(corner_px, LARGEST_SHARE * min(right, bottom))
    seen = corners + reach_px * np.stack([np.cos(way_rad), np.sin(way_rad)], axis=1)
    back = cv2.getPerspectiveTransform(seen.astype(np.float32), corners)
    homogeneous = points @ back[:, :2].T + back[:, 2]
    sources: Points = homogeneous[:, :2] / homogeneous[:, 2:]
    return sources


@dataclass(frozen=True, slots=True)
class Perspective(Warp):
    """Each corner off by up to half the height of a letter; the middle may move a little further."""

    corner_mm: Range = (0.2, 1.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"corner_mm": 0.0}

    def _sources(self, points: Points, page: Page, *, corner_mm: float, seed: int) -> Points:
        return perspective_sources(points, page.pixels.shape, corner_px=corner_mm * px_per_mm(page), seed=seed)
