"""Scribble: someone went to and fro with a pen, to cross a field out or to make an empty pen write again."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade, smooth_field
from docpipe.page import Gray, Page

STEPS = 16          # points from one turn of the pen to the next
SUBPIXEL_BITS = 4   # OpenCV draws in sixteenths of a pixel


def scribble(gray: Gray, *, turns: int, darkness: float, pen_px: float, length_px: float, height_px: float,
             angle_rad: float, seed: int) -> Gray:
    """Scribble over one place.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        turns: how often the pen turns back.
        darkness: share of the light that one stroke takes, 0 (none) to 1 (black).
        pen_px: width of the line.
        length_px: of the scribbled place.
        height_px: of the scribbled place.
        angle_rad: direction in which it is long, 0 along the width.
        seed: where it is, and how the hand moved.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("turns", turns, 1)
    check("darkness", darkness, 0, 1)
    check("pen_px", pen_px, 0)
    check("length_px", length_px, 0)
    check("height_px", height_px, 0)
    rng = np.random.default_rng(seed)
    line = _to_and_fro(turns, length_px, height_px, rng)
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    placed = line @ np.array([[cos, sin], [-sin, cos]]) + rng.random(2) * gray.shape[::-1]
    drawn = np.zeros(gray.shape, np.uint8)
    cv2.polylines(drawn, [np.rint(placed * 2**SUBPIXEL_BITS).astype(np.int32)], False, 255, max(1, round(pen_px)),
                  cv2.LINE_AA, SUBPIXEL_BITS)
    pressure = 0.6 + 0.4 * smooth_field(gray.shape, 8 * pen_px, rng)
    return shade(gray, 1 - drawn * (np.float32(darkness / 255) * pressure))


def _to_and_fro(turns: int, length_px: float, height_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(N, 2) points of a line that advances unevenly along x and swings along y, around (0, 0)."""
    halves = np.arange(turns * STEPS + 1) / STEPS
    knots = np.arange(turns + 1)
    advance = np.cumsum(rng.uniform(0.2, 1, turns + 1))
    x = np.interp(halves, knots, advance / advance[-1] - 0.5) * length_px
    swing = np.interp(halves, knots, rng.uniform(0.6, 1.1, turns + 1)) * height_px / 2
    lean = np.interp(halves, knots, rng.normal(0, 0.12, turns + 1)) * height_px
    back_and_forth = np.cos(np.pi * halves)
    # the hand leans: the way down lies beside the way up
    return np.stack([x + lean + 0.25 * height_px * back_and_forth, swing * back_and_forth + lean], axis=1)


@dataclass(frozen=True, slots=True)
class Scribble(Noise):
    """From three quick waves to a field that is blackened."""

    darkness: Range = (0.2, 0.9)
    turns: Counts = (4, 40)
    pen_mm: Range = (0.2, 0.9)
    length_mm: Range = (5.0, 35.0)
    height_mm: Range = (2.0, 10.0)
    angle_deg: Range = (-30.0, 30.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, turns: int, pen_mm: float, length_mm: float, height_mm: float,
                angle_deg: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return scribble(page.pixels, turns=turns, darkness=darkness, pen_px=pen_mm * mm_px,
                        length_px=length_mm * mm_px, height_px=height_mm * mm_px,
                        angle_rad=float(np.deg2rad(angle_deg)), seed=seed)
