"""Rotation: the page lay a little askew, and nobody turned it back."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import Choices, Range
from docpipe.noise.warp import Points, Warp
from docpipe.page import Page


def rotated_sources(points: Points, shape: tuple[int, int], *, angle_rad: float) -> Points:
    """Where the ink came from on a page that was turned about its middle.

    Args:
        points: (N, 2) x and y in pixels, on the turned page.
        shape: rows and columns of the page.
        angle_rad: above 0 turns clockwise, as seen.

    Returns:
        (N, 2) float64, on the page before.
    """
    middle = np.array([shape[1] - 1, shape[0] - 1]) / 2
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    back = np.array([[cos, -sin], [sin, cos]])      # from the right: turns rows of (x, y) the other way
    sources: Points = (points - middle) @ back + middle
    return sources


@dataclass(frozen=True, slots=True)
class Rotation(Warp):
    """One degree moves the end of a card by three quarters of a millimetre; a crooked page is turned back first."""

    angle_deg: Range = (0.1, 1.2)
    way: Choices = ("clockwise", "counterclockwise")
    harmless: ClassVar = {"angle_deg": 0.0}

    def _sources(self, points: Points, page: Page, *, angle_deg: float, way: str) -> Points:
        turn = angle_deg if way == "clockwise" else -angle_deg
        return rotated_sources(points, page.pixels.shape, angle_rad=float(np.deg2rad(turn)))
