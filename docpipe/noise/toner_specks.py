"""Toner specks: stray grains of toner, or dirt on the glass, show as small black dots."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade, smooth_field
from docpipe.page import Gray, Page

CORNERS = 7
CLOUDS = 5
SUBPIXEL_BITS = 4  # OpenCV draws polygons in sixteenths of a pixel


def toner_specks(gray: Gray, *, count: int, darkness: float, size_px: float, clumping: float,
                 seed: int) -> Gray:
    """Scatter small, irregular dark dots.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many dots.
        darkness: share of the light lost in the darkest dots, 0 (none) to 1 (black).
        size_px: diameter of a typical dot; one in a hundred is five times as wide.
        clumping: 0 scatters the dots evenly, 1 gathers all of them in a few clouds.
        seed: where the dots are, and their shapes.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("size_px", size_px, 0)
    check("clumping", clumping, 0, 1)
    rng = np.random.default_rng(seed)
    centre = rng.random((count, 2))
    in_cloud = rng.random(count) < clumping
    middle, spread = rng.random((CLOUDS, 2)), rng.uniform(0.02, 0.15, (CLOUDS, 2))
    cloud = rng.integers(CLOUDS, size=int(in_cloud.sum()))
    centre[in_cloud] = middle[cloud] + spread[cloud] * rng.standard_normal((len(cloud), 2))
    radius_px = size_px / 2 * np.exp(rng.normal(0, 0.7, (count, 1)))
    angle = (np.arange(CORNERS) + rng.random((count, CORNERS))) * (2 * np.pi / CORNERS)
    reach_px = radius_px * rng.uniform(0.5, 1.5, (count, CORNERS))
    around = np.stack([np.cos(angle), np.sin(angle)], axis=2) * reach_px[..., None]     # (count, CORNERS, 2)
    corners = (centre * gray.shape[::-1])[:, None] + around
    covered = np.zeros(gray.shape, np.uint8)
    cv2.fillPoly(covered, list(np.rint(corners * 2**SUBPIXEL_BITS).astype(np.int32)), 255, cv2.LINE_AA,
                 SUBPIXEL_BITS)
    tone = 0.5 + 0.5 * smooth_field(gray.shape, 4 * size_px + 8, rng)
    return shade(gray, 1 - covered * (np.float32(darkness / 255) * tone))


@dataclass(frozen=True, slots=True)
class TonerSpecks(Noise):
    """From a few dots to a page that looks peppered."""

    per_cm2: Range = (0.5, 40.0)
    darkness: Range = (0.4, 1.0)
    size_mm: Range = (0.06, 0.22)
    clumping: Range = (0.0, 0.7)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"per_cm2": 0.0}

    def _change(self, page: Page, *, per_cm2: float, darkness: float, size_mm: float, clumping: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        count = round(per_cm2 * page.pixels.size / (10 * mm_px) ** 2)
        return toner_specks(page.pixels, count=count, darkness=darkness, size_px=size_mm * mm_px,
                            clumping=clumping, seed=seed)
