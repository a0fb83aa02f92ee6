"""Grease stains: fat fills the pores of paper, which then lets light through instead of throwing it back."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import rough_field, shade, windows
from docpipe.noise.puddle import puddle
from docpipe.page import Gray, Page

SPLASH_SHARE = (0.05, 0.5)  # radius of the others, as a share of the first
PORES_MM = 0.35             # fat is drawn unevenly into the fibres


def grease_stains(gray: Gray, *, count: int, depth: float, radius_px: float, mm_px: float, seed: int) -> Gray:
    """Drop fat on the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many drops; the first is the largest.
        depth: share of the light that goes through where the paper is soaked, 0 (none) to 1 (all).
        radius_px: of the first drop.
        mm_px: pixels a millimetre.
        seed: where the drops are, and their shapes.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("depth", depth, 0, 1)
    check("radius_px", radius_px, 0)
    rng = np.random.default_rng(seed)
    light = np.ones(gray.shape, np.float32)
    for number in range(count):
        share = 1 if number == 0 else rng.uniform(*SPLASH_SHARE)
        outside = puddle(share * radius_px, rng.uniform(0.2, 0.8), rng)
        y_px, x_px = rng.integers(gray.shape)
        on_page, in_patch = windows(gray.shape, outside.shape, int(x_px), int(y_px))
        creep = np.float32(rng.uniform(0.15, 0.45))         # fat goes on creeping: its border is soft
        soaked = np.clip(np.float32(0.5) - outside[in_patch] / creep, 0, 1)
        uneven = np.float32(0.7) + np.float32(0.3) * rough_field(soaked.shape, PORES_MM * mm_px, rng)
        # what is soaked already cannot soak up more
        light[on_page] = np.minimum(light[on_page], 1 - np.float32(depth) * soaked * soaked * uneven)
    return shade(gray, light)


@dataclass(frozen=True, slots=True)
class GreaseStains(Noise):
    """Fingers, lunch, machine oil."""

    depth: Range = (0.05, 0.35)
    count: Counts = (1, 12)
    radius_mm: Range = (2.0, 14.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, count: int, radius_mm: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return grease_stains(page.pixels, count=count, depth=depth, radius_px=radius_mm * mm_px, mm_px=mm_px,
                             seed=seed)
