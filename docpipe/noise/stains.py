"""Stains: a spilt drink dries with a dark rim, an irregular outline and a pale inside."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, rough_field, shade, windows
from docpipe.page import Gray, Page

WORK_PX = 160  # a stain is soft: larger ones are made at this size and enlarged


def stain(radius_px: float, rim: float, rng: np.random.Generator) -> Field:
    """Make one dried drop.

    Args:
        radius_px: of a drop without dents.
        rim: 0 for a drop that dried evenly, 1 for one that left little but its rim.
        rng: where the outline and the inside come from.

    Returns:
        (N, N) float32, how much of the darkness lies on each pixel, 0 at the edges and at most 1.
    """
    side = max(3, round(2.8 * radius_px))
    work = min(side, WORK_PX)
    ramp = np.linspace(-1.4, 1.4, work, dtype=np.float32)
    x, y = ramp[None, :] * np.float32(rng.uniform(0.8, 1.25)), ramp[:, None]
    dents = rough_field((work, work), work / 3, rng) - np.float32(0.5)
    outside = np.sqrt(x * x + y * y) - 1 + np.float32(rng.uniform(0.25, 0.7)) * dents   # 0 on the outline
    outside += np.maximum(0, np.maximum(np.abs(x), np.abs(y)) - 1.25) * 4               # dry at the edges
    rim_width = rng.uniform(0.03, 0.1)     # its outer side is six times as sharp
    edge = np.exp(-np.maximum(-outside / rim_width, 6 * outside / rim_width))
    body = np.clip(-outside / 0.06, 0, 1) * (0.25 + 0.5 * rough_field((work, work), work / 5, rng))
    uneven = 0.55 + 0.45 * rough_field((work, work), work / 4, rng)
    drop = np.maximum(rim * edge * uneven, (1 - 0.6 * rim) * body).astype(np.float32)
    return np.asarray(cv2.resize(drop, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)


def stains(gray: Gray, *, count: int, darkness: float, radius_px: float, rim: float, seed: int) -> Gray:
    """Spill drops on a page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many drops; the first is the largest.
        darkness: share of the light lost on the rim, 0 (none) to 1 (black).
        radius_px: of the first drop.
        rim: 0 for drops that dried evenly, 1 for ones that left little but their rim.
        seed: where the drops are, and their shapes.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.

    Source: the coffee-ring effect (Deegan et al., Nature 1997): drying carries what is dissolved to the edge.
    """
    check("darkness", darkness, 0, 1)
    check("radius_px", radius_px, 0)
    check("rim", rim, 0, 1)
    rng = np.random.default_rng(seed)
    light = np.ones(gray.shape, np.float32)
    for number in range(count):
        drop = stain(radius_px if number == 0 else radius_px * rng.uniform(0.08, 0.6), rim, rng)
        y_px, x_px = rng.integers(gray.shape)
        on_page, in_drop = windows(gray.shape, drop.shape, int(x_px), int(y_px))
        light[on_page] *= 1 - np.float32(darkness) * drop[in_drop]
    return shade(gray, light)


@dataclass(frozen=True, slots=True)
class Stains(Noise):
    """Coffee, tea, water, grease."""

    darkness: Range = (0.1, 0.7)
    count: Counts = (1, 5)
    radius_mm: Range = (2.0, 18.0)
    rim: Range = (0.0, 1.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, darkness: float, count: int, radius_mm: float, rim: float,
                seed: int) -> Gray:
        return stains(page.pixels, count=count, darkness=darkness, radius_px=radius_mm * px_per_mm(page),
                      rim=rim, seed=seed)
