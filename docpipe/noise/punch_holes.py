"""Punch holes: what a file or a clerk punched out shows the lid of the scanner, under the shadow of its edge."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import distances, rough_field, to_gray
from docpipe.page import Gray, Page

SHADOW_MM = 0.35        # that the edge of the sheet throws on the lid
SHADOW_DEPTH = 0.45     # share of the light
BURR_MM = 0.25          # the edge is pressed up: a thin shade around the hole
BURR_DEPTH = 0.15


def punch_holes(gray: Gray, *, count: int, diameter_px: float, lid: float, mm_px: float, seed: int) -> Gray:
    """Punch holes into the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many holes.
        diameter_px: of each.
        lid: the gray behind the page, 0 (a black lid) to 255 (a white one).
        mm_px: pixels a millimetre.
        seed: where they are, and from where the lamp shines.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("diameter_px", diameter_px, 0)
    check("lid", lid, 0, 255)
    rng = np.random.default_rng(seed)
    lamp_rad = rng.uniform(0, 2 * np.pi)
    radius_px = diameter_px / 2
    shade_px = np.float32(min(SHADOW_MM * mm_px, radius_px) + 1e-3)
    punched = gray.astype(np.float32)
    for x_px, y_px in rng.random((count, 2)) * gray.shape[::-1]:
        reach_px = int(radius_px + 4 * BURR_MM * mm_px) + 2
        rows = slice(max(0, int(y_px) - reach_px), int(y_px) + reach_px + 1)
        columns = slice(max(0, int(x_px) - reach_px), int(x_px) + reach_px + 1)
        place = punched[rows, columns]
        x, y = distances(place.shape, x_px - columns.start, y_px - rows.start, lamp_rad)
        torn = (rough_field(place.shape, 0.4 * mm_px, rng) - np.float32(0.5)) * np.float32(0.12 * radius_px)
        inside_px = np.float32(radius_px) - np.hypot(x, y) + torn
        hole = np.clip(inside_px, 0, 1)
        lit_px = np.float32(radius_px) - np.hypot(x - shade_px, y) + torn
        seen = np.float32(lid) * (1 - np.float32(SHADOW_DEPTH) * np.clip(1 - lit_px / shade_px, 0, 1))
        burr = np.float32(BURR_DEPTH * min(1.0, radius_px)) * np.exp(-np.abs(inside_px) / np.float32(BURR_MM * mm_px))
        place *= 1 - burr
        place += hole * (seen - place)
    return to_gray(punched)


@dataclass(frozen=True, slots=True)
class PunchHoles(Noise):
    """Hand punches of 2 mm to files of 6 mm (ISO 838: 6 mm and half a millimetre)."""

    diameter_mm: Range = (2.0, 6.5)
    count: Counts = (1, 3)
    lid: Range = (10.0, 255.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"diameter_mm": 0.0}

    def _change(self, page: Page, *, diameter_mm: float, count: int, lid: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return punch_holes(page.pixels, count=count, diameter_px=diameter_mm * mm_px, lid=lid, mm_px=mm_px, seed=seed)
