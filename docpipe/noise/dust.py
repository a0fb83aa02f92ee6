"""Dust and hairs: fluff on the glass throws soft gray spots and thin curls on the page."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade, wandering_line
from docpipe.page import Gray, Page

SUBPIXEL_BITS = 4  # OpenCV draws in sixteenths of a pixel


def dust(gray: Gray, *, specks: int, hairs: int, darkness: float, mm_px: float, seed: int) -> Gray:
    """Drop dust and hairs on a page, slightly out of focus.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        specks: how many grains of dust, 0.1 to 0.8 mm wide.
        hairs: how many hairs, 2 to 15 mm long.
        darkness: share of the light lost under the thickest, 0 (none) to 1 (black).
        mm_px: pixels a millimetre.
        seed: where they lie.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("specks", specks, 0)
    check("hairs", hairs, 0)
    check("darkness", darkness, 0, 1)
    rng = np.random.default_rng(seed)
    cover = np.zeros(gray.shape, np.uint8)
    size_px = np.array(gray.shape[::-1])
    for _ in range(specks):
        centre, axes_px = rng.random(2) * size_px, 0.08 * mm_px * np.exp(rng.normal(0, 0.6, 2))
        cv2.ellipse(cover, _fixed(centre).tolist(), _fixed(axes_px).tolist(), rng.uniform(0, 180), 0, 360,
                    int(rng.integers(60, 256)), cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)
    for _ in range(hairs):
        line = wandering_line(rng.random(2) * size_px, rng.uniform(2, 15) * mm_px, rng.uniform(0.5, 4), rng)
        thick_px = max(1, round(rng.uniform(0.03, 0.11) * mm_px))
        cv2.polylines(cover, [_fixed(line)], False, int(rng.integers(90, 256)), thick_px, cv2.LINE_AA,
                      SUBPIXEL_BITS)
    soft = cv2.GaussianBlur(cover, (0, 0), max(0.04 * mm_px, 0.3))
    return shade(gray, 1 - soft * np.float32(darkness / 255))


def _fixed(points_px: NDArray[np.float64]) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.rint(points_px * 2**SUBPIXEL_BITS).astype(np.int32)
    return fixed


@dataclass(frozen=True, slots=True)
class Dust(Noise):
    """A scanner that nobody wipes."""

    specks_per_cm2: Range = (0.05, 4.0)
    hairs_per_cm2: Range = (0.0, 0.5)
    darkness: Range = (0.2, 0.8)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0, "specks_per_cm2": 0.0}

    def _change(self, page: Page, *, specks_per_cm2: float, hairs_per_cm2: float, darkness: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        area_cm2 = page.pixels.size / (10 * mm_px) ** 2
        return dust(page.pixels, specks=round(specks_per_cm2 * area_cm2),
                    hairs=round(hairs_per_cm2 * area_cm2 + 0.4), darkness=darkness, mm_px=mm_px, seed=seed)
