"""Hologram reflection: the security foil of a card throws the lamp back, as a bright rosette or bright stripes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, rough_field, to_gray
from docpipe.page import Gray, Page

FOIL_SHARE = 0.4        # of the light comes from the foil as a whole, the rest from its fine lines
FOIL_TAKES = 0.3        # share of the light: what the foil throws elsewhere is missing under it
PATTERNS = ("rosette", "stripes")


def reflection(shape: tuple[int, int], x_px: float, y_px: float, *, pattern: str, size_px: float, line_px: float,
               angle_rad: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Light one foil.

    Args:
        shape: of the page.
        x_px: column of its middle.
        y_px: row of its middle.
        pattern: one of `PATTERNS`.
        size_px: diameter of the foil.
        line_px: from one fine line to the next.
        angle_rad: how far the foil is turned.
        rng: where its outline, its petals and the lamp come from.

    Returns:
        How much of the foil lies on each pixel, and the light that it throws back: `shape` float32 in [0, 1].
    """
    across, along = distances(shape, x_px, y_px, angle_rad)
    radius, around = np.hypot(across, along), np.arctan2(across, along)
    if pattern == "rosette":
        petals, bend = int(rng.integers(5, 13)), np.float32(rng.uniform(0.05, 0.2) * size_px)
        phase = (radius + bend * np.cos(petals * around)) / np.float32(line_px)
        order = np.cos(around * int(rng.integers(2, 5)) + radius * np.float32(rng.uniform(3, 9) / size_px))
        outline = radius + bend * np.float32(0.5) * np.cos(petals * around)
    else:
        wave = np.float32(rng.uniform(0, 0.06) * size_px)
        phase = (across + wave * np.sin(along * np.float32(rng.uniform(6, 15) / size_px))) / np.float32(line_px)
        order = np.cos(along * np.float32(rng.uniform(10, 25) / size_px))
        outline = np.maximum(np.abs(along), np.float32(rng.uniform(1.2, 3)) * np.abs(across))
    lines = np.clip(np.float32(1.5) * np.cos(np.float32(2 * np.pi) * phase), 0, 1)
    foil = np.clip((np.float32(size_px / 2) - outline) / np.float32(0.06 * size_px), 0, 1)
    tilt = np.float32(0.35) + np.float32(0.65) * np.clip(np.float32(0.5) + order, 0, 1)   # bright in some orders
    lamp = np.clip(np.float32(1.6) * rough_field(shape, 0.6 * size_px, rng) + np.float32(0.1), 0, 1)
    thrown: Field = foil * tilt * lamp * (np.float32(FOIL_SHARE) + np.float32(1 - FOIL_SHARE) * lines)
    return foil, thrown


def hologram_reflection(gray: Gray, *, count: int, brightness: float, pattern: str, size_px: float, line_px: float,
                        angle_rad: float, seed: int) -> Gray:
    """Let foils throw light over the print.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        count: how many foils, 0 or more.
        brightness: 0 (none) to 1 (the brightest lines are white whatever is under them).
        pattern: "rosette" or "stripes".
        size_px: diameter of a foil.
        line_px: from one fine line to the next, above 0.
        angle_rad: how far the first foil is turned.
        seed: where they are, and their shapes.

    Returns:
        (H, W) uint8, a new array.

    Raises:
        ValueError: a parameter is outside its range.
    """
    check("count", count, 0)
    check("brightness", brightness, 0, 1)
    check("size_px", size_px, 1)
    check("line_px", line_px, 0.01)
    if pattern not in PATTERNS:
        raise ValueError(f"pattern is {pattern!r}; it is one of {list(PATTERNS)}")
    rng = np.random.default_rng(seed)
    lit = gray.astype(np.float32)
    for _ in range(count):
        y_px, x_px = rng.random(2) * gray.shape
        foil, thrown = reflection(
            gray.shape, x_px, y_px, pattern=pattern, size_px=size_px * rng.uniform(0.6, 1), line_px=line_px,
            angle_rad=angle_rad + rng.normal(0, 0.3), rng=rng)
        lit *= 1 - np.float32(FOIL_TAKES * brightness) * foil
        lit += np.float32(255 * brightness) * thrown         # light adds up; white is the end of it
    return to_gray(lit)


@dataclass(frozen=True, slots=True)
class HologramReflection(Noise):
    """A lamp at the wrong angle: one foil, or a laminate that repeats it."""

    brightness: Range = (0.2, 1.0)
    count: Counts = (1, 6)
    pattern: Choices = PATTERNS
    size_mm: Range = (18.0, 50.0)
    line_mm: Range = (0.4, 1.5)
    angle_deg: Range = (0.0, 180.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"brightness": 0.0}

    def _change(self, page: Page, *, brightness: float, count: int, pattern: str, size_mm: float, line_mm: float,
                angle_deg: float, seed: int) -> Gray:
        mm_px = px_per_mm(page)
        return hologram_reflection(page.pixels, count=count, brightness=brightness, pattern=pattern,
                                   size_px=size_mm * mm_px, line_px=line_mm * mm_px,
                                   angle_rad=np.deg2rad(angle_deg), seed=seed)
