"""Halftone: a card that was printed again, as a screen of dots; print comes out jagged, the paper with specks."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, to_gray
from docpipe.page import Gray, Page

FINEST_PX = 2.0         # finer dots than this no pixel can show
SEEN_SHARE = 0.25       # of a cell: the original is seen through the screen no sharper than this
DOT_EDGE_SHARE = 0.1    # of a cell: ink spreads a little on paper


def screen(shape: tuple[int, int], cell_px: float, angle_rad: float) -> Field:
    """Make the dots of a screen: how dark a place must be for ink to be printed there.

    Returns:
        `shape` float32 in [0, 1], evenly distributed, so that a gray area keeps its gray from afar, about.

    Source: clustered-dot ordered dithering with the cosine spot function of PostScript screens.
    """
    across, along = distances(shape, 0, 0, angle_rad)
    turn = np.float32(2 * np.pi / cell_px)
    spot = (np.cos(across * turn) + np.cos(along * turn)) / 4 + np.float32(0.5)
    turns = 2 * np.pi * np.arange(4096)
    levels = np.sort(np.cos(0.7549 * turns) + np.cos(0.5698 * turns)) / 4 + 0.5      # points all over a cell
    even: Field = np.interp(spot, levels, np.linspace(0, 1, levels.size)).astype(np.float32)
    return even


def halftone(gray: Gray, *, cell_px: float, depth: float, angle_rad: float) -> Gray:
    """Print the page through a screen of dots.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        cell_px: from dot to dot; a screen finer than two pixels leaves the page as it is.
        depth: share of the page's tone that the dots carry, 0 (none) to 1 (ink or no ink, nothing between).
        angle_rad: how far the rows of dots are turned.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("cell_px", cell_px, 0)
    check("depth", depth, 0, 1)
    if cell_px < FINEST_PX:
        return gray.copy()
    seen = cv2.GaussianBlur(gray, (0, 0), SEEN_SHARE * cell_px)
    darkness = 1 - seen / np.float32(255)
    a_pixel = np.float32(2.5 / cell_px)        # by about this the screen changes from pixel to pixel
    room = darkness * (1 + a_pixel)            # so that full black and bare paper keep no soft edges
    ink = np.clip((room - screen(gray.shape, cell_px, angle_rad)) / a_pixel, 0, 1)
    printed = 255 * (1 - cv2.GaussianBlur(ink, (0, 0), DOT_EDGE_SHARE * cell_px))
    return to_gray(gray + np.float32(depth) * (printed - gray))


@dataclass(frozen=True, slots=True)
class Halftone(Noise):
    """A screen of 150 lines an inch (0.17 mm, a magazine) to 55 (0.46 mm, a newspaper)."""

    cell_mm: Range = (0.17, 0.46)
    depth: Range = (0.3, 1.0)
    angle_deg: Range = (0.0, 90.0)
    harmless: ClassVar = {"cell_mm": 0.0, "depth": 0.0}

    def _change(self, page: Page, *, cell_mm: float, depth: float, angle_deg: float) -> Gray:
        return halftone(page.pixels, cell_px=cell_mm * px_per_mm(page), depth=depth,
                        angle_rad=np.deg2rad(angle_deg))
