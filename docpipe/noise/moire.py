"""Moire: two fine gratings, such as a printed screen and the pixels of a camera, beat in wide, bent fringes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, shade, smooth_field
from docpipe.page import Gray, Page

SECOND_SHARE = (0.0, 0.6)   # of the first one's depth: screens repeat in two directions, and beat unequally in them
OVERTONE_SHARE = 0.25       # of a fringe: dots and pixels have hard edges, so fringes are no pure waves


def moire(gray: Gray, *, depth: float, fringe_px: float, bend: float, angle_rad: float, seed: int) -> Gray:
    """Lay the fringes of two gratings over a page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        depth: share of the light lost in the darkest fringes, 0 (none) to 1 (black).
        fringe_px: from fringe to fringe in the middle of the page, 2 or more.
        bend: by how many fringes they are bent across the page: of a camera that looked at an angle.
        angle_rad: direction of the wider fringes.
        seed: how they are bent, and where they begin.

    Returns:
        (H, W) uint8, a new array. No pixel is lighter than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.

    Source: the difference of two frequencies (Amidror, The Theory of the Moire Phenomenon, 2009).
    """
    check("depth", depth, 0, 1)
    check("fringe_px", fringe_px, 2)
    check("bend", bend, 0)
    rng = np.random.default_rng(seed)
    first = _fringes(gray.shape, fringe_px, bend, angle_rad, rng)
    second = _fringes(gray.shape, fringe_px * rng.uniform(0.6, 1), bend, angle_rad + np.pi / 2 + rng.normal(0, 0.2),
                      rng)
    share = rng.uniform(*SECOND_SHARE)
    dark = first * np.float32(1 / (1 + share)) + second * np.float32(share / (1 + share))
    return shade(gray, 1 - np.float32(depth) * dark)


def _fringes(shape: tuple[int, int], fringe_px: float, bend: float, angle_rad: float,
             rng: np.random.Generator) -> Field:
    """Waves from 0 to 1, `shape` float32."""
    across, _ = distances(shape, shape[1] / 2, shape[0] / 2, angle_rad)
    bent = smooth_field(shape, max(shape) / 2, rng) * np.float32(bend)
    phase = (across / np.float32(fringe_px) + bent + np.float32(rng.random())) * np.float32(2 * np.pi)
    wave = np.cos(phase)
    overtone = 2 * wave * wave - 1                                        # the cosine of twice the phase
    whole = np.float32(2 + 2 * OVERTONE_SHARE)
    fringes: Field = np.float32(0.5) + (wave + np.float32(OVERTONE_SHARE) * overtone) / whole
    return fringes


@dataclass(frozen=True, slots=True)
class Moire(Noise):
    """A screen photographed, or a print of dots scanned: fringes as fine as strokes, or as wide as a line of print."""

    depth: Range = (0.05, 0.45)
    fringe_mm: Range = (0.4, 5.0)
    bend: Range = (0.0, 6.0)
    angle_deg: Range = (0.0, 180.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"depth": 0.0}

    def _change(self, page: Page, *, depth: float, fringe_mm: float, bend: float, angle_deg: float,
                seed: int) -> Gray:
        return moire(page.pixels, depth=depth, fringe_px=max(fringe_mm * px_per_mm(page), 2), bend=bend,
                     angle_rad=float(np.deg2rad(angle_deg)), seed=seed)
