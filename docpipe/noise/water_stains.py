"""Water stains: where paper was wet a brown tide line stays, and the ink inside it has run."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, to_gray, windows
from docpipe.noise.puddle import puddle
from docpipe.page import Gray, Page

TIDES = 3               # at most: a puddle dries, and is wetted again
SHARP_OUTSIDE = 5.0     # times as sharp as inside
TIDE_SHARE = (0.03, 0.08)   # of the radius
LEFT_INSIDE = 0.15      # of the darkness of the line: the water was not clean


def water_stains(gray: Gray, *, count: int, darkness: float, radius_px: float, run_px: float, seed: int) -> Gray:
    """Wet the page and let it dry.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many puddles; the first is the largest.
        darkness: share of the light lost on the tide line, 0 (none) to 1 (black).
        radius_px: of the first puddle.
        run_px: standard deviation of the blur of ink that has run.
        seed: where the puddles are, and their shapes.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.

    Source: tidelines form where water stops rising in paper: dissolved matter is left at the wet-dry border
    (Dupont, Restaurator 1996).
    """
    check("count", count, 0)
    check("darkness", darkness, 0, 1)
    check("radius_px", radius_px, 0)
    check("run_px", run_px, 0)
    rng = np.random.default_rng(seed)
    stained = gray.astype(np.float32)
    for number in range(count):
        outside = puddle(radius_px if number == 0 else radius_px * rng.uniform(0.15, 0.7), rng.uniform(0.5, 1.1), rng)
        y_px, x_px = rng.integers(gray.shape)
        on_page, in_patch = windows(gray.shape, outside.shape, int(x_px), int(y_px))
        tide = _tide(outside[in_patch], rng)
        place = stained[on_page]
        if run_px > 0:
            wet = np.clip(-outside[in_patch] / np.float32(0.1), 0, 1)
            place += wet * (cv2.GaussianBlur(place, (0, 0), run_px) - place)
        place *= 1 - np.float32(darkness) * tide
    return to_gray(stained)


def _tide(outside: Field, rng: np.random.Generator) -> Field:
    """What the water left: like `outside`, 0 to 1."""
    left = np.float32(LEFT_INSIDE) * np.clip(-outside / np.float32(0.1), 0, 1)
    inset = 0.0
    for _ in range(int(rng.integers(1, TIDES + 1))):
        width = np.float32(rng.uniform(*TIDE_SHARE))
        from_line = (outside + np.float32(inset)) / width
        line = np.exp(-np.maximum(-from_line, np.float32(SHARP_OUTSIDE) * from_line)) * np.float32(rng.uniform(0.5, 1))
        left = np.maximum(left, line)
        inset += rng.uniform(0.08, 0.3)
    return np.asarray(left, np.float32)


@dataclass(frozen=True, slots=True)
class WaterStains(Noise):
    """From rain on the envelope to a document out of a flooded cellar."""

    darkness: Range = (0.05, 0.5)
    run_mm: Range = (0.0, 0.25)
    count: Counts = (1, 4)
    radius_mm: Range = (4.0, 25.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0, "run_mm": 0.0}

    def _change(self, page: Page, *, darkness: float, run_mm: float, count: int, radius_mm: float,
                seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return water_stains(page.pixels, count=count, darkness=darkness, radius_px=radius_mm * mm_px,
                            run_px=run_mm * mm_px, seed=seed)
