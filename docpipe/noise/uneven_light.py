"""Uneven light: a lamp nearer to one corner, or a page that does not lie flat, fades from light to dark."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check
from docpipe.noise.fields import Field, distances, shade, smooth_field
from docpipe.page import Gray, Page


def uneven_light(gray: Gray, *, depth: float, unevenness: float, angle_rad: float, seed: int) -> Gray:
    """Light a page from one side, with a few wide dips.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost where it is darkest, 0 (none) to 1 (black).
        unevenness: 0 for a plain slope from light to dark, 1 for dips alone.
        angle_rad: direction across which the light falls off.
        seed: where the dips are.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("depth", depth, 0, 1)
    check("unevenness", unevenness, 0, 1)
    rng = np.random.default_rng(seed)
    dips = smooth_field(gray.shape, max(gray.shape) / 2, rng)
    slope, _ = distances(gray.shape, 0, 0, angle_rad)
    dark = _stretched(slope) * np.float32(1 - unevenness) + _stretched(dips) * np.float32(unevenness)
    return shade(gray, 1 - np.float32(depth) * _stretched(dark))


def _stretched(field: Field) -> Field:
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) / np.float32(max(high - low, 1e-6))


@dataclass(frozen=True, slots=True)
class UnevenLight(Noise):
    """Always as wide as the page, whatever the page shows: it has no length of its own."""

    depth: Range = (0.05, 0.75)
    unevenness: Range = (0.0, 1.0)
    angle_deg: Range = (0.0, 360.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, unevenness: float, angle_deg: float, seed: int) -> Gray:
        return uneven_light(page.pixels, depth=depth, unevenness=unevenness, angle_rad=np.deg2rad(angle_deg),
                            seed=seed)
