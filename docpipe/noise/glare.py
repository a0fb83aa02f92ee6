"""Glare: a glossy card mirrors a lamp, a tube or a window, and its print drowns in the light."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from docpipe.noise.base import ANY_SEED, Choices, Counts, Noise, Range, check, px_per_mm
from docpipe.noise.fields import Field, distances, smooth_field, to_gray
from docpipe.page import Gray, Page

SOURCES = ("lamp", "tube", "window")
HALO_SHARE = 0.35       # of the light: gloss is no perfect mirror and scatters around the image of the lamp
BAR_SHARE = 0.05        # of a window's size: half the width of its bars


def glare(gray: Gray, *, brightness: float, source: str, size_px: float, angle_rad: float, seed: int) -> Gray:
    """Mirror one source of light in the page.

    Args:
        gray: (H, W) uint8, 0 = ink, 255 = paper.
        brightness: light that is mirrored where it is brightest, as a share of that of white paper; 0 is none.
        source: "lamp", "tube" or "window".
        size_px: of the image of the source, without its halo.
        angle_rad: how far it is turned.
        seed: where it is, and how the card is bent.

    Returns:
        (H, W) uint8, a new array. No pixel is darker than in `gray`.

    Raises:
        ValueError: a parameter is outside its range.

    Source: the dichromatic model (Shafer 1985): what a surface mirrors is added to what its colours throw back.
    """
    check("brightness", brightness, 0)
    check("size_px", size_px, 1)
    if source not in SOURCES:
        raise ValueError(f"source is {source!r}; it is one of {list(SOURCES)}")
    rng = np.random.default_rng(seed)
    x_px, y_px = rng.random(2) * gray.shape[::-1]
    across, along = distances(gray.shape, x_px, y_px, angle_rad)
    ripple = np.float32(0.5 * size_px)                   # a card is never quite flat: the image is bent
    across += (smooth_field(gray.shape, 1.5 * size_px, rng) - np.float32(0.5)) * ripple
    along += (smooth_field(gray.shape, 1.5 * size_px, rng) - np.float32(0.5)) * ripple
    image, from_middle = _image(source, across / np.float32(size_px / 2), along / np.float32(size_px / 2))
    halo = np.exp(-from_middle * from_middle / 2)
    return to_gray(gray + np.float32(255 * brightness) * ((1 - HALO_SHARE) * image + HALO_SHARE * halo))


def _image(source: str, across: Field, along: Field) -> tuple[Field, Field]:
    """The mirrored source, 0 to 1, with the blur of gloss; and the distance from its middle, in half sizes."""
    match source:
        case "lamp":
            from_middle = np.hypot(across, along)
            inside = 1 - from_middle
        case "tube":
            across = across * 6
            inside = 1 - np.maximum(np.abs(across), np.abs(along))
            from_middle = np.hypot(across / 2, along)
        case _:
            from_middle = np.hypot(across, along)
            inside = 1 - np.maximum(np.abs(across) * np.float32(1.3), np.abs(along))
            bar = np.minimum(np.abs(across), np.abs(along)) - np.float32(BAR_SHARE)
            inside = np.minimum(inside, bar * 3)
    step = np.clip(inside / np.float32(0.35) + np.float32(0.3), 0, 1)
    return np.asarray(step * step * (3 - 2 * step), np.float32), np.asarray(from_middle, np.float32)


@dataclass(frozen=True, slots=True)
class Glare(Noise):
    """A laminated card under the lamp of an office."""

    brightness: Range = (0.2, 1.2)
    source: Choices = SOURCES
    size_mm: Range = (4.0, 20.0)
    angle_deg: Range = (0.0, 180.0)
    seed: Counts = ANY_SEED
    harmless: ClassVar = {"brightness": 0.0}

    def _change(self, page: Page, *, brightness: float, source: str, size_mm: float, angle_deg: float,
                seed: int) -> Gray:
        return glare(page.pixels, brightness=brightness, source=source, size_px=max(size_mm * px_per_mm(page), 1),
                     angle_rad=float(np.deg2rad(angle_deg)), seed=seed)
