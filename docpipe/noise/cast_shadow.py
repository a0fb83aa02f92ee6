"""Cast shadow: a hand, a phone or a lid in front of the lamp, with an edge that is soft or hard."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import distances, shade, smooth_field
from docpipe.page import Gray, Page


def cast_shadow(gray: Gray, *, depth: float, softness_px: float, wave_px: float, angle_rad: float,
                seed: int) -> Gray:
    """Put one side of a wavy line in the shade.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost in the shade, 0 (none) to 1 (black).
        softness_px: width of the step from light to shade.
        wave_px: how far the edge of the shade strays from a straight line.
        angle_rad: direction of the edge.
        seed: where the edge runs.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("depth", depth, 0, 1)
    check("softness_px", softness_px, 0.1)
    check("wave_px", wave_px, 0)
    rng = np.random.default_rng(seed)
    x_px, y_px = rng.uniform(0.1, 0.9, 2) * gray.shape[::-1]
    across, _ = distances(gray.shape, x_px, y_px, angle_rad)
    across += (smooth_field(gray.shape, max(gray.shape) / 3, rng) - np.float32(0.5)) * np.float32(2 * wave_px)
    step = np.clip(across / np.float32(softness_px) + np.float32(0.5), 0, 1)
    smooth_step = step * step * (3 - 2 * step)
    return shade(gray, 1 - np.float32(depth) * smooth_step)


@dataclass(frozen=True, slots=True)
class CastShadow(Noise):
    """From the sharp edge of a phone held close to the blur of a head above the desk."""

    depth: Range = (0.1, 0.7)
    softness_mm: Range = (0.5, 20.0)
    wave_mm: Range = (0.0, 10.0)
    angle_deg: Range = (0.0, 360.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, softness_mm: float, wave_mm: float, angle_deg: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return cast_shadow(page.pixels, depth=depth, softness_px=softness_mm * mm_px, wave_px=wave_mm * mm_px,
                           angle_rad=np.deg2rad(angle_deg), seed=seed)
