"""Paper curl: an edge that rises towards the camera is seen larger, and its print moves away from the middle."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Choices, Range, check, px_per_mm
from docpipe.noise.warp import Points, Warp
from docpipe.page import Page

EDGES = ("left", "right", "top", "bottom")


def curled_sources(points: Points, shape: tuple[int, int], *, shift_px: float, reach_px: float,
                   edge: str) -> Points:
    """Where the ink came from on a page of which one edge rises from the table.

    Args:
        points: (N, 2) x and y in pixels, on the page as it was taken.
        shape: rows and columns of the page.
        shift_px: how far print moves in a corner of the risen edge.
        reach_px: distance from the edge at which the height has fallen to 1/e, 2 or more times `shift_px`.
        edge: one of `EDGES`.

    Returns:
        (N, 2) float64, on the page before.

    Raises:
        ValueError: a parameter is outside its range.

    Source: parallax: what is nearer to a camera moves from the middle of the picture in proportion to its height
    and to its distance from that middle.
    """
    check("shift_px", shift_px, 0)
    check("reach_px", reach_px, max(2 * shift_px, 1e-9))
    if edge not in EDGES:
        raise ValueError(f"edge is {edge!r}; it is one of {list(EDGES)}")
    middle = np.array([shape[1] - 1, shape[0] - 1]) / 2
    axis = 0 if edge in ("left", "right") else 1
    from_edge = points[:, axis] if edge in ("left", "top") else shape[1 - axis] - 1 - points[:, axis]
    height = np.exp(-np.maximum(from_edge, 0) / reach_px)
    corner_px = max(float(np.hypot(*middle)), 1.0)
    return points - shift_px * height[:, None] * (points - middle) / corner_px


@dataclass(frozen=True, slots=True)
class PaperCurl(Warp):
    """From a limp sheet to one that was rolled up."""

    shift_mm: Range = (0.2, 1.2)
    reach_mm: Range = (5.0, 25.0)
    edge: Choices = EDGES
    harmless: ClassVar = {"shift_mm": 0.0}

    def _sources(self, points: Points, page: Page, *, shift_mm: float, reach_mm: float, edge: str) -> Points:
        mm_px = px_per_mm(page)
        return curled_sources(points, page.pixels.shape, shift_px=shift_mm * mm_px, reach_px=reach_mm * mm_px,
                              edge=edge)
