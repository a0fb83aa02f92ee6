"""Bleed-through: print on the back of a thin sheet shows on its front, mirrored and soft."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import paper_under, shade, smooth_field
from docpipe.page import Gray, Page


def bleed_through(gray: Gray, *, darkness: float, blur_px: float, mm_px: float, seed: int) -> Gray:
    """Let the back show; the back of a page is taken to look like its front, in another place.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        darkness: share of the ink of the back that reaches the front, 0 (none) to 1 (all).
        blur_px: standard deviation of the blur that the paper adds.
        mm_px: pixels a millimetre.
        seed: how the back is shifted, and where the paper is thin.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("darkness", darkness, 0, 1)
    check("blur_px", blur_px, 0.1)
    rng = np.random.default_rng(seed)
    ink = np.maximum(paper_under(gray, mm_px), gray) - gray
    shift_y, shift_x = rng.integers(gray.shape)
    back = np.roll(ink[:, ::-1], (int(shift_y), int(shift_x)), axis=(0, 1))
    soft = cv2.GaussianBlur(back, (0, 0), blur_px)
    thin = np.float32(darkness / 255) * (0.5 + 0.5 * smooth_field(gray.shape, 15 * mm_px, rng))
    return shade(gray, 1 - soft * thin)


@dataclass(frozen=True, slots=True)
class BleedThrough(Noise):
    """From a hint of the back to two texts on one page."""

    darkness: Range = (0.1, 0.7)
    blur_mm: Range = (0.05, 0.3)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, blur_mm: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return bleed_through(page.pixels, darkness=darkness, blur_px=max(blur_mm * mm_px, 0.1), mm_px=mm_px,
                             seed=seed)
