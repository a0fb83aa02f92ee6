"""Halftone: a card that was printed again, as a screen of dots; print comes out jagged, the paper with specks."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, to_gray
from docpipe.page import Gray, Page

DOT_PX = 4.0            # from dot to dot where a screen is drawn: coarser samples would show another screen
SEEN_SHARE = 0.25       # of a cell: the original is seen through the screen no sharper than this
DOT_EDGE_SHARE = 0.1    # of a cell: how soft the edge of a dot is


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


def halftone(gray: Gray, *, cell_px: float, dot_gain: float, angle_rad: float) -> Gray:
    """Print the page through a screen of dots, and scan what was printed.

    Dots finer than the pixels are drawn finer, too, and averaged by the pixels, as a scanner does: of them remain
    grays, darker by the dot gain, and some moire.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        cell_px: from dot to dot, at least 1.
        dot_gain: how much more of the paper ink covers than it should where it should cover half, 0 to 0.25; ink
            spreads as it dries.
        angle_rad: how far the rows of dots are turned.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.

    Source: tone value increase in ISO 12647-2 (2013), taken as a parabola over the tone.
    """
    check("cell_px", cell_px, 1)
    check("dot_gain", dot_gain, 0, 0.25)
    height, width = gray.shape
    finer = max(1, ceil(DOT_PX / cell_px))
    seen = cv2.GaussianBlur(gray, (0, 0), SEEN_SHARE * cell_px)
    seen = cv2.resize(seen, (width * finer, height * finer), interpolation=cv2.INTER_LINEAR)
    share = 1 - seen / np.float32(255)
    share = np.minimum(share + 4 * np.float32(dot_gain) * share * (1 - share), 1)
    edge = 2.5 / (cell_px * finer)      # by about this the screen changes from pixel to pixel
    ink = np.clip((_room(share, edge) - screen(seen.shape[:2], cell_px * finer, angle_rad)) / edge, 0, 1)
    ink = cv2.GaussianBlur(ink, (0, 0), DOT_EDGE_SHARE * cell_px * finer)
    return to_gray(255 * (1 - cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)))


def _room(share: Field, edge: float) -> Field:
    """How much of a screen must lie under the ink, so that its soft edges cover a share of the paper in the mean."""
    light, dark = np.sqrt(2 * edge * share), 1 + edge - np.sqrt(2 * edge * (1 - share))
    return np.where(share < edge / 2, light, np.where(share > 1 - edge / 2, dark, share + edge / 2))


@dataclass(frozen=True, slots=True)
class Halftone(Noise):
    """A screen of 150 lines an inch (0.17 mm, a magazine) to 55 (0.46 mm, a newspaper).

    Its weakest form is a screen of 300 lines an inch without dot gain, as fine prints have.
    """

    cell_mm: Range = (0.17, 0.46)
    dot_gain: Range = (0.08, 0.25)
    angle_deg: Range = (0.0, 90.0)
    harmless: ClassVar = {"cell_mm": 0.085, "dot_gain": 0.0}

    def _change(self, page: Page, *, cell_mm: float, dot_gain: float, angle_deg: float) -> Gray:
        cell_px = max(1.0, cell_mm * px_per_mm(page))
        return halftone(page.pixels, cell_px=cell_px, dot_gain=dot_gain, angle_rad=np.deg2rad(angle_deg))
