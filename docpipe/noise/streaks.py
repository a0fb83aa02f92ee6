"""Streaks: scratches and dirt on a copier's drum or glass draw lines along the way the paper takes."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import shade
from docpipe.page import Gray, Page

FAINTEST = 0.15  # of the darkest: a drum has many faint streaks for one that is black
FADING_PX = 60   # a streak comes and goes about this often


def streaks(gray: Gray, *, count: int, darkness: float, width_px: float, seed: int) -> Gray:
    """Draw vertical lines that come and go along the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many lines, 1 or more.
        darkness: share of the light lost on the darkest line, 0 (none) to 1 (black).
        width_px: width of a typical line; some are three times as wide.
        seed: where the lines are, and how they fade.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 1)
    check("darkness", darkness, 0, 1)
    check("width_px", width_px, 0)
    rng = np.random.default_rng(seed)
    height, width = gray.shape
    centre_px = rng.uniform(0, width, (count, 1)).astype(np.float32)
    half_px = (width_px / 2 * np.exp(rng.normal(0, 0.5, (count, 1)))).astype(np.float32)
    strength = FAINTEST + (1 - FAINTEST) * rng.random((count, 1), dtype=np.float32) ** 3
    strength[0] = 1
    distance_px = np.abs(np.arange(width, dtype=np.float32) - centre_px)
    across = np.clip(half_px + 0.5 - distance_px, 0, 1) * np.minimum(2 * half_px, 1) * strength  # (count, W)
    knots = 1.6 * rng.random((height // FADING_PX + 2, count), dtype=np.float32)      # over 1: no gap
    along = np.asarray(cv2.resize(knots, (count, height), interpolation=cv2.INTER_LINEAR), np.float32)
    lost = (along.clip(0, 1).reshape(height, count) @ across.astype(np.float32)).clip(0, 1)
    return shade(gray, 1 - np.float32(darkness) * lost)


@dataclass(frozen=True, slots=True)
class Streaks(Noise):
    """Lines along the feed of the copier, which is mostly the height of the page."""

    per_cm: Range = (0.2, 3.0)
    darkness: Range = (0.05, 0.9)
    width_mm: Range = (0.05, 0.4)
    along: Choices = ("height", "width")
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"darkness": 0.0}

    def _change(self, page: Page, *, per_cm: float, darkness: float, width_mm: float, along: str,
                seed: int) -> Gray:
        gray = page.pixels if along == "height" else page.pixels.T
        mm_px = px_per_mm(page)
        count = max(1, round(per_cm * gray.shape[1] / (10 * mm_px)))
        streaked = streaks(gray, count=count, darkness=darkness, width_px=width_mm * mm_px, seed=seed)
        return streaked if along == "height" else np.ascontiguousarray(streaked.T)
