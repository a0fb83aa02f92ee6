"""Folds: a page that was folded keeps a line, lit on one side and shaded on the other, where ink is lost."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import distances, paper_under, rough_field, to_gray
from docpipe.page import Gray, Page

SHADED_SHARE = 0.35    # of the light, at the line, for a fold of strength 1
LIT_SHARE = 0.3        # paper is nearly white already: the lit side gains less than the other side loses
BARE_FIBRE = 20        # grey levels by which the torn surface is lighter than the paper


def fold(gray: Gray, *, strength: float, reach_px: float, angle_rad: float, mm_px: float, seed: int) -> Gray:
    """Fold the page once and open it again.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        strength: 0 (none) to 1 (a fold that has been opened and closed for years).
        reach_px: distance from the line at which light and shade have fallen to 1/e.
        angle_rad: direction of the line, 0 along the width.
        mm_px: pixels a millimetre.
        seed: where the line crosses the page, and where the ink has gone.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("strength", strength, 0, 1)
    check("reach_px", reach_px, 0.1)
    rng = np.random.default_rng(seed)
    x_px, y_px = rng.uniform(0.15, 0.85, 2) * gray.shape[::-1]
    rough = rough_field(gray.shape, 1.5 * mm_px, rng) - np.float32(0.5)
    across, _ = distances(gray.shape, x_px, y_px, angle_rad)
    across += rough * np.float32(0.25 * mm_px)
    side = np.clip(across / np.float32(0.3 * mm_px), -1, 1) * np.exp(np.abs(across) / np.float32(-reach_px))
    light = 1 + np.float32(SHADED_SHARE * strength) * np.where(side > 0, LIT_SHARE * side, side)
    worn_px = np.float32(0.3 * mm_px * strength + 0.01)
    worn = np.float32(strength) * np.clip(1.2 - np.abs(across) / worn_px + 3 * rough, 0, 1)
    bare = np.maximum(paper_under(gray, mm_px), gray) + np.float32(BARE_FIBRE)
    return to_gray((gray + worn * (bare - gray)) * light)


@dataclass(frozen=True, slots=True)
class Folds(Noise):
    """One fold, roughly along a side of the page."""

    strength: Range = (0.2, 1.0)
    reach_mm: Range = (0.4, 4.0)
    along: Choices = ("width", "height")
    slant_deg: Range = (-6.0, 6.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"strength": 0.0}

    def _change(self, page: Page, *, strength: float, reach_mm: float, along: str, slant_deg: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        angle_deg = slant_deg + (0 if along == "width" else 90)
        return fold(page.pixels, strength=strength, reach_px=reach_mm * mm_px,
                    angle_rad=np.deg2rad(angle_deg), mm_px=mm_px, seed=seed)
