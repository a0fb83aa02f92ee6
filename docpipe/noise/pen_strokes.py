"""Pen strokes: someone signed, ticked or crossed out across the print."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, shade, smooth_field, wandering_line
from docpipe.page import Gray, Page

SUBPIXEL_BITS = 4  # OpenCV draws in sixteenths of a pixel


def pen_strokes(gray: Gray, *, count: int, darkness: float, width_px: float, length_px: float,
                seed: int) -> Gray:
    """Draw strokes of one pen.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many strokes.
        darkness: share of the light that the ink takes, 0 (none) to 1 (black).
        width_px: of the line; pressure changes it a little.
        length_px: of the longest stroke.
        seed: where the pen went.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("width_px", width_px, 0)
    rng = np.random.default_rng(seed)
    drawn = np.zeros(gray.shape, np.uint8)
    start = rng.random(2) * gray.shape[::-1]
    for _ in range(count):
        line = wandering_line(start, rng.uniform(0.2, 1) * length_px, rng.uniform(0.2, 4), rng)
        corners = np.rint(line * 2**SUBPIXEL_BITS).astype(np.int32)
        thick_px = max(1, round(width_px * rng.uniform(0.8, 1.2)))
        cv2.polylines(drawn, [corners], False, 255, thick_px, cv2.LINE_AA, SUBPIXEL_BITS)
        start = line[-1] + rng.normal(0, 0.1 * length_px, 2)       # the next stroke begins near the last
    pressure: Field = 0.6 + 0.4 * smooth_field(gray.shape, 6 * width_px, rng)
    return shade(gray, 1 - drawn * (np.float32(darkness / 255) * pressure))


@dataclass(frozen=True, slots=True)
class PenStrokes(Noise):
    """Pencil, ball pen or felt pen: a signature, a tick, a line through a field."""

    darkness: Range = (0.2, 0.9)
    count: Counts = (1, 8)
    width_mm: Range = (0.15, 0.8)
    length_mm: Range = (5.0, 50.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, count: int, width_mm: float, length_mm: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return pen_strokes(page.pixels, count=count, darkness=darkness, width_px=width_mm * mm_px,
                           length_px=length_mm * mm_px, seed=seed)
