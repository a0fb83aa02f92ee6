"""Broken ink: print on rough or greasy ground has holes, and thin strokes break."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import paper_under, smooth_field, to_gray
from docpipe.page import Gray, Page


def broken_ink(gray: Gray, *, share: float, hole_px: float, mm_px: float, seed: int) -> Gray:
    """Punch holes into the ink down to the paper.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        share: of the ink that is lost, 0 (none) to 1 (all).
        hole_px: size of a typical hole.
        mm_px: pixels a millimetre.
        seed: where the holes are.

    Returns:
        (H, W) uint8, a new array. No pixel is darker than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("share", share, 0, 1)
    check("hole_px", hole_px, 0.1)
    rng = np.random.default_rng(seed)
    worn_places = np.float32(0.5) * smooth_field(gray.shape, 25 * hole_px, rng)
    holes = smooth_field(gray.shape, hole_px, rng) + worn_places
    level = np.quantile(holes, share)
    lost = np.clip((np.float32(level) - holes) * np.float32(8), 0, 1)      # holes have a soft edge
    ink = np.maximum(paper_under(gray, mm_px), gray) - gray
    return gray + to_gray(ink * lost)


@dataclass(frozen=True, slots=True)
class BrokenInk(Noise):
    """From a rough edge to letters in pieces."""

    share: Range = (0.03, 0.5)
    hole_mm: Range = (0.06, 0.3)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"share": 0.0}

    def _change(self, page: Page, *, share: float, hole_mm: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return broken_ink(page.pixels, share=share, hole_px=hole_mm * mm_px, mm_px=mm_px, seed=seed)
