"""Creases: crumpled paper that was smoothed again shows facets, each lit a little differently."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import distances, rough_field, shade
from docpipe.page import Gray, Page

WORK_PX_PER_MM = 4.0    # fine enough for the edge of a facet
LIT_SHARE = 0.3         # paper is nearly white already: a facet gains less light than it may lose


def creases(gray: Gray, *, depth: float, count: int, length_px: float, mm_px: float, seed: int) -> Gray:
    """Crumple the page and smooth it again.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost on the darkest facet, 0 (none) to 1 (black).
        count: how many creases, 1 or more.
        length_px: how far a typical crease reaches.
        mm_px: pixels a millimetre.
        seed: where the creases run.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("depth", depth, 0, 1)
    check("count", count, 1)
    check("length_px", length_px, 1)
    rng = np.random.default_rng(seed)
    height, width = gray.shape
    shrink = min(1.0, WORK_PX_PER_MM / mm_px)
    small = max(1, round(height * shrink)), max(1, round(width * shrink))
    wobble = (rough_field(small, 12 * WORK_PX_PER_MM, rng) - np.float32(0.5)) * np.float32(3 * WORK_PX_PER_MM)
    relief = np.zeros(small, np.float32)
    for _ in range(count):
        x_px, y_px = rng.random(2) * small[::-1]
        across, along = distances(small, x_px, y_px, rng.uniform(0, np.pi))
        across += wobble
        reach = np.float32(length_px * shrink * rng.uniform(0.3, 1.5))
        sharp = np.clip(across / np.float32(rng.uniform(1, 5)), -1, 1)         # the two sides of the crease
        fading = np.exp(-(along / reach) ** 2 - np.abs(across) / (reach * np.float32(rng.uniform(0.1, 0.5))))
        relief += np.float32(rng.normal()) * sharp * fading
    relief /= max(float(np.abs(relief).max()), 1e-6)
    light = 1 + np.float32(depth) * np.where(relief > 0, LIT_SHARE * relief, relief)
    light = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return shade(gray, light)


@dataclass(frozen=True, slots=True)
class Creases(Noise):
    """From one dented corner to a page out of the waste basket."""

    depth: Range = (0.05, 0.7)
    count: Counts = (3, 30)
    length_mm: Range = (4.0, 25.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, count: int, length_mm: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return creases(page.pixels, depth=depth, count=count, length_px=length_mm * mm_px, mm_px=mm_px,
                       seed=seed)
