"""Bands: an uneven motor or a dirty roller darkens the page in stripes that repeat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade
from docpipe.page import Gray, Page


def bands(gray: Gray, *, depth: float, period_px: float, sharpness: float, seed: int) -> Gray:
    """Darken horizontal stripes.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost in the middle of the darkest band, 0 (none) to 1 (black).
        period_px: distance from band to band; it drifts by a few percent.
        sharpness: 1 for a wave, more for thin bands with clean paper between them.
        seed: where the bands begin, how they drift, and how dark each one is.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("depth", depth, 0, 1)
    check("period_px", period_px, 1)
    check("sharpness", sharpness, 1)
    rng = np.random.default_rng(seed)
    y = np.arange(gray.shape[0]) / period_px
    turns = y + rng.random() + 0.15 * np.sin(2 * np.pi * (y / rng.uniform(3, 12) + rng.random()))
    wave = (0.5 + 0.5 * np.cos(2 * np.pi * turns)) ** sharpness
    each = rng.uniform(0.4, 1, int(turns.max()) + 2)[np.rint(turns.clip(0)).astype(int)]
    light = 1 - depth * wave * each
    return shade(gray, light[:, None].astype(np.float32))


@dataclass(frozen=True, slots=True)
class Bands(Noise):
    """Stripes across the feed, from the fine grating of a receipt printer to the print of a roller."""

    depth: Range = (0.03, 0.4)
    period_mm: Range = (0.4, 12.0)
    sharpness: Range = (1.0, 6.0)
    across: Choices = ("height", "width")
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, period_mm: float, sharpness: float, across: str,
                seed: int) -> Gray:
        gray = page.pixels if across == "height" else page.pixels.T
        period_px = max(period_mm * px_per_mm(page), 2)
        banded = bands(gray, depth=depth, period_px=period_px, sharpness=sharpness, seed=seed)
        return banded if across == "height" else np.ascontiguousarray(banded.T)
